"""Permissions of every role at every address under /desk/, with GET and POST. A new address needs an entry here."""

import re
import uuid
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.utils import timezone

from booking import scheduling
from booking.desk import urls
from booking.models import AccessLogEntry, Disposal, ExternalCalendar, Message, PatientImport, TimeOff
from clinic.accounts.roles import ROLES
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.usefixtures("stopped_clock")]

DESK, PRACTITIONER, OWNER = "Front desk", "Practitioner", "Owner"
# The roles that may GET, and those that may POST. Everybody here is a practitioner with a visit of their own, so that
# the role alone decides; Editor, Clinical reviewer and Publisher may do nothing at the desk.
EVERYONE = {DESK, PRACTITIONER, OWNER}
OFFICE = {DESK, OWNER}
PRIVACY = {"Privacy officer", OWNER}
ADDRESSES: dict[str, tuple[set[str], set[str]]] = {
    "day": (EVERYONE | PRIVACY, set()),  # Leads a privacy officer, who sees no diary, to the privacy pages.
    "week": (EVERYONE, set()),
    "print": (EVERYONE, set()),
    "settings": (set(), EVERYONE),
    "version": (EVERYONE, set()),
    "book": (OFFICE, OFFICE),
    "find": (EVERYONE, EVERYONE),
    "find_list": (set(), EVERYONE),
    "find_to_book": (set(), OFFICE),
    "find_duplicates": (set(), OFFICE),
    "status": (set(), EVERYONE),
    "late": (set(), EVERYONE),
    "health_form": ({PRACTITIONER, OWNER}, {PRACTITIONER, OWNER}),
    "move": (OFFICE, OFFICE),
    "undo_move": (set(), OFFICE),
    "cancel": (OFFICE, OFFICE),
    "restore": (set(), OFFICE),
    "rebook": (EVERYONE, EVERYONE),
    "series": (EVERYONE, EVERYONE),
    "resend": (set(), OFFICE),
    "same_source": (OFFICE, OFFICE),
    "visit_note": (set(), EVERYONE),
    "block": (set(), EVERYONE),
    "change_block": (set(), EVERYONE),
    "remove_block": (set(), EVERYONE),
    "remove_batch": (set(), EVERYONE),
    "resolve": (set(), EVERYONE),
    "practitioner_late": (set(), EVERYONE),
    "conflicts": (OFFICE, set()),
    "waitlist": (OFFICE, OFFICE),
    "add_to_waitlist": (OFFICE, OFFICE),
    "waitlist_entry": (OFFICE, set()),
    "end_waitlist_entry": (set(), OFFICE),
    "offer_to_waiting": (set(), OFFICE),
    "book_waiting": (set(), OFFICE),
    "patients": (EVERYONE, EVERYONE),
    "patient": (EVERYONE, set()),
    "open_patient": (set(), EVERYONE),
    "new_patient": (OFFICE, OFFICE),
    "edit_patient": (OFFICE, OFFICE),
    "correct_contact": (OFFICE, OFFICE),
    "tags": (set(), EVERYONE),
    "patient_note": (set(), EVERYONE),
    "merge_patients": ({OWNER}, {OWNER}),
    "import_patients": ({OWNER}, {OWNER}),
    "patient_import": ({OWNER}, set()),
    "undo_import": (set(), {OWNER}),
    "privacy": (PRIVACY, PRIVACY),
    "access_log": (PRIVACY, set()),
    "access_log_entry": (PRIVACY, set()),
    "unusual_looks": (PRIVACY, set()),
    "change_log": (PRIVACY, set()),
    "privacy_staff_list": (PRIVACY, set()),
    "privacy_staff": (PRIVACY, set()),
    "staff_people": (PRIVACY, set()),
    "staff_changes": (PRIVACY, set()),
    "privacy_patient": (PRIVACY, set()),
    "patient_changes": (PRIVACY, set()),
    "export_patient": (PRIVACY, PRIVACY),
    "retention": (PRIVACY, PRIVACY),
    "due": (PRIVACY, set()),
    "review_due": (set(), PRIVACY),
    "dispose_due": (set(), PRIVACY),
    "dispose_patient": (PRIVACY, PRIVACY),
    "disposals": (PRIVACY, set()),
    "disposal": (PRIVACY, set()),
    "correct_patient": (PRIVACY, PRIVACY),
    "own_calendars": ({PRACTITIONER, OWNER}, set()),
    "add_own_calendar": ({PRACTITIONER, OWNER}, {PRACTITIONER, OWNER}),
    "read_own_calendar": (set(), {PRACTITIONER, OWNER}),
    "remove_own_calendar": (set(), {PRACTITIONER, OWNER}),
    "booking_links": (EVERYONE, set()),
    "reports": ({OWNER}, set()),
    "report_table": ({OWNER}, set()),
    "my_day": ({PRACTITIONER, OWNER}, set()),
    "running_late": (set(), {PRACTITIONER, OWNER}),
    "quiet": (set(), {PRACTITIONER, OWNER}),
    "me": ({PRACTITIONER, OWNER}, set()),
    "own_feed": (set(), {PRACTITIONER, OWNER}),
    "own_page": ({PRACTITIONER, OWNER}, {PRACTITIONER, OWNER}),
}
# Addresses at which a practitioner's role, without any other, reaches a visit: not that of somebody else.
OF_A_VISIT = {"status", "late", "rebook", "series", "visit_note", "health_form"}


def routes(patterns: list, before: str = "/desk/") -> Iterator[tuple[str, str]]:
    for entry in patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield entry.name or "", route


ROUTES = list(routes(urls.urlpatterns))


@pytest.fixture
def desk(location):
    """A member of the role ``name``, with a practitioner and a visit of their own, and what addresses are about."""
    factories.make_clinic()
    service = factories.make_service()
    other = factories.make_appointment(location=location, service=service)

    def member(name: str | None, *, is_staff: bool = True) -> SimpleNamespace:
        user = get_user_model().objects.create_user("sam", "sam@clinic.example", is_staff=is_staff)
        if name:
            user.groups.add(Group.objects.get(name=name))
        person = factories.make_practitioner([service], name="Sam Sand", user=user)
        client = Client()
        client.force_login(user)
        visit = factories.make_appointment(location=location, service=service, practitioner=person)
        message = Message.objects.create(
            key="1", kind="confirmation", appointment=visit, due_at=visit.starts_at, state="parked"
        )
        block = TimeOff.objects.create(
            practitioner=person, starts_on=visit.local_on, ends_on=visit.local_on, batch=uuid.uuid4()
        )
        wish = factories.make_wish(service, location, name="Wanda Wait")
        return SimpleNamespace(
            client=client,
            person=person,
            visit=visit,
            other=other,
            message=message,
            block=block,
            calendar=ExternalCalendar.objects.create(
                practitioner=person, secret_address="-", next_read_at=timezone.now(), added_at=timezone.now()
            ),
            entry=scheduling.join(wish=wish, now=timezone.now()),
            log_entry=AccessLogEntry.objects.create(at=timezone.now(), staff=user, kind="day", page="/desk/", count=0),
            batch=PatientImport.objects.create(key=uuid.uuid4(), created_at=timezone.now(), created_by=user, count=1),
            certificate=Disposal.objects.create(kind="period", at=timezone.now(), counts={"waitlist": 1}),
        )

    return member


def path_of(name: str, route: str, about: SimpleNamespace) -> str:
    """The address about the member's own visit. An unknown part of a route fails: give it a value here."""
    route = route.replace("<uuid:key>", str(about.certificate.pk))
    own = {
        "blocks": about.block.pk,
        "calendars": about.calendar.pk,
        "waitlist": about.entry.pk,
        "patients": about.visit.patient_id,
        "log": about.log_entry.pk,
        "staff": about.person.user_id,
    }
    parts = route.removeprefix("/desk/privacy/").removeprefix("/desk/").split("/")
    values = {
        "reference": about.visit.reference,
        "message": about.message.pk,
        "batch": about.block.batch,
        "name": "visits",
        "pk": about.batch.pk if "/import/" in route else own.get(parts[0]),
    }
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(values[part[1]]), route)


def is_allowed(client: Client, path: str, method: str, about: SimpleNamespace) -> bool:
    """Whether the request is allowed. Its changes are rolled back."""
    pair = {"keep": about.visit.patient_id, "merged": about.other.patient_id}  # To merge; nothing to other addresses.
    with transaction.atomic():
        response = getattr(client, method)(path, pair)
        transaction.set_rollback(True)
    assert response.status_code < 500, (path, method)
    assert response.status_code != 404, (path, method)
    return response.status_code not in {403, 405}


def test_every_address_has_an_entry():
    assert {name for name, _ in ROUTES} == set(ADDRESSES)


@pytest.mark.parametrize("role", list(ROLES))
def test_each_role_may_do_at_the_desk_exactly_what_the_table_says(desk, role):
    member, wrong = desk(role), []
    for name, route in ROUTES:
        path = path_of(name, route, member)
        for method, roles in zip(("get", "post"), ADDRESSES[name], strict=True):
            if is_allowed(member.client, path, method, member) != (role in roles):
                wrong.append(f"{name} {method}: {'may' if role in roles else 'may not'}")
    assert "\n".join(wrong) == ""


@pytest.mark.parametrize(("role", "is_staff"), [(None, True), (OWNER, False)], ids=["without a role", "no staff"])
def test_a_login_without_a_role_or_outside_the_staff_may_do_nothing(desk, role, is_staff):
    member = desk(role, is_staff=is_staff)
    for name, route in ROUTES:
        for method in ("get", "post"):
            assert not is_allowed(member.client, path_of(name, route, member), method, member), (name, method)


def test_a_visitor_is_asked_to_log_in(desk, client):
    member = desk(None)
    for name, route in ROUTES:
        for method in ("get", "post"):
            response = getattr(client, method)(path_of(name, route, member))
            assert response.status_code == 302, (name, method)
            assert response["Location"].startswith("/staff/login/"), (name, method)


def test_a_practitioner_finds_no_visit_of_somebody_else(desk):
    member = desk(PRACTITIONER)
    member.visit = member.other
    for name, route in ROUTES:
        if name in OF_A_VISIT:
            assert member.client.post(path_of(name, route, member)).status_code == 404, name


def test_the_addresses_of_a_visit_are_all_known():
    assert {
        name for name, route in ROUTES if "reference" in route and PRACTITIONER in set.union(*ADDRESSES[name])
    } == OF_A_VISIT
