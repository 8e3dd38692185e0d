"""The shipped roles, and their permissions, which are synchronized without undoing a clinic's changes.

After each ``migrate``, every role gets the permissions that it should have and was never given before
(``Role.given`` records them). So new models become accessible to the right roles, while permissions that a clinic
removed or added, and groups that it renamed or deleted, stay as they are.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.apps import apps as current_apps
from django.utils.translation import gettext_lazy as _

Decision = Callable[[str, str, str], bool]

EDITOR, REVIEWER, PUBLISHER, FRONT_DESK, OWNER = "Editor", "Clinical reviewer", "Publisher", "Front desk", "Owner"
PRACTITIONER, PRIVACY_OFFICER = "Practitioner", "Privacy officer"

# Roles that came later: a group of that name that a clinic already has is its own, and ours gets this name.
_IF_TAKEN = {PRACTITIONER: "Practitioner (own day)", PRIVACY_OFFICER: "Privacy officer (access log)"}

# Models that only the site writes: read-only for every role.
_SITE_ONLY = {
    "appointmentevent", "revision", "review", "ratelimitbucket", "slugredirect", "externallink", "pagefeedback",
    "editsession", "reviewrequest", "blockcomment",
}  # fmt: skip
# Models without a draft, whose changes are public at once: only for those who publish.
_LIVE = {"notice", "menu", "menuentry", "placemap", "searchsynonym"}
_VISIBLE_TO_EDITORS = {"practitioner", "service", "location", "insurer"}
_VISIBLE_TO_DESK = {
    "practitioner", "service", "practitionerservice", "location", "room", "openinghours", "specialhours",
    "workinghours", "break", "hoursoverride", "timeoff", "closure", "appointmentevent", "insurer", "tag",
    "cancelreason", "runninglate",
}  # fmt: skip
_DESK = {
    "appointment": {"view", "add", "change"},
    "patient": {"view", "add", "change"},
    "message": {"view", "change"},
    "waitlistentry": {"view", "add", "change"},
    "waitlistoffer": {"view", "add", "change"},
    "patientnote": {"view", "add", "change", "delete"},
    "time": {"block"},
}
_PRIVACY_OFFICER = {
    "view_accesslogentry", "view_changelogentry", "export_patient", "correct_patient", "view_disposal", "add_disposal",
    "view_retentionperiods", "change_retentionperiods",
}  # fmt: skip
_PRACTITIONER = {"view_own_day", "keep_own_day", "block_own_time", "change_own_page"}


def _editor(app: str, verb: str, model: str) -> bool:
    """Edits drafts; may delete blocks and pictures, but no pages and snippets."""
    if app == "content":
        if model in _SITE_ONLY or model in _LIVE:
            return verb == "view"
        return verb in {"view", "add", "change"} or (verb == "delete" and model not in {"page", "snippet"})
    return app == "booking" and verb == "view" and model in _VISIBLE_TO_EDITORS


def _reviewer(app: str, verb: str, model: str) -> bool:
    """Reads drafts and records reviews; edits nothing, because a reviewer must not be the author."""
    return (app == "content" and verb == "view") or (app, verb, model) == ("content", "review", "page")


def _publisher(app: str, verb: str, model: str) -> bool:
    if app == "content":
        return verb in {"view", "add", "change", "delete", "publish"} and (model not in _SITE_ONLY or verb == "view")
    return _editor(app, verb, model)


def _front_desk(app: str, verb: str, model: str) -> bool:
    """Edits appointments, patients, notes, messages and the waitlist, and blocks time; no pages, no prices."""
    if app != "booking":
        return False
    return verb in _DESK.get(model, ()) or (verb == "view" and model in _VISIBLE_TO_DESK)


def _practitioner(app: str, verb: str, model: str) -> bool:
    """Sees their own day and patients, keeps notes, blocks their own time, writes their own page as a draft."""
    return app == "booking" and f"{verb}_{model}" in _PRACTITIONER


def _privacy_officer(app: str, verb: str, model: str) -> bool:
    """Reads who saw and who changed what, exports, corrects and disposes of a person's data; no diary beyond that."""
    return app == "booking" and f"{verb}_{model}" in _PRIVACY_OFFICER


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
    PRACTITIONER: _practitioner,
    PRIVACY_OFFICER: _privacy_officer,
    OWNER: _owner,
}
ROLE_DESCRIPTIONS = {
    EDITOR: "writes pages as drafts",
    REVIEWER: _("records clinical reviews of pages"),
    PUBLISHER: "writes, publishes and hides pages",
    FRONT_DESK: "runs the day: visits, patients, messages, the waitlist",
    PRACTITIONER: _("sees their own day and patients, and blocks their own time"),
    PRIVACY_OFFICER: _("reads who saw and changed what; exports and disposes of a person's data"),
    OWNER: _("can do everything, including staff logins"),
}


def permissions_of_role(permissions: Iterable[Any], key: str) -> list[Any]:
    """Filter ``permissions`` to those that the role ``key`` should have."""
    decide = ROLES[key]
    return [
        permission
        for permission in permissions
        if decide(permission.content_type.app_label, *_verb_and_model(permission.codename))
    ]


def _verb_and_model(codename: str) -> tuple[str, str]:
    """Split a codename such as change_page. override_checks names no model, and no role but the owner has it."""
    verb, _, model = codename.partition("_")
    return verb, model


def sync_roles(sender: Any, using: str, apps: Any = current_apps, **kwargs: Any) -> None:
    """Give roles their new permissions. A post_migrate receiver, run after Django has created permissions."""
    try:
        Role = apps.get_model("clinic", "Role")
        Permission = apps.get_model("auth", "Permission")
        Group = apps.get_model("auth", "Group")
    except LookupError:  # Migrated to a state before these models existed.
        return
    permissions = list(Permission.objects.using(using).select_related("content_type"))
    for key in ROLES:
        role = Role.objects.using(using).filter(key=key).first()
        if role is None:
            is_taken = key in _IF_TAKEN and Group.objects.using(using).filter(name=key).exists()
            group = Group.objects.using(using).get_or_create(name=_IF_TAKEN[key] if is_taken else key)[0]
            role = Role.objects.using(using).create(key=key, group=group)
        if role.group_id is None:
            continue
        given = set(role.given)
        new = [item for item in permissions_of_role(permissions, key) if _permission_name(item) not in given]
        if new:
            role.group.permissions.add(*new)
            role.given = sorted(given | {_permission_name(permission) for permission in new})
            role.save(using=using)


def _permission_name(permission: Any) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"
