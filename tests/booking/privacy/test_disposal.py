"""Disposal of patients: nothing of theirs stays, nothing of others goes, and it is one transaction."""

import threading
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.db import connections

from booking import messages, rate_limits, scheduling, tokens
from booking.models import (
    DISPOSED_NAME,
    AccessLogPerson,
    Appointment,
    AppointmentEvent,
    ChangeLogEntry,
    Disposal,
    DisposalItem,
    Message,
    Patient,
    PatientMerge,
    PatientNote,
    RetentionPeriods,
    Status,
    WaitlistEntry,
)
from booking.privacy.data_map import ENTRIES, Kept, Whose
from booking.privacy.disposal import DisposalChanged, DisposalRefused, command, dispose, review
from booking.scheduling import Actor, PatientDetails, WrongStatus
from booking.scheduling.appointments.patient_matching import match_or_create
from tests.support import factories
from tests.support.database_text import lines_with, stored_text
from tests.support.person_everywhere import make_person_everywhere

pytestmark = pytest.mark.django_db

REQUEST, PEOPLE = Disposal.Kind.REQUEST, Disposal.Kind.PEOPLE
A_MONTH = timedelta(days=31)
# Ids that say nothing by themselves, or are of a kind that this person does not have.
NOT_FILLED = {"booking.Message.delivery"}


@pytest.fixture
def owner(admin_user):
    return Actor.staff(admin_user)


@pytest.fixture
def everywhere(now, client, admin_client, admin_user):
    return make_person_everywhere(client, admin_client, admin_user, now)


def remove(patient, by, now, **extra):
    return dispose(patients=[patient.pk], by=by, now=now, **{"kind": REQUEST, "rule": "Asked for"} | extra)


def look(patient, by, now):
    return review(patients=[patient.pk], by=by, now=now, kind=REQUEST)


def past_visit(now, **fields):
    return factories.make_appointment(starts_at=now - A_MONTH, status="fulfilled", **fields)


def is_filled(entry):
    model = apps.get_model(entry.model)
    rows = model._base_manager.all()
    if model._meta.get_field(entry.field).many_to_many:
        return rows.filter(**{f"{entry.field}__isnull": False}).exists()
    return any(value not in (None, "", {}, [], False) for value in rows.values_list(entry.field, flat=True))


def of_patients(*kept):
    """The fields of the data map that are about patients and visitors, and kept for these periods."""
    about = [entry for entry in ENTRIES if entry.whose != Whose.STAFF and entry.kept in kept]
    return [entry for entry in about if entry.model.startswith(("booking.", "admin."))]


# Nothing stays


def test_the_person_of_these_tests_fills_every_field_of_the_data_map(everywhere):
    entries = of_patients(Kept.PATIENTS, Kept.MESSAGES, Kept.CONTACT, Kept.WAITLIST, Kept.DAYS)
    empty = {f"{entry.model}.{entry.field}" for entry in entries if not is_filled(entry)}
    assert empty == NOT_FILLED


def test_no_word_of_a_disposed_person_stays_anywhere(everywhere, owner, now):
    assert everywhere.words - set(lines_with(everywhere.words, stored_text())) == set()
    logs = AppointmentEvent, PatientMerge, ChangeLogEntry, AccessLogPerson
    counts = [model.objects.count() for model in logs]
    diary = "pk", "starts_at", "ends_at", "status", "price", "service", "practitioner", "location", "patient"
    visits = list(Appointment.objects.filter(patient__isnull=False).order_by("pk").values(*diary))
    certificate = remove(everywhere.patient, owner, now + A_MONTH)
    # The access log keeps the addresses of pages, and with them references that now lead nowhere.
    rest = "\n".join(line for line in stored_text().splitlines() if not line.startswith("booking_accesslogentry:"))
    assert lines_with(everywhere.words, rest) == {}
    assert [model.objects.count() for model in logs] == counts
    assert list(Appointment.objects.filter(patient__isnull=False).order_by("pk").values(*diary)) == visits
    expected = {
        "patients": 1,
        "merged": 1,
        "appointments": 2,
        "forms": 1,
        "notes": 4,
        "waitlist": 3,
        "merges": 1,
        "sessions": 3,
    }
    assert {kind: certificate.counts.get(kind) for kind in expected} == expected


def test_every_field_that_the_period_of_patients_ends_is_empty_afterwards(everywhere, owner, now):
    remove(everywhere.patient, owner, now + A_MONTH)
    scheduling.delete_old_holds(now=now + A_MONTH)  # The time that was offered from the waitlist, and its events.
    rate_limits.delete_expired_buckets(now=now + A_MONTH)
    left = {f"{entry.model}.{entry.field}" for entry in of_patients(Kept.PATIENTS, Kept.DAYS) if is_filled(entry)}
    assert left == {"booking.Patient.name", "booking.Patient.search_key", "booking.Appointment.overbooked_reason"}
    assert set(Patient.objects.values_list("name", flat=True)) == {DISPOSED_NAME}


def test_links_that_were_sent_are_over(everywhere, owner, now, client):
    assert [client.get(link).status_code for link in everywhere.links] == [302] * 4
    remove(everywhere.patient, owner, now + A_MONTH)
    assert [client.get(link).status_code for link in everywhere.links] == [410] * 4


def test_a_visitor_who_had_opened_the_link_sees_nothing_any_more(everywhere, owner, now, client):
    assert client.get("/appointment/").status_code == 200
    remove(everywhere.patient, owner, now + A_MONTH)
    assert client.get("/appointment/").status_code == 404


def test_nothing_is_sent_to_a_disposed_person(everywhere, owner, now, mailoutbox):
    remove(everywhere.patient, owner, now + A_MONTH)
    mailoutbox.clear()
    messages.send_due(now=now + A_MONTH)
    assert mailoutbox == []
    assert not Message.objects.filter(appointment__in=everywhere.visits).exists()


def test_a_time_that_was_offered_to_them_becomes_free(everywhere, owner, now):
    remove(everywhere.patient, owner, now + A_MONTH)
    assert not Appointment.objects.filter(status=Status.HELD).exists()


def test_a_double_booking_stays_one_when_its_reason_goes(owner, now):
    first = past_visit(now)
    second = past_visit(now, practitioner=first.practitioner, overbooked_reason="Twins of Alice Martin")
    remove(second.patient, owner, now)
    second.refresh_from_db()
    assert second.overbooked_reason == DISPOSED_NAME


# What belongs to others stays


def family_rows(name, patient, now, owner, **reach):
    """A visit, a note, a waitlist entry and a message of the contact form."""
    visit = past_visit(now, patient=patient)
    factories.make_note(patient, author=owner.user)
    wish = factories.make_wish(visit.service, visit.location, name=name, **reach)
    factories.make_hours(visit.practitioner, visit.location)
    scheduling.join(wish=wish, now=now)
    messages.enqueue_contact_message(
        name=name, reply_to=reach["email"], phone="", body=f"From {name}", practitioner=None, page="", now=now
    )


def test_a_relative_with_the_same_address_and_a_namesake_keep_everything(owner, now):
    factories.make_clinic()
    shared = {"email": "family@patients.example", "phone": "+14035550123"}
    own = {"email": "namesake@patients.example", "phone": "+14035550124"}
    alice = factories.make_patient(**shared)
    family_rows("Alice Martin", alice, now, owner, **shared)
    kept_models = Patient, Appointment, PatientNote, WaitlistEntry, Message
    mine = {model: set(model.objects.values_list("pk", flat=True)) for model in kept_models}
    family_rows("Leo Martin", factories.make_patient(name="Leo Martin", **shared), now, owner, **shared)
    family_rows("Alice Martin", factories.make_patient(**own), now, owner, **own)

    def of_others():
        return [list(model.objects.exclude(pk__in=mine[model]).order_by("pk").values()) for model in kept_models]

    before = of_others()
    remove(alice, owner, now)
    assert of_others() == before
    assert not WaitlistEntry.objects.filter(pk__in=mine[WaitlistEntry]).exists()
    assert not Message.objects.filter(pk__in=mine[Message]).exists()


# One transaction


def test_a_review_changes_nothing_and_counts_what_goes(everywhere, owner, now):
    before = stored_text()
    found = look(everywhere.patient, owner, now + A_MONTH)
    assert stored_text() == before
    assert remove(everywhere.patient, owner, now + A_MONTH, seen=found.version).counts == found.counts


def test_a_disposal_that_fails_half_way_changes_nothing(everywhere, owner, now, monkeypatch):
    def fail(*args):
        raise OSError("disk full")

    before = stored_text()
    monkeypatch.setattr(command, "clear_sessions", fail)
    with pytest.raises(OSError, match="disk full"):
        remove(everywhere.patient, owner, now + A_MONTH)
    assert stored_text() == before


def test_what_was_stored_since_the_review_stops_the_disposal(owner, now):
    patient = past_visit(now).patient
    seen = look(patient, owner, now).version
    factories.make_note(patient, author=owner.user)
    with pytest.raises(DisposalChanged):
        remove(patient, owner, now, seen=seen)
    assert PatientNote.objects.filter(patient=patient).exists()


def test_an_appointment_made_since_the_review_stops_the_disposal(owner, now):
    patient = past_visit(now).patient
    seen = look(patient, owner, now).version
    factories.make_appointment(patient=patient, starts_at=now + A_MONTH)
    with pytest.raises(DisposalRefused, match="isn't over"):
        remove(patient, owner, now, seen=seen)
    patient.refresh_from_db()
    assert patient.name == "Alice Martin"


@pytest.mark.django_db(transaction=True)
def test_a_booking_that_races_with_a_disposal_is_refused(owner, now, monkeypatch):
    visit = past_visit(now)
    service = factories.make_service()
    factories.make_hours(factories.make_practitioner([service], name="Mei Lin"), visit.location)
    person = service.practitioner_services.get().practitioner
    outcomes, is_locked = [], threading.Event()

    def book():
        is_locked.wait(timeout=30)
        try:
            scheduling.book_by_staff(
                service=service, starts_at=factories.VISIT_AT, practitioner=person, location=visit.location,
                patient=visit.patient, by=owner, now=now,
            )  # fmt: skip
            outcomes.append("booked")
        except WrongStatus as error:
            outcomes.append(error.message)
        finally:
            connections.close_all()

    lock_visits = command.lock_visits

    def lock_and_tell(rows):
        is_locked.set()
        racer.join(timeout=0.5)  # It waits for the patient's row.
        return lock_visits(rows)

    monkeypatch.setattr(command, "lock_visits", lock_and_tell)
    racer = threading.Thread(target=book)
    racer.start()
    remove(visit.patient, owner, now)
    racer.join()
    assert outcomes == ["This patient's details have been removed."]
    assert Appointment.objects.get() == visit


# Who can be disposed of


def test_a_patient_without_any_visit_is_erased_at_once(owner, now):
    patient = factories.make_patient()
    certificate = remove(patient, owner, now)
    patient.refresh_from_db()
    assert (patient.name, patient.email, str(patient.phone), patient.disposed_at) == (DISPOSED_NAME, "", "", now)
    assert (certificate.kind, certificate.by, certificate.counts) == ("request", owner.user, {"patients": 1})
    assert DisposalItem.objects.get().patient == patient


@pytest.mark.parametrize("status", ["booked", "arrived", "unconfirmed"])
def test_a_patient_with_an_appointment_that_is_not_over_stays(owner, now, status):
    patient = factories.make_patient()
    visit = factories.make_appointment(starts_at=now + timedelta(hours=1), status=status, patient=patient)
    with pytest.raises(DisposalRefused, match="isn't over"):
        remove(visit.patient, owner, now)


def test_nobody_is_disposed_of_twice_or_as_a_merged_row(owner, now):
    keep, merged = factories.make_patient(), factories.make_patient(name="Alice Marten")
    scheduling.merge(keep=keep, merged=merged, take=[], by=owner, now=now)
    with pytest.raises(DisposalRefused, match="merged"):
        remove(merged, owner, now)
    remove(keep, owner, now)
    with pytest.raises(DisposalRefused, match="already"):
        remove(keep, owner, now)
    assert Disposal.objects.count() == 1


def test_a_login_without_the_permission_disposes_of_nobody(django_user_model, now):
    desk = Actor.staff(django_user_model.objects.create_user("desk"))
    for act in (look, remove):
        with pytest.raises(DisposalRefused, match="Your login"):
            act(factories.make_patient(), desk, now)
    with pytest.raises(DisposalRefused):
        remove(factories.make_patient(), Actor.system(), now)


# Afterwards


@pytest.fixture
def gone(owner, now):
    visit = factories.make_appointment(
        starts_at=now + timedelta(hours=2), status="cancelled", patient=factories.make_patient()
    )
    remove(visit.patient, owner, now)
    visit.refresh_from_db()
    return visit


def test_no_command_stores_anything_about_a_disposed_patient(gone, owner, now):
    patient, other = gone.patient, factories.make_patient(name="Somebody Else")
    common = {"by": owner, "now": now}
    refused = [
        lambda: scheduling.restore(appointment=gone, **common),
        lambda: scheduling.merge(keep=other, merged=patient, take=[], **common),
        lambda: scheduling.change_patient(patient=patient, values={"name": "Alice"}, **common),
        lambda: scheduling.correct_contact(patient=patient, email="", phone="+14035550123", send=False, **common),
        lambda: scheduling.save_note(patient=patient, audience=PatientNote.Audience.DESK, text="x", seen="", **common),
        lambda: scheduling.change_tags(patient=patient, by=owner),
        lambda: scheduling.book_by_staff(
            service=gone.service, starts_at=factories.VISIT_AT, practitioner=gone.practitioner, location=gone.location,
            patient=patient, **common,
        ),
    ]  # fmt: skip
    for act in refused:
        with pytest.raises(WrongStatus, match="details have been removed"):
            act()


def test_who_books_again_is_a_new_patient(owner, now):
    before = factories.make_patient()
    details = PatientDetails(name=before.name, email=before.email, phone=str(before.phone))
    remove(before, owner, now)
    found = match_or_create(details, [before], by=Actor.patient())  # Found before the disposal, locked after it.
    assert found.pk != before.pk


def test_a_disposed_patient_is_in_no_search_list_or_duplicate(gone, admin_client):
    for address in ("/desk/patients/?q=Details", "/desk/find/?q=Details", "/admin/autocomplete/"):
        query = {"app_label": "booking", "model_name": "appointment", "field_name": "patient", "term": "Details"}
        response = admin_client.get(address, query if "auto" in address else None)
        assert "Details removed" not in response.content.decode(), address
    assert scheduling.possible_duplicates(factories.make_patient(name=DISPOSED_NAME)) == []
    for page in ("edit/", "contact/"):
        assert admin_client.get(f"/desk/patients/{gone.patient_id}/{page}").status_code == 404


def test_the_calendar_and_the_record_show_a_visit_without_a_name(gone, admin_client, now):
    factories.make_clinic()
    Appointment.objects.filter(pk=gone.pk).update(status="fulfilled")
    for address in (f"/desk/?day={gone.local_on}", f"/desk/?appointment={gone.reference}", "/desk/print/"):
        assert "Details removed" in admin_client.get(address).content.decode(), address
    assert "can't be brought back" in admin_client.get(f"/desk/patients/{gone.patient_id}/").content.decode().replace(
        "&#x27;", "'"
    )


def test_the_privacy_pages_name_a_disposed_patient_by_number(gone, admin_client):
    for page in ("", "changes/", "export/"):
        html = admin_client.get(f"/desk/privacy/patients/{gone.patient_id}/{page}").content.decode()
        assert f"patient {gone.patient_id}, whose details were removed</h1>" in html, page


def test_the_daily_summary_leaves_a_disposed_patient_out(gone, now):
    factories.make_clinic(notices="daily")
    content = {"since": (now - A_MONTH).isoformat(), "until": (now + A_MONTH).isoformat()}
    AppointmentEvent.objects.create(appointment=gone, kind="cancelled", at=now, actor_kind="patient")
    Message.objects.create(key="1", kind="daily_summary", content=content, due_at=now)
    messages.send_due(now=now)
    assert Message.objects.get().state in {"sent", "dropped"}


def test_the_link_of_a_disposed_patient_opens_nothing_even_if_it_fits(gone, now):
    assert tokens.appointment_for(tokens.manage_token(gone), now=now) is None


def test_a_certificate_says_until_when_backups_hold_the_details(owner, now):
    RetentionPeriods.objects.create(pk=1, backup_days=30)
    assert remove(factories.make_patient(), owner, now).in_backups_until == date(2026, 12, 23)
