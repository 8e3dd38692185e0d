"""The roles that are shipped, and how they get their permissions without undoing what a clinic changed.

After each migration, every role is given the permissions that it should have and was never given
before (``Role.given`` remembers). So a new version's pages reach the people they are for, and a
permission that a clinic took away stays away; so do a group that it renamed or deleted, and what
it added.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.apps import apps as current_apps
from django.contrib.auth.management import create_permissions

Decision = Callable[[str, str, str], bool]

EDITOR, REVIEWER, PUBLISHER, FRONT_DESK, OWNER = "Editor", "Clinical reviewer", "Publisher", "Front desk", "Owner"

# What nobody may do by hand in the office, whatever their role: what it records is written by the site alone.
_RECORDS = {"appointmentevent", "revision", "review", "allowance", "formeraddress", "externallink", "pageanswers"}
# What stands on every page from one moment to the next: for those who publish.
_AT_ONCE = {"notice", "menu", "menuentry", "placemap"}
_SEEN_BY_WRITERS = {"practitioner", "service", "location"}
_DESK_LOOKS_AT = {
    "practitioner", "service", "practitionerservice", "location", "room", "openinghours", "openingexception",
    "workinghours", "break", "hoursoverride", "timeoff", "closure", "appointmentevent",
}  # fmt: skip
_DESK = {
    "appointment": {"view", "add", "change"},
    "patient": {"view", "add", "change"},
    "message": {"view", "change"},
    "waitlistentry": {"view", "add", "change"},
    "waitlistoffer": {"view", "add", "change"},
}


def _editor(app: str, verb: str, model: str) -> bool:
    """Writes drafts; may throw away blocks and pictures, but no page that has an address."""
    if app == "content":
        if model in _RECORDS or model in _AT_ONCE:
            return verb == "view"
        return verb in {"view", "add", "change"} or (verb == "delete" and model not in {"page", "snippet"})
    return app == "booking" and verb == "view" and model in _SEEN_BY_WRITERS


def _reviewer(app: str, verb: str, model: str) -> bool:
    """Reads drafts and records that they are right. Changes no word: who reviews did not write."""
    return (app == "content" and verb == "view") or (app, verb, model) == ("content", "review", "page")


def _publisher(app: str, verb: str, model: str) -> bool:
    if app == "content":
        return verb in {"view", "add", "change", "delete", "publish"} and (model not in _RECORDS or verb == "view")
    return _editor(app, verb, model)


def _front_desk(app: str, verb: str, model: str) -> bool:
    """The day: visits, patients, messages, the waitlist. No pages, no prices, no overbooking."""
    if app != "booking":
        return False
    return verb in _DESK.get(model, ()) or (verb == "view" and model in _DESK_LOOKS_AT)


def _owner(app: str, verb: str, model: str) -> bool:
    if app == "auth":
        return model == "group"
    if app == "clinic":
        return model == "staffmember" and verb != "delete"
    return app in {"booking", "content"}


ROLES: dict[str, Decision] = {
    EDITOR: _editor,
    REVIEWER: _reviewer,
    PUBLISHER: _publisher,
    FRONT_DESK: _front_desk,
    OWNER: _owner,
}
IN_WORDS = {
    EDITOR: "writes pages as drafts",
    REVIEWER: "records that a page is clinically right",
    PUBLISHER: "writes, publishes and hides pages",
    FRONT_DESK: "runs the day: visits, patients, messages, the waitlist",
    OWNER: "may do everything, staff logins included",
}


def shipped(permissions: Iterable[Any], key: str) -> list[Any]:
    """Those of the permissions that a role should have."""
    decide = ROLES[key]
    return [one for one in permissions if decide(one.content_type.app_label, *_parts(one.codename))]


def _parts(codename: str) -> tuple[str, str]:
    """The verb and the model of a codename such as change_page. override_checks has neither a model nor a giver."""
    verb, _, model = codename.partition("_")
    return verb, model


def give(sender: Any, using: str, apps: Any = current_apps, **kwargs: Any) -> None:
    """Runs after migrations, once the permissions stand."""
    try:
        Role = apps.get_model("clinic", "Role")
        Permission = apps.get_model("auth", "Permission")
        Group = apps.get_model("auth", "Group")
    except LookupError:  # Migrated to a point before any of them.
        return
    for label in ("auth", "booking", "clinic", "content"):
        create_permissions(current_apps.get_app_config(label), verbosity=0, using=using, apps=apps)
    everything = list(Permission.objects.using(using).select_related("content_type"))
    for key in ROLES:
        role = Role.objects.using(using).filter(key=key).first()
        if role is None:
            group = Group.objects.using(using).get_or_create(name=key)[0]
            role = Role.objects.using(using).create(key=key, group=group)
        if role.group_id is None:
            continue
        given = set(role.given)
        new = [one for one in shipped(everything, key) if _name(one) not in given]
        if new:
            role.group.permissions.add(*new)
            role.given = sorted(given | {_name(one) for one in new})
            role.save(using=using)


def _name(permission: Any) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"
