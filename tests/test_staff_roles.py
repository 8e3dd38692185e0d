"""Every role, every address of the office, every method: allowed or refused. A new page needs a decision here."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver

from booking.models import Closure, HoursOverride, Message, MessageWording, OpeningException, TimeOff, WaitlistEntry
from clinic.models import Role, StaffMember
from clinic.staff.roles import ROLES
from content.models import ExternalLink, Notice
from tests import make, make_content

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# Editor, Reviewer, Publisher, Front desk: the Owner may do all that the office can do.
E, R, P, F = "Editor", "Clinical reviewer", "Publisher", "Front desk"
# view, add, change, delete
MODELS = {
    "booking_appointment": {F: "vac"},
    "booking_clinic": {},
    "booking_closure": {F: "v"},
    "booking_hoursoverride": {F: "v"},
    "booking_location": {E: "v", P: "v", F: "v"},
    "booking_message": {F: "vc"},
    "booking_messagewording": {},
    "booking_openingexception": {F: "v"},
    "booking_patient": {F: "vac"},
    "booking_practitioner": {E: "v", P: "v", F: "v"},
    "booking_samplerow": {},
    "booking_service": {E: "v", P: "v", F: "v"},
    "booking_timeoff": {F: "v"},
    "booking_waitlistentry": {F: "vac"},
    "content_page": {E: "vac", R: "v", P: "vacd"},
    "content_snippet": {E: "vac", R: "v", P: "vacd"},
    "content_externallink": {E: "v", R: "v", P: "v"},
    "content_menu": {E: "v", R: "v", P: "vc"},
    "content_notice": {E: "v", R: "v", P: "vacd"},
    "content_picture": {E: "vacd", R: "v", P: "vacd"},
    "content_placemap": {E: "v", R: "v", P: "vacd"},
    "auth_group": {},
    "clinic_staffmember": {},
}
# Who may open a page of its own, and who may send its form.
PAGES = {
    "booking_appointment_outside": ({F}, {F}),
    "booking_appointment_day": ({F}, {F}),
    "booking_appointment_move": ({F}, {F}),
    "booking_appointment_cancel": ({F}, {F}),
    "booking_appointment_arrived": ({F}, {F}),
    "booking_appointment_attended": ({F}, {F}),
    "booking_appointment_no-show": ({F}, {F}),
    "booking_appointment_send_again": ({F}, {F}),
    "booking_closure_statutory": (set(), set()),
    "booking_messagewording_preview": (set(), set()),
    "booking_patient_merge": (set(), set()),
    "booking_patient_reach": ({F}, {F}),
    "booking_practitioner_feed": (set(), set()),
    "clinic_staffmember_second_factor": (set(), set()),
    "clinic_staffmember_password_link": (set(), set()),
}
for kind in ("page", "snippet"):
    PAGES |= {
        f"content_{kind}_publish": ({P}, {P}),
        f"content_{kind}_hide": ({P}, {P}),
        f"content_{kind}_call_off": ({P}, {P}),
        f"content_{kind}_preview": ({E, R, P}, {E, R, P}),
        f"content_{kind}_review": ({R}, {R}),
        f"content_{kind}_compare": ({E, R, P}, {E, R, P}),
        f"content_{kind}_restore": ({E, P}, {E, P}),
    }
# They look at what is asked for, or are for everybody: other tests say what they show.
FOR_ALL = {"index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n"}
FOR_ALL |= {"view_on_site", "app_list"}


def addresses(patterns: list, before: str = "/admin/") -> Iterator[tuple[str, str]]:
    for entry in patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, route)
        elif isinstance(entry, URLPattern) and entry.name:
            yield entry.name, route


DONE_AT_ALL: dict[tuple[str, str], bool] = {}  # What the office lets anybody do: found out once.
ADDRESSES = [(name, route) for name, route in addresses(admin.site.get_urls()) if name not in FOR_ALL]


def decided(name: str, role: str, method: str) -> bool:
    """What this role may do at this address, if the office does it at all."""
    if name in PAGES:
        return role in PAGES[name][method == "post"]
    model, _, view = name.rpartition("_")
    verbs = MODELS[model].get(role, "")
    needs = {"changelist": "vc", "history": "vc", "add": "a", "delete": "d"}
    wanted = needs.get(view) or ("c" if method == "post" else "vc")
    return bool(set(wanted) & set(verbs))


@pytest.fixture
def office(db):
    """A row of everything that the office shows: a page about nothing would refuse nobody."""
    call_command("load_sample", verbosity=0)
    visit = make.make_appointment()
    place, person, day = visit.location, visit.practitioner, visit.local_on
    HoursOverride.objects.create(practitioner=person, location=place, on=day)
    TimeOff.objects.create(practitioner=person, starts_on=day, ends_on=day)
    Closure.objects.get_or_create(location=place, on=day, defaults={"name": "Painting"})
    OpeningException.objects.create(location=place, on=day)
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
    message = Message.objects.create(key="contact:1", kind="contact", content={}, due_at=visit.starts_at)
    make_content.make_page(kind="snippet", slug="", title="Call us")
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


def filled(name: str, route: str, office: dict) -> str:
    model = next(
        (m for m in admin.site._registry if name.startswith(f"{m._meta.app_label}_{m._meta.model_name}_")), None
    )
    row = model._default_manager.first() if model else None
    key = office["visit"] if name.startswith("booking_appointment_") else row.pk if row else 1
    for word in ("<path:object_id>", "<int:pk>", "<int:practitioner>"):
        route = route.replace(word, str(key if "practitioner" not in word else office["person"]))
    return route.replace("<str:on>", "2026-11-24").replace("<int:message>", str(office["message"]))


def outcome(client: Client, path: str, method: str) -> bool:
    """Whether it is let through. Whatever it does is undone."""
    with transaction.atomic():
        response = getattr(client, method)(path)
        transaction.set_rollback(True)
    assert response.status_code < 500, (path, method)
    return response.status_code not in {403, 405}


def test_every_page_of_the_office_has_been_decided_about():
    models = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    usual = {f"{model}_{view}" for model in models for view in ("changelist", "add", "history", "delete", "change")}
    names = {name for name, _ in ADDRESSES}
    assert models == set(MODELS)
    assert names - usual == set(PAGES)


@pytest.mark.parametrize("role", list(ROLES))
def test_each_role_may_do_what_was_decided_at_every_address(office, role, admin_client):
    client, wrong = person(role), []
    for name, route in ADDRESSES:
        path = filled(name, route, office)
        for method in ("get", "post"):
            if (name, method) not in DONE_AT_ALL:
                DONE_AT_ALL[name, method] = outcome(admin_client, path, method)
            can_be_done = DONE_AT_ALL[name, method]
            may = can_be_done if role == "Owner" else can_be_done and decided(name, role, method)
            if name.startswith("clinic_staffmember_") and role == "Owner":
                continue  # The only login there is a superuser: see test_staff_page.
            if outcome(client, path, method) != may:
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
def test_the_start_page_shows_what_a_role_may_do(office, role, sections):
    page = person(role).get("/admin/")
    assert [section["name"] for section in page.context["app_list"]] == sections


def test_front_desk_looks_up_no_pages_and_editors_no_patients(office):
    ask = "/admin/autocomplete/?app_label={}&model_name={}&field_name={}&term=a"
    assert person("Front desk").get(ask.format("content", "signpost", "page")).status_code == 403
    assert person("Editor").get(ask.format("booking", "appointment", "patient")).status_code == 403


# How roles are kept up to date


def migrate():
    call_command("migrate", verbosity=0)


def names_of(group):
    return set(group.permissions.values_list("codename", flat=True))


def test_what_a_clinic_took_away_or_added_stays_so():
    desk = Group.objects.get(name="Front desk")
    desk.permissions.remove(Permission.objects.get(codename="add_patient"))
    desk.permissions.add(Permission.objects.get(codename="overbook_appointment"))
    desk.name = "Reception"
    desk.save()
    before = names_of(desk)
    migrate()
    assert names_of(desk) == before
    assert not Group.objects.filter(name="Front desk").exists()


def test_what_a_role_was_never_given_is_given():
    role = Role.objects.get(key="Front desk")
    role.given.remove("booking.add_patient")
    role.save()
    role.group.permissions.remove(Permission.objects.get(codename="add_patient"))
    migrate()
    assert "add_patient" in names_of(role.group)


def test_a_role_that_a_clinic_deleted_does_not_come_back():
    Group.objects.get(name="Editor").delete()
    migrate()
    assert not Group.objects.filter(name="Editor").exists()


def test_only_owners_may_overbook_override_and_look_after_logins():
    for codename in ("overbook_appointment", "override_checks", "change_staffmember", "change_group", "merge_patient"):
        holders = Group.objects.filter(permissions__codename=codename)
        assert [group.name for group in holders] == ["Owner"], codename
