"""Merge two patients: comparison, choices, one transaction, and an append-only record."""

import threading

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import scheduling, tokens
from booking.models import Appointment, Message, Patient, PatientMerge, Tag, WaitlistEntry
from booking.scheduling import Actor, PatientDetails, WrongStatus
from booking.scheduling.appointments.patient_matching import match_or_create, patients_with_email
from booking.scheduling.patients.merge import belongings
from tests.support import factories

PATIENTS = "/desk/patients/"
MERGE = f"{PATIENTS}merge/"


@pytest.fixture
def keep(db):
    return factories.make_patient(name="Zoe Martin", email="zoe@patients.exmaple", phone="+14035550161")


@pytest.fixture
def merged(keep):
    return factories.make_patient(
        name="Zoë Martin", email="zoe@patients.example", phone="+14035550162", pronouns="she/her"
    )


@pytest.fixture
def dana(admin_user):
    return Actor.staff(admin_user)


def get_comparison(client, keep, merged):
    return client.get(MERGE, {"keep": keep.pk, "merged": merged.pk})


def submit(client, page, *take, **extra):
    """Submit the page's form, taking the named fields from the merged patient."""
    names = ("keep", "merged", "shown")
    data = {name: page.context[name].pk if name != "shown" else page.context[name] for name in names}
    return client.post(MERGE, data | {f"take-{name}": "merged" for name in take} | extra)


def merge(client, keep, merged, *take, **extra):
    return submit(client, get_comparison(client, keep, merged), *take, sure="Merge", **extra)


# Pages


def test_the_comparison_fills_empty_values_from_the_other_patient(admin_client, keep, merged):
    page = get_comparison(admin_client, keep, merged)
    choices = {choice.name: (choice.keep, choice.merged, choice.chosen) for choice in page.context["choices"]}
    assert choices["name"] == ("Zoe Martin", "Zoë Martin", "Zoe Martin")
    assert choices["phone"] == ("403-555-0161", "403-555-0162", "403-555-0161")
    assert choices["pronouns"] == ("", "she/her", "she/her")
    assert choices["date_of_birth"] == ("", "", "")


def test_the_preview_changes_nothing(admin_client, keep, merged):
    page = submit(admin_client, get_comparison(admin_client, keep, merged), "name", "email")
    assert page.status_code == 200
    assert "Merge these two?" in page.content.decode()
    assert page.context["taken"] == ["name", "email"]
    assert not PatientMerge.objects.exists()
    assert Patient.objects.current().count() == 2


@pytest.mark.parametrize(
    ("email", "sentence"),
    [("zoe@patients.example", "Waiting messages will go to the email address above."), ("", "no email address left")],
)
def test_the_preview_says_where_waiting_messages_go(email, sentence, admin_client, keep, merged):
    Patient.objects.update(email=email)
    page = submit(admin_client, get_comparison(admin_client, keep, merged))
    assert sentence in page.content.decode()


def test_merging_moves_all_visits_and_stores_the_chosen_values(admin_client, keep, merged, now):
    own = factories.make_appointment(patient=keep)
    moved = factories.make_appointment(patient=merged, status="cancelled")
    message = Message.objects.create(key="m", kind="cancelled", appointment=moved, due_at=now)
    response = merge(admin_client, keep, merged, "name", "email", "pronouns")
    assert response.url == f"{PATIENTS}{keep.pk}/"
    keep.refresh_from_db()
    merged.refresh_from_db()
    assert (keep.name, keep.email, str(keep.phone), keep.pronouns) == (
        "Zoë Martin", "zoe@patients.example", "+14035550161", "she/her",
    )  # fmt: skip
    assert set(keep.appointments.all()) == {own, moved}
    assert message.appointment.patient_id == merged.pk  # Still cached; reload:
    message.refresh_from_db()
    assert message.appointment.patient == keep
    assert merged.merged_into == keep


def test_the_record_stores_actor_time_and_previous_values(admin_client, admin_user, keep, merged, now):
    visit = factories.make_appointment(patient=merged)
    merge(admin_client, keep, merged, "email")
    record = PatientMerge.objects.get()
    assert (record.kept, record.merged, record.actor, record.at) == (keep, merged, admin_user, now)
    assert record.merged_values == {
        "id": merged.pk, "name": "Zoë Martin", "preferred_name": "", "pronouns": "she/her", "date_of_birth": None,
        "phone": "+14035550162", "email": "zoe@patients.example", "contact_name": "",
    }  # fmt: skip
    assert record.kept_values["email"] == "zoe@patients.exmaple"
    assert record.chosen["email"] == "zoe@patients.example"
    assert record.moved["appointment"] == [visit.pk]
    page = admin_client.get(f"{PATIENTS}{keep.pk}/").content.decode()
    assert "Zoë Martin, she/her, 403-555-0162, zoe@patients.example" in page


def test_the_record_can_neither_be_changed_nor_deleted(admin_client, keep, merged):
    merge(admin_client, keep, merged)
    record = PatientMerge.objects.get()
    for attempt in (
        record.save,
        record.delete,
        PatientMerge.objects.all().delete,
        lambda: PatientMerge.objects.update(moved={}),
    ):
        with pytest.raises(TypeError, match="This is a record"):
            attempt()
    admin_client.post(f"/admin/booking/patient/{keep.pk}/delete/", {"post": "yes"})
    assert Patient.objects.filter(pk__in=[keep.pk, merged.pk]).count() == 2


def test_a_merged_patient_is_neither_found_nor_booked(admin_client, keep, merged, location):
    service = factories.make_service()
    practitioner = factories.make_practitioner([service])
    merge(admin_client, keep, merged)
    assert list(admin_client.post(PATIENTS, {"q": "zoë"}).context["page"]) == [keep]
    found = admin_client.post("/desk/find/list/", {"words": "zoe"}).content.decode()
    assert f"/desk/patients/{keep.pk}/" in found
    assert f"/desk/patients/{merged.pk}/" not in found
    data = {
        "patient": merged.pk,
        "service": service.pk,
        "practitioner": practitioner.slug,
        "on": "2026-11-25",
        "at": "10:00",
    }
    response = admin_client.post("/desk/book/", data)
    assert response.status_code == 422
    assert not Appointment.objects.exists()


def test_the_url_of_a_merged_patient_redirects(admin_client, keep, merged):
    merge(admin_client, keep, merged)
    assert admin_client.get(f"{PATIENTS}{merged.pk}/").url == f"{PATIENTS}{keep.pk}/"


def test_a_chain_of_merges_leads_to_the_last_patient(admin_client, keep, merged, dana, now):
    third = factories.make_patient(name="Zoé Martin", email="", phone="+14035550163")
    scheduling.merge(keep=keep, merged=merged, take=[], by=dana, now=now)
    scheduling.merge(keep=third, merged=keep, take=["email"], by=dana, now=now)
    assert {row.merged_into for row in (Patient.objects.get(pk=merged.pk), Patient.objects.get(pk=keep.pk))} == {third}


def test_all_relations_to_patients_are_moved():
    """Relations are found automatically, so a new one is moved too; this documents the present ones."""
    assert [(model.__name__, field) for model, field in belongings()] == [
        ("PatientNote", "patient"),
        ("Appointment", "patient"),
        ("WaitlistEntry", "patient"),
    ]


def test_notes_of_the_same_readers_are_joined_and_tags_united(keep, merged, dana, now):
    tag = Tag.objects.create(name="Interpreter")
    merged.tags.add(tag)
    rows = [(keep, "desk", "Uses the side door."), (merged, "desk", "Hard of hearing."), (merged, "own", "Knee, left.")]
    for patient, audience, text in rows:
        factories.make_note(patient, author=dana.user, audience=audience, text=text)
    scheduling.merge(keep=keep, merged=merged, take=[], by=dana, now=now)
    assert {note.audience: note.text for note in keep.notes.all()} == {
        "desk": "Uses the side door.\nHard of hearing.",
        "own": "Knee, left.",
    }
    assert list(keep.tags.all()) == [tag]


def make_entry(patient, now, **fields):
    return WaitlistEntry.objects.create(
        **{
            "service": factories.make_service(), "location": factories.make_location(), "first_on": now.date(),
            "last_on": now.date(), "name": patient.name, "email": patient.email.upper(), "phone": patient.phone,
            "person_key": "p", "wish_key": f"w{WaitlistEntry.objects.count()}", "created_at": now,
        }
        | fields
    )  # fmt: skip


def test_waitlist_entries_get_the_merged_contact_details(admin_client, keep, merged, now):
    entry = make_entry(merged, now)
    other = make_entry(merged, now, name="Mia Martin")
    merge(admin_client, keep, merged, "phone")
    entry.refresh_from_db()
    other.refresh_from_db()
    assert (entry.name, entry.email, str(entry.phone)) == ("Zoe Martin", "zoe@patients.exmaple", "+14035550162")
    assert other.name == "Mia Martin"
    assert PatientMerge.objects.get().moved["waitlistentry"] == [entry.pk]


def test_a_corrected_address_is_copied_to_the_waitlist(keep, dana, now):
    entry = make_entry(keep, now)
    scheduling.correct_contact(
        patient=keep, email="zoe@patients.example", phone="+14035550161", by=dana, now=now, send=False
    )
    entry.refresh_from_db()
    assert entry.email == "zoe@patients.example"


# Invalid merges


def test_a_patient_is_not_merged_with_themself(admin_client, keep, dana, now):
    assert get_comparison(admin_client, keep, keep).url == PATIENTS
    with pytest.raises(WrongStatus, match="the same patient twice"):
        scheduling.merge(keep=keep, merged=keep, take=[], by=dana, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Patient.objects.filter(pk=keep.pk).update(merged_into=keep)


def test_a_merged_patient_cannot_be_merged_again(admin_client, keep, merged, dana, now):
    third = factories.make_patient()
    scheduling.merge(keep=keep, merged=merged, take=[], by=dana, now=now)
    for one, other in ((merged, third), (third, merged), (keep, merged)):
        assert get_comparison(admin_client, one, other).status_code == 404
        with pytest.raises(WrongStatus, match="merged already"):
            scheduling.merge(keep=one, merged=other, take=[], by=dana, now=now)
    assert PatientMerge.objects.count() == 1


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "9" * 30, "1\x00", "１", "999999"])
def test_invalid_ids_are_not_found(admin_client, keep, value):
    assert admin_client.get(MERGE, {"keep": keep.pk, "merged": value}).status_code == 404


def test_the_other_entry_is_found_in_the_list(admin_client, keep, merged):
    assert f"{PATIENTS}?merge={merged.pk}" in admin_client.get(f"{PATIENTS}{merged.pk}/").content.decode()
    page = admin_client.post(PATIENTS, {"merge": merged.pk, "q": "martin"})
    assert list(page.context["page"]) == [keep]
    assert f"{MERGE}?keep={keep.pk}&amp;merged={merged.pk}" in page.content.decode()


def test_a_concurrent_change_shows_the_comparison_again(admin_client, keep, merged):
    page = get_comparison(admin_client, keep, merged)
    merged.phone = "+14035550177"
    merged.save()
    response = submit(admin_client, page, sure="Merge")
    assert response.status_code == 409
    assert "403-555-0177" in response.content.decode()
    assert not PatientMerge.objects.exists()


@pytest.mark.parametrize("shown", ["", "nonsense", None], ids=str)
def test_a_form_without_valid_signed_values_merges_nothing(admin_client, keep, merged, shown):
    data = {"keep": keep.pk, "merged": merged.pk, "sure": "yes"} | ({} if shown is None else {"shown": shown})
    assert admin_client.post(MERGE, data).status_code == 409
    assert not PatientMerge.objects.exists()


def test_a_get_request_merges_nothing(admin_client, keep, merged):
    admin_client.get(MERGE, {"keep": keep.pk, "merged": merged.pk, "sure": "yes"})
    assert not PatientMerge.objects.exists()


def test_merging_needs_a_permission_of_its_own(keep, merged, now):
    user = get_user_model().objects.create_user("desk", is_staff=True)
    client = Client()
    client.force_login(user)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_patient", "change_patient"]))
    assert get_comparison(client, keep, merged).status_code == 403
    assert "?merge=" not in client.get(f"{PATIENTS}{keep.pk}/").content.decode()
    with pytest.raises(WrongStatus, match="may not merge"):
        scheduling.merge(keep=keep, merged=merged, take=[], by=Actor.staff(user), now=now)
    with pytest.raises(WrongStatus):
        scheduling.merge(keep=keep, merged=merged, take=[], by=Actor.patient(), now=now)
    user.user_permissions.add(Permission.objects.get(codename="merge_patient"))
    assert get_comparison(client, keep, merged).status_code == 200


# Links and mails


def test_links_stay_valid_unless_they_are_renewed(admin_client, keep, merged, now):
    visit = factories.make_appointment(patient=keep)
    old = tokens.manage_token(visit)
    merge(admin_client, keep, merged, "email")
    assert tokens.appointment_for(old, now=now) == visit
    assert not visit.messages.exists()


def test_renewing_revokes_the_links_and_sends_new_ones(admin_client, keep, merged, now):
    visit = factories.make_appointment(patient=keep)
    old = tokens.manage_token(visit)
    page = submit(admin_client, get_comparison(admin_client, keep, merged), "email")
    assert 'name="renew"' in page.content.decode()
    merge(admin_client, keep, merged, "email", renew="yes")
    visit.refresh_from_db()
    assert tokens.appointment_for(old, now=now) is None
    assert {message.kind for message in visit.messages.all()} == {"confirmation", "reminder"}
    assert visit.patient.email == "zoe@patients.example"


# Booking after a merge


def details_of(patient, **fields):
    names = ("name", "email", "preferred_name", "pronouns", "date_of_birth", "contact_name")
    return PatientDetails(**{name: getattr(patient, name) for name in names} | {"phone": str(patient.phone)} | fields)


def test_booking_with_the_merged_details_matches_the_surviving_patient(keep, merged, dana, now):
    scheduling.merge(keep=keep, merged=merged, take=["email", "phone"], by=dana, now=now)
    with transaction.atomic():
        assert match_or_create(details_of(merged), patients_with_email(details_of(merged))) == keep


def test_merged_details_with_another_address_never_match_the_survivor(keep, merged, dana, now):
    scheduling.merge(keep=keep, merged=merged, take=["phone"], by=dana, now=now)
    with transaction.atomic():
        patient = match_or_create(details_of(merged), patients_with_email(details_of(merged)))
    assert patient not in (keep, merged)
    assert patient.email == merged.email


def test_booking_for_a_merged_patient_books_for_the_survivor(keep, merged, dana, now, location):
    service = factories.make_service()
    scheduling.merge(keep=keep, merged=merged, take=[], by=dana, now=now)
    visit = scheduling.book_by_staff(
        service=service, starts_at=factories.VISIT_AT, practitioner=factories.make_practitioner([service]),
        location=location, patient=merged, by=dana, now=now,
        exemption=scheduling.Exemption("Comes by herself", set(scheduling.StaffRule)),
    )  # fmt: skip
    assert visit.patient == keep


def test_the_pages_need_as_many_queries_for_ten_visits_as_for_one(admin_client, keep, merged, location):
    service = factories.make_service()

    def count_queries():
        with CaptureQueriesContext(connection) as queries:
            submit(admin_client, get_comparison(admin_client, keep, merged), "email")
        return len(queries)

    factories.make_appointment(patient=keep, location=location, service=service)
    admin_client.get("/admin/")
    with_one = count_queries()
    for patient in [keep, merged] * 5:
        factories.make_appointment(patient=patient, location=location, service=service)
    assert count_queries() == with_one


# Concurrency


def test_visits_booked_during_a_merge_move_to_the_surviving_patient(transactional_db, now):
    """Booking concurrently with the merge leaves no appointment with the merged patient."""
    user = get_user_model().objects.create_superuser("dana")
    by = Actor.staff(user)
    location, service = factories.make_location(), factories.make_service()
    people = [factories.make_practitioner([service]) for _ in range(4)]
    keep, merged = factories.make_patient(name="A B"), factories.make_patient(name="A. B")
    problems: list[Exception] = []

    def run(job):
        try:
            job()
        except Exception as problem:  # Asserted below.
            problems.append(problem)
        finally:
            close_old_connections()
            connection.close()

    def book(practitioner):
        scheduling.book_by_staff(
            service=service, starts_at=factories.VISIT_AT, practitioner=practitioner, location=location, patient=merged,
            by=by, now=now, exemption=scheduling.Exemption("Comes by herself", set(scheduling.StaffRule)),
        )  # fmt: skip

    def merge_patients():
        scheduling.merge(keep=keep, merged=merged, take=[], by=by, now=now)

    jobs = [*(lambda person=person: book(person) for person in people), merge_patients]
    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert keep.appointments.count() == 4
    assert merged.appointments.count() == 0
