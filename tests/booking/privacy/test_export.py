"""One person's data as a ZIP file: everything the data map lists, in both identities, stored nowhere."""

import io
import json
import re
import uuid
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import DateTimeField, ForeignKey, ManyToManyField
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.models import (
    AccessLogEntry,
    AccessLogPerson,
    Appointment,
    AppointmentEvent,
    CancelReason,
    ChangeLogEntry,
    IntakeAnswers,
    Message,
    Patient,
    PatientImport,
    PatientMerge,
    Room,
    Tag,
    WaitlistOffer,
)
from booking.privacy.data_map import ENTRIES, Whose
from booking.privacy.export.tables import json_value
from booking.privacy.export.waitlist import waitlist_entries_of
from booking.scheduling import Actor
from tests.support import factories, intake

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

AT = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)


@pytest.fixture
def person(location, admin_user):
    """A patient of whom every model with personal data holds a row, with every field filled."""
    admin_user.first_name, admin_user.last_name = "Olga", "Oduya"
    admin_user.save()
    factories.make_clinic()
    service = factories.make_service(name="Dry needling visit")
    imported = PatientImport.objects.create(key=uuid.uuid4(), created_at=AT, created_by=admin_user, count=17)
    patient = factories.make_patient(
        name="Hannah Redcrow",
        preferred_name="Hanni",
        pronouns="she/they",
        email="hannah@patients.example",
        phone="+14035550177",
        date_of_birth=date(1961, 11, 24),
        contact_name="Rosa Redcrow",
        books_by_phone_only=True,
        phone_only_note="Prefers to talk.",
        phone_only_by=admin_user,
        phone_only_at=AT,
        imported_in=imported,
    )
    patient.tags.add(Tag.objects.create(name="Needs an interpreter"))
    merged = factories.make_patient(name="Hana Redcraw", email="hana@patients.example", merged_into=patient)
    visit = factories.make_appointment(
        patient=patient,
        service=service,
        location=location,
        room=Room.objects.create(name="Room Aspen", location=location),
        is_first_visit=True,
        notice_version="2026-11-01",
        overbooked_reason="Came in pain.",
        exception_reason="On a closed day.",
        cancel_reason="Has a cold.",
        cancel_category=CancelReason.objects.first(),
        series=uuid.uuid4(),
        late_by=timedelta(minutes=15),
        asked_to_move_at=AT,
        attendance_confirmed_at=AT,
        is_unverified=True,
        booked_from="dry-needling",
    )
    factories.make_hours(visit.practitioner, location)
    service.intake_form = intake.make_form()
    service.save()
    intake.fill_in(visit)
    IntakeAnswers.objects.update(read_at=AT, read_by=admin_user)
    AppointmentEvent.objects.create(
        appointment=visit, kind="cancelled", at=AT, actor_kind="staff", actor=admin_user,
        before={"status": "booked"}, after={"status": "cancelled"}, note="Called in sick.",
    )  # fmt: skip
    factories.make_note(patient, author=admin_user, appointment=visit, text="Uses the side door.", audience="own")
    entry = scheduling.join(
        wish=factories.make_wish(service, location, name="Hannah Redcrow", email="hannah@patients.example"), now=AT
    )
    entry.patient, entry.contact_name, entry.practitioner = patient, "Rosa Redcrow", visit.practitioner
    entry.known_starts, entry.ended_at, entry.outcome, entry.unanswered = [1790000000], AT, "left", 2
    entry.save()
    offer = WaitlistOffer.objects.create(
        entry=entry, appointment=visit, state="passed", starts_at=AT, offered_at=AT, expires_at=AT + timedelta(hours=1)
    )
    for number, cause in enumerate([{"appointment": visit}, {"waitlist_entry": entry}, {"waitlist_offer": offer}]):
        Message.objects.create(
            key=f"key-{number}", kind=["reminder", "waitlist_joined", "waitlist_offer"][number], due_at=AT, sent_at=AT,
            state="sent", channel="text", delivery="delivered", provider_id=f"gateway-{number}",
            last_error="The number is wrong.", **cause,
        )  # fmt: skip
    PatientMerge.objects.create(
        kept=patient, merged=merged, at=AT, actor=admin_user, merged_values={"name": "Hana Redcraw"},
        kept_values={"name": "Hannah R."}, chosen={"name": "Hannah Redcrow"}, moved={"appointment": [visit.pk]},
    )  # fmt: skip
    ChangeLogEntry.objects.create(
        at=AT, actor_kind="staff", actor=admin_user, action="corrected", model="booking.patient",
        object_id=str(patient.pk), patient=patient, before={"pronouns": "she"}, after={"pronouns": "she/they"},
        reason="Asked for it.",
    )  # fmt: skip
    LogEntry.objects.create(
        user=admin_user, content_type=ContentType.objects.get_for_model(Patient), object_id=str(patient.pk),
        object_repr="Hannah Redcrow", action_flag=2, change_message="Merged with Hana Redcraw.",
    )  # fmt: skip
    look = AccessLogEntry.objects.create(
        at=AT, staff=admin_user, kind="record", page="/desk/patients/1/", count=1, reason="I cover for Mei Lin."
    )
    AccessLogPerson.objects.create(entry=look, at=AT, patient=patient)
    return SimpleNamespace(patient=patient, merged=merged, visit=visit, entry=entry)


def export(client, patient, **data):
    return client.post(f"/desk/privacy/patients/{patient.pk}/export/", data)


def files_of(response):
    packed = zipfile.ZipFile(io.BytesIO(response.content))
    assert packed.testzip() is None
    return {name: packed.read(name).decode() for name in packed.namelist()}


def data_of(response):
    return json.loads(files_of(response)["data.json"])


# Fields about a patient that are in the export by another name, with the reason.
ELSEWHERE = {
    ("booking.AccessLogPerson", "entry"): "the entries of the access log are in it themselves",
    ("booking.AccessLogPerson", "at"): "as in the entry",
    ("booking.AccessLogPerson", "patient"): "whose export it is",
    ("booking.AccessLogPerson", "waitlist_entry"): "the waitlist entries are in it themselves",
    ("booking.DisposalItem", "patient"): "whoever was disposed of has no data to export",
    ("booking.IntakeAnswers", "ciphertext"): "the answers are in it, decrypted",
    ("booking.Patient", "disposed_at"): "whoever was disposed of has no data to export",
}
TABLES = {
    "booking.Patient": "patients",
    "booking.PatientNote": "notes",
    "booking.PatientMerge": "merges",
    "booking.Appointment": "appointments",
    "booking.AppointmentEvent": "appointment_events",
    "booking.IntakeAnswers": "intake_answers",
    "booking.Message": "messages",
    "booking.WaitlistEntry": "waitlist_entries",
    "booking.WaitlistOffer": "waitlist_offers",
    "booking.ChangeLogEntry": "changes",
    "admin.LogEntry": "office_history",
}


def test_the_export_holds_every_field_of_the_data_map_that_is_about_a_patient(person, admin_client):
    data = data_of(export(admin_client, person.patient))
    about = [(one.model, one.field) for one in ENTRIES if one.whose is Whose.PATIENT]
    empty = [
        (model, field)
        for model, field in about
        if (model, field) not in ELSEWHERE
        and not any(row.get(field) not in (None, "", [], {}) for row in data[TABLES[model]])
    ]
    assert empty == []
    assert set(ELSEWHERE) <= set(about)


@pytest.mark.parametrize("table", ["patients", "appointments", "waitlist_entries", "notes"])
def test_values_in_the_export_are_those_of_the_database(person, admin_client, table):
    row = {
        "patients": Patient.objects.get(pk=person.patient.pk),
        "appointments": Appointment.objects.get(pk=person.visit.pk),
        "waitlist_entries": person.entry,
        "notes": person.patient.notes.get(),
    }[table]
    row.refresh_from_db()
    items = data_of(export(admin_client, person.patient))[table]
    item = next(item for item in items if item["id"] == row.pk)
    for field in row._meta.concrete_fields:
        if field.name in item and not isinstance(field, ForeignKey | ManyToManyField | DateTimeField):
            assert item[field.name] == json.loads(json.dumps(json_value(field, row))), field.name
    assert "hold_key" not in item


def test_data_json_fits_its_schema(person, admin_client):
    files = files_of(export(admin_client, person.patient, access_log="on"))
    schema, data = json.loads(files["schema.json"]), json.loads(files["data.json"])
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert list(violations(schema, data)) == []
    del data["notes"][0]["text"]
    data["patients"][0]["name"] = None
    assert list(violations(schema, data)) == ["patients.0.name", "notes.0: text"]


JSON_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None)}


def violations(schema, value, path=""):
    """The places where a value breaks the few words of JSON Schema that the export uses."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and type(value) not in {JSON_TYPES[kind] for kind in kinds}:
        yield path
        return
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from violations(schema.get("items", {}), item, f"{path}.{number}".lstrip("."))
    if isinstance(value, dict) and "properties" in schema:
        missing = set(schema["required"]) ^ set(value)
        yield from (f"{path}: {name}" for name in sorted(missing))
        for name, part in schema["properties"].items():
            if name in value:
                yield from violations(part, value[name], f"{path}.{name}".lstrip("."))


def test_both_identities_of_a_merged_patient_are_in_it_whichever_is_asked_for(person, admin_client):
    for patient in (person.patient, person.merged):
        data = data_of(export(admin_client, patient))
        assert [row["name"] for row in data["patients"]] == ["Hannah Redcrow", "Hana Redcraw"]
        assert data["patient"] == person.patient.pk


def test_the_access_log_is_in_it_only_on_request_and_without_the_clinics_network(person, admin_client):
    assert "access_log" not in data_of(export(admin_client, person.patient))
    rows = data_of(export(admin_client, person.patient, access_log="on"))["access_log"]
    assert (rows[0]["reason"], rows[0]["staff"]) == ("I cover for Mei Lin.", "Olga Oduya")
    assert not {"address", "count"} & set(rows[0])


def test_an_export_costs_the_same_queries_however_much_is_held(person, admin_client, admin_user, location):
    with CaptureQueriesContext(connection) as few:
        export(admin_client, person.patient, access_log="on")
    for number in range(3):
        visit = factories.make_appointment(patient=person.patient, location=location)
        factories.make_note(person.patient, author=admin_user, appointment=visit)
        factories.make_patient(merged_into=person.patient)
        Message.objects.create(key=f"more-{number}", kind="reminder", appointment=visit, due_at=AT)
        ChangeLogEntry.objects.create(
            at=AT, actor_kind="system", action="changed", model="booking.patient", object_id="1", patient=person.patient
        )
    with CaptureQueriesContext(connection) as many:
        export(admin_client, person.patient, access_log="on")
    assert len(many) == len(few)


def test_answers_to_health_forms_are_in_it_in_words(person, admin_client, settings):
    (row,) = data_of(export(admin_client, person.patient))["intake_answers"]
    assert f"What brings you to us? {intake.WORDS}" in row["answers"]
    assert "How strong is the pain? 7 out of 10" in row["answers"]
    assert "ciphertext" not in row
    assert "7 out of 10" in files_of(export(admin_client, person.patient))["sheet.html"]
    settings.FORMS_KEYS = []
    (row,) = data_of(export(admin_client, person.patient))["intake_answers"]
    assert row["answers"] == ["These answers are encrypted with a key that this site no longer has."]


def test_nobody_elses_data_is_in_it(person, admin_client):
    other = factories.make_appointment(patient=factories.make_patient(name="Owen Petrie", email="o@patients.example"))
    factories.make_note(other.patient, author=person.visit.patient.phone_only_by, text="Likes birds.")
    for text in files_of(export(admin_client, person.patient, access_log="on")).values():
        assert "Petrie" not in text
        assert "birds" not in text
        assert other.reference not in text


def test_someone_who_joined_the_waitlist_online_is_found_by_name_and_contact(person, location):
    service = person.visit.service
    own = factories.make_wish(
        service, location, name="hannah REDCROW", email="Hannah@patients.example", phone="+14035550111"
    )
    sister = factories.make_wish(service, location, name="Lea Redcrow", email="hannah@patients.example")
    namesake = factories.make_wish(service, location, name="Hannah Redcrow", email="x@y.example", phone="+14035550111")
    joined = [scheduling.join(wish=wish, now=AT) for wish in (own, sister, namesake)]
    assert set(waitlist_entries_of([person.patient])) == {person.entry, joined[0]}


def test_what_the_person_wrote_in_the_contact_form_is_in_it(person, admin_client):
    content = {"name": "Hannah Redcrow", "reply_to": "HANNAH@patients.example", "phone": "", "body": "My knee hurts."}
    Message.objects.create(key="c", kind="contact", due_at=AT, content=content)
    Message.objects.create(key="d", kind="contact", due_at=AT, content=content | {"name": "Lea", "body": "Private."})
    text = files_of(export(admin_client, person.patient))["data.json"]
    assert "My knee hurts." in text
    assert "Private." not in text


def test_what_they_said_before_a_correction_is_in_it(person, admin_client, admin_user, location):
    wish = factories.make_wish(
        person.visit.service, location, name="Hannah Redcrow", email="hannah@patients.example", phone="+14035550111"
    )
    entry = scheduling.join(wish=wish, now=AT)
    content = {"name": "Hannah Redcrow", "reply_to": "hannah@patients.example", "phone": "", "body": "My knee hurts."}
    Message.objects.create(key="c", kind="contact", due_at=AT, content=content)
    Message.objects.create(key="l", kind="lost_link", due_at=AT, content={"email": "hannah@patients.example"})
    scheduling.leave(entry=entry, by=Actor.staff(admin_user), now=AT)
    corrected = {"name": "Hannah Redcrow-Berg", "email": "berg@patients.example"}
    scheduling.correct_patient(
        patient=person.patient, values=corrected, reason="Married", by=Actor.staff(admin_user), now=AT
    )
    data = json.loads(files_of(export(admin_client, person.patient))["data.json"])
    assert "My knee hurts." in str(data["messages"])
    assert [row for row in data["messages"] if row["kind"] == "lost_link"] == []
    assert entry.pk in [row["id"] for row in data["waitlist_entries"]]


def test_what_they_wrote_with_a_phone_number_only_is_in_it(person, admin_client):
    content = {"name": "Hannah Redcrow", "reply_to": "", "phone": "+14035550177", "body": "Please call."}
    Message.objects.create(key="c", kind="contact", due_at=AT, content=content)
    assert "Please call." in files_of(export(admin_client, person.patient))["data.json"]


def test_the_sheet_is_complete_in_itself_readable_and_prints(person, admin_client):
    sheet = files_of(export(admin_client, person.patient))["sheet.html"]
    for words in (
        "Hannah Redcrow",
        "November 24, 1961",
        "403-555-0177",
        "Uses the side door.",
        "Called in sick.",
        "yes",
    ):
        assert words in sheet, words
    for label in ("First visit", "Email not confirmed yet", "Starts", "Recorded"):
        assert f"<dt>{label}</dt>" in sheet, label
    assert "<dt>Is " not in sheet
    assert re.search(r"<dt>Price</dt><dd>\$\d+</dd>", sheet)
    assert "@media print" in sheet
    assert "<script" not in sheet
    assert "src=" not in sheet
    assert "http" not in sheet


def test_markup_in_a_name_stays_text_in_the_sheet(admin_client, location):
    patient = factories.make_patient(name="<img src=x onerror=alert(1)>")
    assert "<img" not in files_of(export(admin_client, patient))["sheet.html"]


def test_the_response_is_not_stored_and_its_name_names_nobody(person, admin_client):
    response = export(admin_client, person.patient)
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Type"] == "application/zip"
    name = f"patient-{person.patient.pk}-2026-11-23.zip"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'


def test_no_file_is_written_on_the_server(person, admin_client, monkeypatch):
    opened = []
    real = open

    def watch(file, mode="r", *args, **kwargs):
        if set(mode) & set("wax+"):
            opened.append(file)
        return real(file, mode, *args, **kwargs)

    monkeypatch.setattr("builtins.open", watch)
    monkeypatch.setattr(Path, "write_bytes", lambda *args: opened.append(args))
    assert export(admin_client, person.patient).status_code == 200
    assert opened == []


def test_making_it_is_logged_as_an_export_of_this_person_and_a_failure_makes_none(person, admin_client, monkeypatch):
    export(admin_client, person.patient)
    entry = AccessLogEntry.objects.order_by("pk").last()
    assert (entry.kind, {row.patient for row in entry.people.all()}) == ("export", {person.patient, person.merged})

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(AccessLogPerson.objects, "bulk_create", fail)
    monkeypatch.setattr("booking.desk.privacy.export.collect", lambda *args, **kw: pytest.fail("made without an entry"))
    with pytest.raises(OSError, match="disk full"):
        export(admin_client, person.patient)


def test_the_page_says_that_own_notes_are_in_it_and_asks_to_read_it_first(person, admin_client):
    page = admin_client.get(f"/desk/privacy/patients/{person.patient.pk}/export/").content.decode()
    assert "notes of the staff, also those that practitioners keep for themselves" in page.lower()
    assert "Read it before you hand it over" in page
