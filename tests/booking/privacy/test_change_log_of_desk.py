"""Every change that the desk, or a patient who books, makes to a watched row leaves its values in the change log."""

import csv
import io
import uuid
from datetime import date, time, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.models import (
    Appointment,
    AppointmentEvent,
    CancelReason,
    ChangeLogEntry,
    Closure,
    Patient,
    PatientImport,
    PatientNote,
    PractitionerDraft,
    RetentionPeriods,
    Tag,
    TimeOff,
)
from booking.privacy.change_log import values_of
from booking.scheduling import Actor
from tests.booking.privacy.test_change_log_of_admin import AT_THE_DESK
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# The logged fields of the models whose pages are at the desk; a new one needs a page below, or a reason here.
CHANGED_AT_THE_DESK = {
    Patient: {
        "name", "preferred_name", "pronouns", "date_of_birth", "contact_name", "books_by_phone_only",
        "phone_only_note", "phone", "email", "tags",
    },
    PatientNote: {"text", "author", "patient", "appointment", "audience", "created_at"},  # All but two with the row.
    PractitionerDraft: {*PractitionerDraft.FIELDS, "practitioner", "state", "reply", "replied_by"},
}  # fmt: skip
ELSEWHERE = {RetentionPeriods}  # The page of the retention periods has its own tests.


def test_every_logged_field_of_the_desks_models_is_known():
    assert set(CHANGED_AT_THE_DESK) == AT_THE_DESK - ELSEWHERE
    for model, fields in CHANGED_AT_THE_DESK.items():
        assert set(values_of(model())) | {many.name for many in model._meta.many_to_many} == fields


@pytest.fixture
def login(stopped_clock, location):
    """A browser of somebody with a role."""

    def login(role):
        user = get_user_model().objects.create_user(role.lower().replace(" ", "-"), is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        client.user = user
        return client

    return login


@pytest.fixture
def desk(login):
    return login("Front desk")


@pytest.fixture
def patient(db):
    return factories.make_patient()


def one(action, model="booking.patient"):
    entry = ChangeLogEntry.objects.get()
    assert (entry.action, entry.model) == (action, model)
    return entry


DETAILS = {
    "name": "Alice Roy", "preferred_name": "Ally", "pronouns": "she/her", "date_of_birth": "1961-11-24",
    "contact_name": "Bob Roy", "books_by_phone_only": True, "phone_only_note": "Missed three visits.",
}  # fmt: skip
CONTACT = {"phone": "+14035550188", "email": "ally@patients.example"}
EMPTY = {
    "preferred_name": "", "pronouns": "", "date_of_birth": None, "contact_name": "", "books_by_phone_only": False,
    "phone_only_note": "",
}  # fmt: skip


def test_details_of_a_patient(desk, patient):
    shown = {f"initial-{name}": "" for name in DETAILS} | {"initial-name": patient.name}
    desk.post(f"/desk/patients/{patient.pk}/edit/", DETAILS | shown | {"books_by_phone_only": "on"})
    entry = one("changed")
    assert (entry.before, entry.after) == ({"name": "Alice Martin"} | EMPTY, DETAILS)
    assert (entry.actor, entry.patient, entry.label) == (desk.user, patient, "")


def test_contact_of_a_patient(desk, patient):
    desk.post(f"/desk/patients/{patient.pk}/contact/", CONTACT | {"seen": patient.email})
    entry = one("changed")
    assert (entry.before, entry.after) == ({"phone": "+14035550123", "email": "alice@patients.example"}, CONTACT)


def test_tags_of_a_patient(desk, patient):
    tag = Tag.objects.create(name="Walker")
    desk.post(f"/desk/patients/{patient.pk}/tags/", {"add": tag.pk})
    desk.post(f"/desk/patients/{patient.pk}/tags/", {"remove": tag.pk})
    on, off = [], [f"Walker ({tag.pk})"]
    assert [entry.before["tags"] for entry in ChangeLogEntry.objects.order_by("pk")] == [on, off]
    assert [entry.after["tags"] for entry in ChangeLogEntry.objects.order_by("pk")] == [off, on]


def test_a_new_patient(desk):
    desk.post("/desk/patients/new/", DETAILS | CONTACT | {"books_by_phone_only": "on"})
    entry = one("added")
    assert (entry.before, entry.after, entry.patient) == ({}, DETAILS | CONTACT, Patient.objects.get())


def test_a_new_patient_and_a_note_with_a_booking(desk, location):
    service = factories.make_service()
    person = factories.make_practitioner([service], slug="steve")
    factories.make_hours(person, location)
    when = {"service": service.pk, "practitioner": "steve", "on": "2026-11-24", "at": "09:30"}
    who = {"is_new": "on", "name": "Rita Roy", "phone": "403 555 0177", "email": "", "note": "Brings a walker."}
    desk.post("/desk/book/", when | who)
    added = {entry.model: entry for entry in ChangeLogEntry.objects.filter(action="added", actor=desk.user)}
    assert added["booking.patient"].after["phone"] == "+14035550177"
    assert added["booking.patientnote"].after["text"] == "Brings a walker."
    assert added["booking.patientnote"].patient == Patient.objects.get()


def test_a_new_patient_booked_from_the_waitlist(desk, location):
    service = factories.make_service()
    person = factories.make_practitioner([service])
    factories.make_hours(person, location)
    now = factories.VISIT_AT - timedelta(days=1)
    entry = scheduling.join(wish=factories.make_wish(service, location, name="Rita Roy"), now=now)
    common = {"starts_at": factories.VISIT_AT, "practitioner": person, "by": Actor.staff(desk.user), "now": now}
    scheduling.book_waiting(entry=entry, **common)
    assert one("added").after["name"] == "Rita Roy"


@pytest.mark.parametrize("is_of_visit", [False, True], ids=["patient", "visit"])
def test_a_note(desk, patient, is_of_visit):
    visit = factories.make_appointment(patient=patient)
    url = f"/desk/notes/visits/{visit.reference}/" if is_of_visit else f"/desk/patients/{patient.pk}/note/"

    def write(text):
        note = PatientNote.objects.first()
        desk.post(url, {"text": text, "audience": "desk", "seen": scheduling.note_version(note)})

    for text in ("Brings a walker.", "Brings a cane.", ""):
        write(text)
    added, changed, removed = ChangeLogEntry.objects.order_by("pk")
    assert (added.action, added.after["text"]) == ("added", "Brings a walker.")
    assert (changed.before, changed.after) == ({"text": "Brings a walker."}, {"text": "Brings a cane."})
    assert (removed.action, removed.before["text"], removed.patient) == ("removed", "Brings a cane.", patient)


def test_a_merge_shows_as_a_change_of_the_patient_who_stays(login, patient):
    owner = login("Owner")
    merged = factories.make_patient(name="Alicia Martin", pronouns="she/her")
    merged.tags.add(tag := Tag.objects.create(name="Walker"))
    for about, text in ((patient, "Parks behind."), (merged, "Brings a walker.")):
        factories.make_note(about, author=owner.user, text=text)
    page = owner.get("/desk/patients/merge/", {"keep": patient.pk, "merged": merged.pk})
    data = {"keep": patient.pk, "merged": merged.pk, "shown": page.context["shown"], "sure": "1"}
    owner.post("/desk/patients/merge/", data | {"take-name": "merged", "take-pronouns": "merged"})
    changed = ChangeLogEntry.objects.get(model="booking.patient")
    assert changed.patient == patient
    assert changed.before == {"name": "Alice Martin", "pronouns": "", "tags": []}
    assert changed.after == {"name": "Alicia Martin", "pronouns": "she/her", "tags": [f"Walker ({tag.pk})"]}
    joined = ChangeLogEntry.objects.get(model="booking.patientnote", action="changed")
    assert joined.after == {"text": "Parks behind.\nBrings a walker."}
    removed = ChangeLogEntry.objects.get(model="booking.patientnote", action="removed")
    assert (removed.before["text"], removed.patient) == ("Brings a walker.", merged)


def test_an_import_and_its_undo_leave_a_row_for_each_patient_without_values(login):
    owner, out = login("Owner"), io.StringIO()
    rows = [("Name", "Phone"), ("Ann Berg", "403 555 0161"), ("Bob Chen", "403 555 0162")]
    csv.writer(out).writerows(rows)
    upload = {"step": "upload", "file": SimpleUploadedFile("list.csv", out.getvalue().encode())}
    page = owner.post("/desk/patients/import/", upload)
    for step in ("preview", "import"):
        fields = {field.html_name: field.value() or "" for field in page.context["form"]}
        page = owner.post("/desk/patients/import/", {"table": page.context["table"], "step": step} | fields)
    owner.post(f"/desk/patients/import/{PatientImport.objects.get().pk}/undo/")
    entries = list(ChangeLogEntry.objects.order_by("pk"))
    assert [entry.action for entry in entries] == ["added", "added", "removed", "removed"]
    assert len({entry.patient_id for entry in entries}) == 2
    assert {entry.actor for entry in entries} == {owner.user}
    assert not any(entry.before or entry.after or entry.label for entry in entries)


def test_an_import_takes_as_many_queries_for_forty_patients_as_for_two(login):
    by = Actor.staff(login("Owner").user)

    def queries_of(count):
        rows = [{"name": f"Ann {number}", "phone": "+14035550161"} for number in range(count)]
        with CaptureQueriesContext(connection) as queries:
            scheduling.import_patients(key=uuid.uuid4(), rows=rows, by=by, now=factories.VISIT_AT)
        return len(queries)

    queries_of(1)  # Loads the login's permissions.
    assert queries_of(2) == queries_of(40)


# Hours


BLOCK = {"who": ["steve"], "starts_on": "2026-11-25", "start_time": "09:00", "ends_on": "2026-11-25",
         "end_time": "12:00", "kind": "sick", "note": "Flu", "weeks": "2", "write": "only", "seen": ""}  # fmt: skip


def test_blocked_time_and_its_undo(desk):
    factories.make_practitioner(slug="steve")
    desk.post("/desk/blocks/", BLOCK)
    added = list(ChangeLogEntry.objects.filter(action="added", model="booking.timeoff"))
    assert {entry.after["starts_on"] for entry in added} == {"2026-11-25", "2026-12-02"}
    desk.post(f"/desk/blocks/batches/{TimeOff.objects.first().batch}/remove/")
    removed = list(ChangeLogEntry.objects.filter(action="removed", model="booking.timeoff"))
    assert {entry.before["note"] for entry in removed} == {"Flu"}
    assert {entry.object_id for entry in added} == {entry.object_id for entry in removed}


def test_a_changed_and_removed_block(desk):
    person = factories.make_practitioner()
    row = TimeOff.objects.create(practitioner=person, starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 24))
    names = ("starts_on", "start_time", "ends_on", "end_time", "kind", "note")
    new = {name: BLOCK[name] for name in names}
    desk.post(f"/desk/blocks/{row.pk}/change/", new)
    changed = ChangeLogEntry.objects.get(action="changed")
    assert changed.before == {
        "starts_on": "2026-11-24",
        "ends_on": "2026-11-24",
        "kind": "",
        "note": "",
    } | dict.fromkeys(("start_time", "end_time"))
    assert changed.after == new | {"start_time": "09:00:00", "end_time": "12:00:00"}
    desk.post(f"/desk/blocks/{row.pk}/remove/")
    assert ChangeLogEntry.objects.get(action="removed").before["kind"] == "sick"


def test_a_closed_clinic(desk):
    factories.make_practitioner(slug="steve")
    days = {"everyone": "on", "start_time": "", "end_time": "", "note": "Burst pipe", "weeks": "1"}
    desk.post("/desk/blocks/", BLOCK | days)
    entry = one("added", "booking.closure")
    assert (entry.after["on"], entry.after["name"]) == ("2026-11-25", "Burst pipe")
    desk.post(f"/desk/blocks/batches/{Closure.objects.get().batch}/remove/")
    assert ChangeLogEntry.objects.filter(action="removed", model="booking.closure").exists()


# One's own page


@pytest.fixture
def maya(login):
    client = login("Practitioner")
    client.person = factories.make_practitioner(name="Maya Okafor", user=client.user, bio="Runs.")
    return client


PAGE = {"summary": "Knees", "bio": "Skis.", "languages": "French", "pronouns": "she/her"}


def test_a_draft_of_ones_own_page_written_and_changed(maya):
    maya.post("/desk/me/page/", PAGE)
    assert one("added", "booking.practitionerdraft").after["bio"] == "Skis."
    maya.post("/desk/me/page/", {**dict.fromkeys(PAGE, "New"), "send": "1"})
    changed = ChangeLogEntry.objects.get(action="changed")
    assert (changed.before, changed.actor) == (PAGE | {"state": "writing"}, maya.user)
    assert changed.after == dict.fromkeys(PAGE, "New") | {"state": "sent"}


@pytest.mark.parametrize("button", ["publish", "back"])
def test_a_draft_published_or_sent_back(maya, login, button):
    maya.post("/desk/me/page/", PAGE | {"send": "1"})
    owner, url = login("Owner"), f"/admin/booking/practitioner/{maya.person.pk}/draft/"
    owner.post(url, {button: "1", "seen": owner.get(url).context["seen"], "reply": "Shorter, please."})
    by_owner = {entry.model: entry for entry in ChangeLogEntry.objects.filter(actor=owner.user)}
    if button == "publish":
        assert by_owner["booking.practitioner"].after == PAGE
        assert by_owner["booking.practitioner"].before["bio"] == "Runs."
        assert by_owner["booking.practitionerdraft"].action == "removed"
    else:
        assert by_owner["booking.practitionerdraft"].after["reply"] == "Shorter, please."
        assert by_owner["booking.practitionerdraft"].before["state"] == "sent"


def test_the_address_of_ones_own_feed(maya):
    maya.post("/desk/me/feed/", {"change": "renew"})
    assert one("changed", "booking.practitioner").after == {"feed_address": "made anew"}


# Patients, and the site itself


def test_a_patient_who_books_online_leaves_the_fact_and_so_does_the_site_that_deletes_them(stopped_clock, location):
    service = factories.make_service()
    factories.make_hours(factories.make_practitioner([service]), location)
    held = scheduling.hold(
        service=service,
        starts_at=factories.VISIT_AT,
        holder="me",
        by=Actor.patient(),
        now=stopped_clock,
        location=location,
    )
    details = scheduling.PatientDetails(name="Ann Berg", email="ann@patients.example", phone="+14035550161")
    visit = scheduling.book(hold=held, details=details, submission_key="k", by=Actor.patient(), now=stopped_clock)
    added = one("added")
    assert (added.actor_kind, added.actor, added.patient, added.after) == ("patient", None, visit.patient, {})
    Appointment.objects.update(status="expired", hold_expires_at=stopped_clock)
    scheduling.delete_lapsed_bookings(now=stopped_clock + timedelta(days=8))
    removed = ChangeLogEntry.objects.get(action="removed")
    assert (removed.actor_kind, removed.object_id, removed.before) == ("system", added.object_id, {})


# Appointments: their events are their history


def test_each_staff_change_of_a_visit_leaves_its_fields_before_and_after(login, stopped_clock, location):
    by = Actor.staff(login("Owner").user)
    service = factories.make_service()
    person = factories.make_practitioner([service])
    factories.make_hours(person, location)
    visit = factories.make_appointment(service=service, practitioner=person, location=location)
    common = {"by": by, "now": stopped_clock}
    category = CancelReason.objects.first()

    def change_of(command, **more):
        """The fields that the last event says were changed."""
        visit.refresh_from_db()
        command(appointment=visit, **common, **more)
        event = AppointmentEvent.objects.filter(appointment=visit).last()
        assert event.actor == by.user
        names = event.before.keys() | event.after.keys()
        return {name for name in names if event.before.get(name) != event.after.get(name)}

    assert change_of(scheduling.mark_late, late_by=timedelta(minutes=15)) == {"late_by"}
    assert change_of(scheduling.ask_to_move) == {"asked_to_move_at"}
    later = visit.starts_at + timedelta(hours=1)
    moved = {"starts_at", "ends_at", "late_by", "asked_to_move_at"}
    assert change_of(scheduling.reschedule, starts_at=later) == moved
    cancelled = {"status", "cancel_reason", "cancel_category_id"}
    assert change_of(scheduling.cancel, reason="Moved away", category=category) == cancelled
    assert change_of(scheduling.restore) == cancelled


def test_a_series_leaves_its_id_on_the_first_visit(login, stopped_clock, location):
    service = factories.make_service()
    person = factories.make_practitioner([service])
    factories.make_hours(person, location, end_time=time(18))
    visit = factories.make_appointment(service=service, practitioner=person, location=location)
    starts = [(visit.starts_at + timedelta(weeks=1), person)]
    scheduling.book_series(original=visit, starts=starts, by=Actor.staff(login("Owner").user), now=stopped_clock)
    visit.refresh_from_db()
    assert one("changed", "booking.appointment").after == {"series": str(visit.series)}
