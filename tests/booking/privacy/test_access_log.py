"""The access log: what one entry holds, and that no office page names a patient without one."""

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, URLResolver, get_resolver

from booking import scheduling, tokens
from booking.models import (
    AccessLogEntry,
    AccessLogPerson,
    Appointment,
    Disposal,
    Message,
    Patient,
    PatientImport,
    RetentionPeriods,
    Room,
    SampleRow,
    TimeOff,
)
from booking.privacy.access_log import Kind, log_view
from booking.privacy.change_log import log_added
from booking.scheduling import Actor
from tests.support import factories

pytestmark = pytest.mark.django_db

PATIENT, WAITING = "Zebediah Quillfeather", "Wilhelmina Tarrasque"


@pytest.fixture
def staff(django_user_model):
    user = django_user_model.objects.create_user("sam", password="x", is_staff=True)
    user.groups.add(Group.objects.create(name="Night desk"))
    return user


@pytest.fixture
def as_staff(rf, staff):
    """Factory of requests to a path by the staff member."""

    def request(path="/desk/?q=secret+words"):
        request = rf.get(path, REMOTE_ADDR="192.0.2.7")
        request.user = staff
        return request

    return request


def test_an_entry_says_who_saw_whom_when_and_where(as_staff, staff, now):
    alice, visit = factories.make_patient(), factories.make_appointment()
    entry = log_view(as_staff(), Kind.DAY, [alice, visit, visit, factories.make_appointment(status="held")])
    entry.refresh_from_db()
    assert (entry.staff, entry.role, entry.kind, entry.at) == (staff, "Night desk", "day", now)
    assert (entry.page, entry.address, entry.count) == ("/desk/", "192.0.2.7", 2)
    assert set(entry.people.values_list("patient", flat=True)) == {alice.pk, visit.patient_id}


def test_the_words_of_a_search_are_in_no_column(as_staff):
    log_view(as_staff("/desk/find/?q=secret+words"), Kind.SEARCH, [factories.make_patient()])
    stored = str([*AccessLogEntry.objects.values(), *AccessLogPerson.objects.values()])
    assert "secret" not in stored


def test_a_search_that_finds_nobody_is_recorded_and_another_empty_page_is_not(as_staff):
    log_view(as_staff(), Kind.SEARCH, [])
    log_view(as_staff(), Kind.DAY, [])
    assert [entry.kind for entry in AccessLogEntry.objects.all()] == ["search"]


def test_a_failure_to_record_shows_nothing(admin_client, monkeypatch):
    patient = factories.make_patient()

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(AccessLogPerson.objects, "bulk_create", fail)
    with pytest.raises(OSError, match="disk full"):
        admin_client.get(f"/desk/patients/{patient.pk}/")
    assert not AccessLogEntry.objects.exists()


def test_the_page_of_a_feed_holds_no_token(client, stopped_clock):
    visit = factories.make_appointment(
        practitioner=factories.make_practitioner(name="Amara Okafor", feed_uid=uuid.uuid4())
    )
    path = urlsplit(tokens.feed_url(visit.practitioner)).path
    response = client.get(path)
    entry = AccessLogEntry.objects.get()
    assert (entry.kind, entry.staff, entry.page) == ("feed", None, "Calendar feed of Amara Okafor")
    assert [person.patient for person in entry.people.all()] == [visit.patient]
    client.get(path, headers={"If-None-Match": response["ETag"]})
    assert AccessLogEntry.objects.count() == 1


# Every office page


@pytest.fixture
def office(stopped_clock, location, admin_user):
    """A clinic in which one patient and one waiting person stand wherever they can, with the superuser's own day."""
    Room.objects.create(name="Room 1", location=location)
    service = factories.make_service()
    person = factories.make_practitioner([service], feed_uid=uuid.uuid4(), feed_shows_names=True, user=admin_user)
    factories.make_hours(person, location)
    patient = factories.make_patient(name=PATIENT, email="zebediah@patients.example", phone="+14035550177")
    common = {"patient": patient, "service": service, "location": location, "practitioner": person}
    today = factories.make_appointment(**common, starts_at=stopped_clock + timedelta(hours=2))
    asked = factories.make_appointment(**common, asked_to_move_at=stopped_clock)
    message = Message.objects.create(
        key="1", kind="confirmation", appointment=today, due_at=stopped_clock, state="parked"
    )
    entry = scheduling.join(wish=factories.make_wish(service, location, name=WAITING), now=stopped_clock)
    block = TimeOff.objects.create(practitioner=person, starts_on=asked.local_on, ends_on=asked.local_on)
    SampleRow.objects.create(content_type_id=_content_type(patient), object_id=patient.pk, fingerprint="x")
    batch = PatientImport.objects.create(key=uuid.uuid4(), created_at=stopped_clock, created_by=admin_user, count=1)
    Patient.objects.update(imported_in=batch)
    RetentionPeriods.objects.create(pk=1, patients_years=10)
    due = factories.make_patient(name=PATIENT, phone="+14035550166", email="")
    Patient.objects.filter(pk=due.pk).update(created_at=stopped_clock - timedelta(days=4000))
    Appointment.objects.update(source="same")
    log_entry = AccessLogEntry.objects.create(at=stopped_clock, staff=admin_user, kind="list", page="/desk/", count=2)
    AccessLogPerson.objects.create(entry=log_entry, at=stopped_clock, patient=patient)
    AccessLogPerson.objects.create(entry=log_entry, at=stopped_clock, waitlist_entry=entry)
    log_added(Actor.staff(admin_user), patient)
    return SimpleNamespace(
        certificate=Disposal.objects.create(kind="period", at=stopped_clock, counts={"waitlist": 1}),
        batch=batch,
        log_entry=log_entry,
        patient=patient,
        today=today,
        asked=asked,
        message=message,
        entry=entry,
        practitioner=person,
        service=service,
        block=block,
    )


def _content_type(row):
    return ContentType.objects.get_for_model(row).pk


def addresses(patterns, prefix="") -> Iterator[str]:
    """The routes of all addresses of the project."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


OFFICE = ("admin/", "desk/", "staff/", "calendar/")
ROUTES = sorted({route for route in addresses(get_resolver().url_patterns) if route.startswith(OFFICE)})
QUERIES = {
    "desk/": [
        "?appointment={reference}",
        *(f"?appointment={{reference}}&do={do}" for do in ("move", "cancel", "rebook", "series", "note", "ownnote")),
        "?with={person}&at=09:00",
        "?do=book&patient={patient}",
        "?do=block&with={person}&at=09:00",
        "?do=away&block={block}",
        "?do=visits&with={person}",
        "?list=1",
        "?do=keys",
    ],
    "desk/waitlist/": ["?state=all"],
    "desk/waitlist/add/": ["?patient={patient}"],
    "desk/week/": ["?with={person}", "?with={person}&appointment={reference}", "?with={person}&list=1"],
    "desk/print/": ["?each=1", "?week=1&with={person}"],
    "admin/booking/patient/merge/": ["?keep={patient}&merged={other}"],
    "desk/patients/": ["?merge={patient}"],
    "desk/patients/<int:pk>/": ["?edit=note"],
    "desk/patients/merge/": ["?keep={patient}&merged={other}"],
}
# Parts of routes that are regular expressions, for addresses that name nobody.
EXPRESSIONS = {
    r"^booking/openingexception/(?P<rest>.*)$": "booking/openingexception/",
    r"^(?P<app_label>clinic|auth|content|booking)/$": "booking/",
    r"(?P<url>.*)$": "no-such-page/",
    r"^password/new/(?P<uidb36>[0-9A-Za-z]{1,13})-(?P<key>[0-9A-Za-z-]{1,80})/$": "password/new/1-a/",
}


def address_of(route, office):
    """The address of a route, about the patient where it can be. An unknown part of a route fails."""
    for expression, plain in EXPRESSIONS.items():
        route = route.replace(expression, plain)
    desk = re.match(r"desk/(blocks|waitlist)/<int:pk>", route)
    if desk:
        route = route.replace("<int:pk>", str({"blocks": office.block, "waitlist": office.entry}[desk[1]].pk))
    route = route.replace("desk/patients/import/<int:pk>/", f"desk/patients/import/{office.batch.pk}/")
    route = route.replace("desk/patients/<int:pk>/", f"desk/patients/{office.patient.pk}/")
    route = route.replace("desk/privacy/patients/<int:pk>/", f"desk/privacy/patients/{office.patient.pk}/")
    route = route.replace("desk/privacy/staff/<int:pk>/", f"desk/privacy/staff/{office.practitioner.user_id}/")
    route = route.replace("desk/privacy/log/<int:pk>/", f"desk/privacy/log/{office.log_entry.pk}/")
    route = route.replace("<uuid:key>", str(office.certificate.pk))
    model = re.match(r"admin/(\w+)/(\w+)/", route)
    values = {
        "object_id": _object_of(office, *model.groups()) if model else 1,
        "pk": _object_of(office, *model.groups()) if model else 1,
        "practitioner": office.practitioner.pk,
        "on": office.today.local_on.isoformat(),
        "message": office.message.pk,
        "name": "visits",  # A table of the clinic's numbers.
        "reference": office.today.reference,
        "batch": uuid.UUID(int=1),
        "content_type_id": _content_type(office.patient),
        "token": tokens.feed_url(office.practitioner).rpartition("/")[2].removesuffix(".ics"),
    }
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(values[part[1]]), route)


def _object_of(office, app, model):
    if model == "appointment":
        return office.today.pk
    try:
        row = apps.get_model(app, model)._default_manager.first()
    except LookupError:  # No model's page.
        return 1
    return row.pk if row else 1


def people_named(response):
    text = response.getvalue().decode(errors="replace") if not response.streaming else ""
    marks = {PATIENT: ("Zebediah", "zebediah@", "5550177", "555-0177"), WAITING: ("Wilhelmina",)}
    return {name for name, signs in marks.items() if any(sign in text for sign in signs)}


def people_logged(since):
    rows = AccessLogPerson.objects.filter(entry_id__gt=since.pk if since else 0)
    rows = rows.select_related("patient", "waitlist_entry")
    return {row.patient.name if row.patient else row.waitlist_entry.name for row in rows}


def test_no_office_page_names_a_person_without_an_entry(office, admin_client):
    other = factories.make_patient(name=f"{PATIENT} Junior", phone="+14035550199", email="")
    named, forgotten = set(), []
    for route in ROUTES:
        for query in ["", "?q=Quill", "?q=Tarr", *QUERIES.get(route, [])]:
            query = query.format(
                patient=office.patient.pk,
                other=other.pk,
                reference=office.today.reference,
                person=office.practitioner.slug,
                block=office.block.pk,
            )
            last = AccessLogEntry.objects.order_by("pk").last()
            response = admin_client.get(address_of(route, office) + query)
            assert response.status_code < 500, route
            missing = people_named(response) - people_logged(since=last)
            named |= {route} if people_named(response) else set()
            forgotten += [f"{route}{query} named {name}" for name in missing]
    for address in ("book/", "find/", "find/list/", "find/to-book/", "find/duplicates/", "patients/", "privacy/"):
        last = AccessLogEntry.objects.order_by("pk").last()
        response = admin_client.post(
            f"/desk/{address}", {"words": "Quill", "q": "Quill", "look": "1", "name": PATIENT, "phone": ""}
        )
        assert people_named(response) == {PATIENT}, address
        forgotten += [f"{address} named {name}" for name in people_named(response) - people_logged(since=last)]
    assert not forgotten, "\n".join(forgotten)
    assert {"desk/", "desk/my-day/", "desk/privacy/due/"} <= named
    assert len(named) >= 20  # The walk reaches pages that name people.
