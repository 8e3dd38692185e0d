"""Permissions of every role at every admin URL, with GET and POST. A new admin page needs an entry here."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver

from booking.models import (
    Closure,
    HoursOverride,
    Message,
    MessageWording,
    SpecialHours,
    Tag,
    TimeOff,
    WaitlistEntry,
)
from clinic.accounts.roles import ROLES
from clinic.models import Role, StaffMember
from content.models import ExternalLink, Notice
from tests.support import content_factories, factories
from tests.support.sample import load_sample

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# The Owner is left out: they may do everything.
E, R, P, F = "Editor", "Clinical reviewer", "Publisher", "Front desk"
# Allowed verbs: v(iew), a(dd), c(hange), d(elete).
MODELS = {
    "booking_appointment": {F: "vac", "Practitioner": "v"},
    "booking_cancelreason": {F: "v"},
    "booking_clinic": {},
    "booking_closure": {F: "v"},
    "booking_hoursoverride": {F: "v"},
    "booking_intakeform": {},
    "booking_insurer": {E: "v", P: "v", F: "v"},
    "booking_location": {E: "v", P: "v", F: "v"},
    "booking_message": {F: "vc"},
    "booking_messagewording": {},
    "booking_specialhours": {F: "v"},
    "booking_patient": {F: "vac"},
    "booking_practitioner": {E: "v", P: "v", F: "v"},
    "booking_samplerow": {},
    "booking_tag": {F: "v"},
    "booking_service": {E: "v", P: "v", F: "v"},
    "booking_timeoff": {F: "v"},
    "content_page": {E: "vac", R: "v", P: "vacd"},
    "content_snippet": {E: "vac", R: "v", P: "vacd"},
    "content_externallink": {E: "v", R: "v", P: "v"},
    "content_menu": {E: "v", R: "v", P: "vc"},
    "content_notice": {E: "v", R: "v", P: "vacd"},
    "content_picture": {E: "vacd", R: "v", P: "vacd"},
    "content_placemap": {E: "v", R: "v", P: "vacd"},
    "content_searchsynonym": {E: "v", R: "v", P: "vacd"},
    "auth_group": {},
    "clinic_staffmember": {},
}
# Custom admin views: the roles that may GET, and those that may POST. An appointment's lead to the front desk.
PAGES = {
    "booking_closure_statutory": (set(), set()),
    "booking_messagewording_preview": (set(), set()),
    "booking_patient_merge": (set(), set()),
    "booking_patient_reach": ({F}, {F}),
    "booking_practitioner_draft": (set(), set()),
    "booking_practitioner_feed": (set(), set()),
    "booking_service_step": (set(), set()),
    "content_page_reviews": ({E, R, P}, {E, R, P}),
    "content_picture_choose": ({E, R, P}, {E, R, P}),
    "content_picture_states": ({E, R, P}, {E, R, P}),
    "content_picture_upload": (set(), {E, P}),
    "content_picture_save_details": (set(), {E, P}),
    "remove_sample": (set(), set()),
    "setup": (set(), set()),
    "clinic_staffmember_second_factor": (set(), set()),
    "clinic_staffmember_password_link": (set(), set()),
}
for kind in ("page", "snippet"):
    PAGES |= {
        f"content_{kind}_publish": ({P}, {P}),
        f"content_{kind}_hide": ({P}, {P}),
        f"content_{kind}_call_off": ({P}, {P}),
        f"content_{kind}_preview": ({E, R, P}, {E, P}),
        f"content_{kind}_review": ({R}, {R}),
        f"content_{kind}_ask_review": ({E, P}, {E, P}),
        f"content_{kind}_comments": ({E, R, P}, {E, R, P}),
        f"content_{kind}_comments_data": ({E, R, P}, {E, R, P}),
        f"content_{kind}_compare": ({E, R, P}, {E, R, P}),
        f"content_{kind}_restore": ({E, P}, {E, P}),
        f"content_{kind}_frame": ({E, R, P}, {E, R, P}),
        f"content_{kind}_typed": (set(), {E, P}),
        f"content_{kind}_copy_block": ({E, P}, {E, P}),
        f"content_{kind}_heartbeat": (set(), {E, P}),
        f"content_{kind}_login_state": ({E, R, P}, {E, R, P}),
    }
# Views that check permissions by object, or are open to all staff. Other tests cover them.
FOR_ALL = {"index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n"}
FOR_ALL |= {"view_on_site", "app_list", "content_page_logged_in", "content_snippet_logged_in"}


def addresses(patterns: list, before: str = "/admin/") -> Iterator[tuple[str, str]]:
    for entry in patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, route)
        elif isinstance(entry, URLPattern) and entry.name:
            yield entry.name, route


SUPPORTED: dict[tuple[str, str], bool] = {}  # Whether a view allows a method to a superuser; path_of once.
ADDRESSES = [(name, route) for name, route in addresses(admin.site.get_urls()) if name not in FOR_ALL]


def expected(name: str, role: str, method: str) -> bool:
    """Return whether the tables above allow the role to use this view with this method."""
    if name == "booking_appointment_change":
        name = "booking_appointment_move"  # Both lead to the front desk.
    if name in PAGES:
        return role in PAGES[name][method == "post"]
    model, _, view = name.rpartition("_")
    verbs = MODELS[model].get(role, "")
    required = {"changelist": "vc", "history": "vc", "add": "a", "delete": "d"}
    any_of = required.get(view) or ("c" if method == "post" else "vc")
    return bool(set(any_of) & set(verbs))


@pytest.fixture
def sample_ids(db):
    """Create a row of every model in the admin: without one, views answer 404 before they check permissions."""
    load_sample()
    visit = factories.make_appointment()
    place, person, day = visit.location, visit.practitioner, visit.local_on
    HoursOverride.objects.create(practitioner=person, location=place, on=day)
    TimeOff.objects.create(practitioner=person, starts_on=day, ends_on=day)
    Closure.objects.get_or_create(location=place, on=day, defaults={"name": "Painting"})
    SpecialHours.objects.create(location=place, on=day)
    WaitlistEntry.objects.create(
        service=visit.service,
        location=place,
        first_on=day,
        last_on=day,
        name="Alice",
        email="a@patients.example",
        created_at=visit.created_at,
    )
    MessageWording.objects.get_or_create(kind="reminder")
    Tag.objects.create(name="Needs an interpreter")
    message = Message.objects.create(key="contact:1", kind="contact", content={}, due_at=visit.starts_at)
    content_factories.make_page(kind="snippet", slug="", title="Call us")
    Notice.objects.create(text="Closed today", starts_at=visit.starts_at, ends_at=visit.ends_at)
    ExternalLink.objects.create(address="https://a.example/", outcome="works", checked_at=visit.starts_at)
    missing = [model for model in admin.site._registry if not model._default_manager.exists()]
    assert missing in ([], [StaffMember])
    return {"visit": visit.pk, "message": message.pk, "person": person.pk}


def person(role: str) -> Client:
    user = get_user_model().objects.create_user(role.replace(" ", "-"), f"{role[:3]}@clinic.example", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def path_of(name: str, route: str, sample_ids: dict) -> str:
    model = next(
        (m for m in admin.site._registry if name.startswith(f"{m._meta.app_label}_{m._meta.model_name}_")), None
    )
    row = model._default_manager.first() if model else None
    key = sample_ids["visit"] if name.startswith("booking_appointment_") else row.pk if row else 1
    for word in ("<path:object_id>", "<int:pk>", "<int:practitioner>"):
        route = route.replace(word, str(key if "practitioner" not in word else sample_ids["person"]))
    return route.replace("<str:on>", "2026-11-24").replace("<int:message>", str(sample_ids["message"]))


def is_allowed(client: Client, path: str, method: str) -> bool:
    """Return whether the request is allowed. Its changes are rolled back."""
    with transaction.atomic():
        response = getattr(client, method)(path)
        transaction.set_rollback(True)
    assert response.status_code < 500, (path, method)
    return response.status_code not in {403, 405}


def test_every_admin_view_has_an_entry():
    models = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    usual = {f"{model}_{view}" for model in models for view in ("changelist", "add", "history", "delete", "change")}
    names = {name for name, _ in ADDRESSES}
    assert models == set(MODELS)
    assert names - usual == set(PAGES)


@pytest.mark.parametrize("role", list(ROLES))
def test_each_role_has_exactly_the_expected_permissions(sample_ids, role, admin_client):
    client, wrong = person(role), []
    for name, route in ADDRESSES:
        path = path_of(name, route, sample_ids)
        for method in ("get", "post"):
            if (name, method) not in SUPPORTED:
                SUPPORTED[name, method] = is_allowed(admin_client, path, method)
            is_supported = SUPPORTED[name, method]
            may = is_supported if role == "Owner" else is_supported and expected(name, role, method)
            if name.startswith("clinic_staffmember_") and role == "Owner":
                continue  # The only staff member is a superuser: see test_staff_page.
            if is_allowed(client, path, method) != may:
                wrong.append(f"{name} {method}: {'may' if may else 'may not'}")
    assert "\n".join(wrong) == ""


@pytest.mark.parametrize(
    ("role", "sections"),
    [
        ("Front desk", ["Every day", "People and hours", "The clinic"]),
        ("Editor", ["People and hours", "Pages", "The clinic"]),
        ("Clinical reviewer", ["Pages"]),
        ("Owner", ["Every day", "People and hours", "Pages", "The clinic", "Staff"]),
    ],
)
def test_the_start_page_shows_what_a_role_may_do(sample_ids, role, sections):
    page = person(role).get("/admin/")
    assert [section["name"] for section in page.context["app_list"]] == sections


def test_front_desk_looks_up_no_pages_and_editors_no_patients(sample_ids):
    url = "/admin/autocomplete/?app_label={}&model_name={}&field_name={}&term=a"
    assert person("Front desk").get(url.format("content", "signpost", "page")).status_code == 403
    assert person("Editor").get(url.format("booking", "appointment", "patient")).status_code == 403


# Synchronization of roles after migrations


def migrate():
    call_command("migrate", verbosity=0)


def codenames_of(group):
    return set(group.permissions.values_list("codename", flat=True))


def test_permissions_and_names_that_a_clinic_changed_stay_changed():
    desk = Group.objects.get(name="Front desk")
    desk.permissions.remove(Permission.objects.get(codename="add_patient"))
    desk.permissions.add(Permission.objects.get(codename="overbook_appointment"))
    desk.name = "Reception"
    desk.save()
    before = codenames_of(desk)
    migrate()
    assert codenames_of(desk) == before
    assert not Group.objects.filter(name="Front desk").exists()


def test_a_permission_that_a_role_was_never_given_is_added():
    role = Role.objects.get(key="Front desk")
    role.given.remove("booking.add_patient")
    role.save()
    role.group.permissions.remove(Permission.objects.get(codename="add_patient"))
    migrate()
    assert "add_patient" in codenames_of(role.group)


def test_a_role_that_a_clinic_deleted_does_not_come_back():
    Group.objects.get(name="Editor").delete()
    migrate()
    assert not Group.objects.filter(name="Editor").exists()


def test_only_owners_may_overbook_override_checks_and_manage_logins():
    for codename in (
        "overbook_appointment",
        "override_checks",
        "change_staffmember",
        "change_group",
        "merge_patient",
        "import_patients",
    ):
        holders = Group.objects.filter(permissions__codename=codename)
        assert [group.name for group in holders] == ["Owner"], codename


@pytest.mark.parametrize("key", ["Practitioner", "Privacy officer"])
def test_a_group_of_a_new_roles_name_stays_the_clinics_own(key):
    ours = Role.objects.get(key=key)
    ours.group.delete()
    ours.delete()
    theirs = Group.objects.create(name=key)
    call_command("migrate", verbosity=0)
    assert codenames_of(theirs) == set()
    ours = Role.objects.get(key=key).group
    assert ours.name.startswith(f"{key} (")
    assert codenames_of(ours)


def test_nobody_has_a_permission_to_change_the_access_log():
    assert not Permission.objects.filter(codename__endswith="accesslogperson").exists()
    log = Permission.objects.filter(codename__endswith="accesslogentry")
    assert list(log.values_list("codename", flat=True)) == ["view_accesslogentry"]
    assert set(Group.objects.filter(permissions__in=log).values_list("name", flat=True)) == {"Owner", "Privacy officer"}
