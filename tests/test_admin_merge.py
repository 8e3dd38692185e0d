"""Two patients who are one person: side by side, what stays, one transaction, and a record for good."""

import threading

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import scheduling, tokens
from booking.models import Appointment, Message, Patient, PatientMerge, WaitlistEntry
from booking.scheduling import Actor, PatientDetails, WrongState
from booking.scheduling.merging import belongings
from booking.scheduling.patients import known_at, patient_for
from tests import make

PATIENTS = "/admin/booking/patient/"
MERGE = f"{PATIENTS}merge/"


@pytest.fixture(autouse=True)
def _today(request):
    if "transactional_db" not in request.fixturenames:
        request.getfixturevalue("stopped_clock")


@pytest.fixture
def keep(db):
    return make.make_patient(name="Zoe Martin", email="zoe@patients.exmaple", phone="+14035550161")


@pytest.fixture
def merged(keep):
    return make.make_patient(name="Zoë Martin", email="zoe@patients.example", phone="+14035550162", pronouns="she/her")


@pytest.fixture
def dana(admin_user):
    return Actor.staff(admin_user)


def side_by_side(client, keep, merged):
    return client.get(MERGE, {"keep": keep.pk, "merged": merged.pk})


def send(client, page, *take, **more):
    """The form of the page, with the fields named taken from the one that goes."""
    names = ("keep", "merged", "shown")
    typed = {name: page.context[name].pk if name != "shown" else page.context[name] for name in names}
    return client.post(MERGE, typed | {f"take-{name}": "merged" for name in take} | more)


def merge(client, keep, merged, *take, **more):
    return send(client, side_by_side(client, keep, merged), *take, sure="Merge", **more)


# The pages


def test_both_stand_side_by_side_and_what_is_missing_is_taken_from_the_other(admin_client, keep, merged):
    page = side_by_side(admin_client, keep, merged)
    lines = {line.name: (line.keep, line.merged, line.chosen) for line in page.context["choices"]}
    assert lines["name"] == ("Zoe Martin", "Zoë Martin", "Zoe Martin")
    assert lines["phone"] == ("403-555-0161", "403-555-0162", "403-555-0161")
    assert lines["pronouns"] == ("", "she/her", "she/her")
    assert lines["date_of_birth"] == ("", "", "")


def test_looking_at_the_result_changes_nothing(admin_client, keep, merged):
    page = send(admin_client, side_by_side(admin_client, keep, merged), "name", "email")
    assert page.status_code == 200
    assert "Merge these two?" in page.content.decode()
    assert page.context["taken"] == ["name", "email"]
    assert not PatientMerge.objects.exists()
    assert Patient.objects.current().count() == 2


def test_merging_moves_all_visits_and_keeps_what_was_chosen(admin_client, keep, merged, now):
    own = make.make_appointment(patient=keep)
    moved = make.make_appointment(patient=merged, status="cancelled")
    message = Message.objects.create(key="m", kind="cancelled", appointment=moved, due_at=now)
    response = merge(admin_client, keep, merged, "name", "email", "pronouns")
    assert response.url == f"{PATIENTS}{keep.pk}/change/"
    keep.refresh_from_db()
    merged.refresh_from_db()
    assert (keep.name, keep.email, str(keep.phone), keep.pronouns) == (
        "Zoë Martin", "zoe@patients.example", "+14035550161", "she/her",
    )  # fmt: skip
    assert set(keep.appointments.all()) == {own, moved}
    assert message.appointment.patient_id == merged.pk  # As it was read before; now:
    message.refresh_from_db()
    assert message.appointment.patient == keep
    assert merged.merged_into == keep


def test_the_record_says_who_when_what_and_how_it_was(admin_client, admin_user, keep, merged, now):
    visit = make.make_appointment(patient=merged)
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
    page = admin_client.get(f"{PATIENTS}{keep.pk}/change/").content.decode()
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
    admin_client.post(f"{PATIENTS}{keep.pk}/delete/", {"post": "yes"})
    assert Patient.objects.filter(pk__in=[keep.pk, merged.pk]).count() == 2


def test_who_was_merged_is_neither_found_nor_booked(admin_client, keep, merged, location):
    service = make.make_service()
    practitioner = make.make_practitioner([service])
    merge(admin_client, keep, merged)
    assert list(admin_client.get(PATIENTS, {"q": "zoë"}).context["cl"].result_list) == [keep]
    suggested = admin_client.get(
        "/admin/autocomplete/", {"term": "zoe", "app_label": "booking", "model_name": "appointment",
                                 "field_name": "patient"},
    )  # fmt: skip
    assert [row["id"] for row in suggested.json()["results"]] == [str(keep.pk)]
    typed = {
        "patient": merged.pk,
        "service": service.pk,
        "practitioner": practitioner.pk,
        "on": "2026-11-25",
        "at": "10:00",
    }
    response = admin_client.post("/admin/booking/appointment/add/", typed)
    assert response.status_code == 422
    assert not Appointment.objects.exists()


def test_an_old_address_of_the_merged_one_leads_to_who_stands(admin_client, keep, merged):
    merge(admin_client, keep, merged)
    assert admin_client.get(f"{PATIENTS}{merged.pk}/change/").url == f"{PATIENTS}{keep.pk}/change/"


def test_a_chain_of_merges_leads_to_the_last_one(admin_client, keep, merged, dana, now):
    third = make.make_patient(name="Zoé Martin", email="", phone="+14035550163")
    scheduling.merge(keep=keep, merged=merged, take=[], by=dana, now=now)
    scheduling.merge(keep=third, merged=keep, take=["email"], by=dana, now=now)
    assert {row.merged_into for row in (Patient.objects.get(pk=merged.pk), Patient.objects.get(pk=keep.pk))} == {third}


def test_everything_that_points_to_a_patient_is_moved():
    """A model that comes to point to patients is moved by itself; this list is for the reader."""
    assert [(model.__name__, field) for model, field in belongings()] == [("Appointment", "patient")]


def entry_of(patient, now, **fields):
    return WaitlistEntry.objects.create(
        **{
            "service": make.make_service(), "location": make.make_location(), "first_on": now.date(),
            "last_on": now.date(), "name": patient.name, "email": patient.email.upper(), "phone": patient.phone,
            "person_key": "p", "wish_key": f"w{WaitlistEntry.objects.count()}", "created_at": now,
        }
        | fields
    )  # fmt: skip


def test_what_waits_on_the_waitlist_goes_on_under_the_name_and_address_that_stay(admin_client, keep, merged, now):
    entry = entry_of(merged, now)
    other = entry_of(merged, now, name="Mia Martin")
    merge(admin_client, keep, merged, "phone")
    entry.refresh_from_db()
    other.refresh_from_db()
    assert (entry.name, entry.email, str(entry.phone)) == ("Zoe Martin", "zoe@patients.exmaple", "+14035550162")
    assert other.name == "Mia Martin"
    assert PatientMerge.objects.get().moved["waitlistentry"] == [entry.pk]


def test_a_mended_address_reaches_the_waitlist_too(keep, dana, now):
    entry = entry_of(keep, now)
    scheduling.mend_contact(
        patient=keep, email="zoe@patients.example", phone="+14035550161", by=dana, now=now, send=False
    )
    entry.refresh_from_db()
    assert entry.email == "zoe@patients.example"


# What makes no sense


def test_a_patient_is_not_merged_with_themself(admin_client, keep, dana, now):
    assert side_by_side(admin_client, keep, keep).url == PATIENTS
    with pytest.raises(WrongState, match="one and the same"):
        scheduling.merge(keep=keep, merged=keep, take=[], by=dana, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Patient.objects.filter(pk=keep.pk).update(merged_into=keep)


def test_who_was_merged_already_is_refused(admin_client, keep, merged, dana, now):
    third = make.make_patient()
    scheduling.merge(keep=keep, merged=merged, take=[], by=dana, now=now)
    for one, other in ((merged, third), (third, merged), (keep, merged)):
        assert side_by_side(admin_client, one, other).status_code == 404
        with pytest.raises(WrongState, match="merged already"):
            scheduling.merge(keep=one, merged=other, take=[], by=dana, now=now)
    assert PatientMerge.objects.count() == 1


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "9" * 30, "1\x00", "１", "999999"])
def test_addresses_that_name_nobody_are_not_found(admin_client, keep, value):
    assert admin_client.get(MERGE, {"keep": keep.pk, "merged": value}).status_code == 404


def test_two_have_to_be_ticked(admin_client, keep, merged):
    def tick(*patients):
        ids = [patient.pk for patient in patients]
        return admin_client.post(PATIENTS, {"action": "merge_two", "_selected_action": ids, "index": "0"})

    assert tick(merged, keep).url == f"{MERGE}?keep={keep.pk}&merged={merged.pk}"
    assert tick(keep).url == PATIENTS
    assert tick(keep, merged, make.make_patient()).url == PATIENTS


def test_a_patient_changed_meanwhile_is_looked_at_again(admin_client, keep, merged):
    page = side_by_side(admin_client, keep, merged)
    merged.phone = "+14035550177"
    merged.save()
    response = send(admin_client, page, sure="Merge")
    assert response.status_code == 409
    assert "403-555-0177" in response.content.decode()
    assert not PatientMerge.objects.exists()


@pytest.mark.parametrize("shown", ["", "nonsense", None], ids=str)
def test_a_form_that_does_not_say_what_was_shown_merges_nothing(admin_client, keep, merged, shown):
    typed = {"keep": keep.pk, "merged": merged.pk, "sure": "yes"} | ({} if shown is None else {"shown": shown})
    assert admin_client.post(MERGE, typed).status_code == 409
    assert not PatientMerge.objects.exists()


def test_following_a_link_merges_nothing(admin_client, keep, merged):
    admin_client.get(MERGE, {"keep": keep.pk, "merged": merged.pk, "sure": "yes"})
    assert not PatientMerge.objects.exists()


def test_merging_needs_a_permission_of_its_own(keep, merged, now):
    user = get_user_model().objects.create_user("desk", is_staff=True)
    client = Client()
    client.force_login(user)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_patient", "change_patient"]))
    assert side_by_side(client, keep, merged).status_code == 403
    assert "merge_two" not in client.get(PATIENTS).content.decode()
    with pytest.raises(WrongState, match="may not merge"):
        scheduling.merge(keep=keep, merged=merged, take=[], by=Actor.staff(user), now=now)
    with pytest.raises(WrongState):
        scheduling.merge(keep=keep, merged=merged, take=[], by=Actor.patient(), now=now)
    user.user_permissions.add(Permission.objects.get(codename="merge_patient"))
    assert side_by_side(client, keep, merged).status_code == 200


# Links and mails


def test_links_live_on_unless_the_address_was_wrong(admin_client, keep, merged, now):
    visit = make.make_appointment(patient=keep)
    old = tokens.manage_token(visit)
    merge(admin_client, keep, merged, "email")
    assert tokens.appointment_for(old, now=now) == visit
    assert not visit.messages.exists()


def test_a_wrong_address_loses_its_links_and_the_right_one_gets_new_ones(admin_client, keep, merged, now):
    visit = make.make_appointment(patient=keep)
    old = tokens.manage_token(visit)
    page = send(admin_client, side_by_side(admin_client, keep, merged), "email")
    assert 'name="renew"' in page.content.decode()
    merge(admin_client, keep, merged, "email", renew="yes")
    visit.refresh_from_db()
    assert tokens.appointment_for(old, now=now) is None
    assert {message.kind for message in visit.messages.all()} == {"confirmation", "reminder"}
    assert visit.patient.email == "zoe@patients.example"


# Booking after a merge


def told(patient, **fields):
    names = ("name", "email", "preferred_name", "pronouns", "date_of_birth", "contact_name")
    return PatientDetails(**{name: getattr(patient, name) for name in names} | {"phone": str(patient.phone)} | fields)


def test_who_books_as_before_is_the_one_who_stands_if_reached_there(keep, merged, dana, now):
    scheduling.merge(keep=keep, merged=merged, take=["email", "phone"], by=dana, now=now)
    with transaction.atomic():
        assert patient_for(told(merged), known_at(told(merged), now=now)) == keep


def test_details_of_the_merged_one_never_send_mail_to_another_address(keep, merged, dana, now):
    scheduling.merge(keep=keep, merged=merged, take=["phone"], by=dana, now=now)
    with transaction.atomic():
        found = patient_for(told(merged), known_at(told(merged), now=now))
    assert found not in (keep, merged)
    assert found.email == merged.email


def test_staff_who_book_for_one_just_merged_book_for_who_stands(keep, merged, dana, now, location):
    service = make.make_service()
    scheduling.merge(keep=keep, merged=merged, take=[], by=dana, now=now)
    visit = scheduling.book_for(
        service=service, starts_at=make.VISIT_AT, practitioner=make.make_practitioner([service]), location=location,
        patient=merged, by=dana, now=now,
    )  # fmt: skip
    assert visit.patient == keep


def test_the_pages_need_as_many_queries_for_ten_visits_as_for_one(admin_client, keep, merged, location):
    service = make.make_service()

    def count():
        with CaptureQueriesContext(connection) as queries:
            send(admin_client, side_by_side(admin_client, keep, merged), "email")
        return len(queries)

    make.make_appointment(patient=keep, location=location, service=service)
    admin_client.get("/admin/")
    once = count()
    for patient in [keep, merged] * 5:
        make.make_appointment(patient=patient, location=location, service=service)
    assert count() == once


# At the same instant


def test_visits_booked_while_two_are_merged_are_never_left_with_the_merged_one(transactional_db, now):
    """Staff book for one and another while the two are made one: whoever comes first, nothing is orphaned."""
    user = get_user_model().objects.create_superuser("dana")
    by = Actor.staff(user)
    location, service = make.make_location(), make.make_service()
    people = [make.make_practitioner([service]) for _ in range(4)]
    keep, merged = make.make_patient(name="A B"), make.make_patient(name="A. B")
    problems: list[Exception] = []

    def run(work):
        try:
            work()
        except Exception as problem:  # Shown by the test, whatever it is.
            problems.append(problem)
        finally:
            close_old_connections()
            connection.close()

    def book(practitioner):
        scheduling.book_for(
            service=service, starts_at=make.VISIT_AT, practitioner=practitioner, location=location, patient=merged,
            by=by, now=now,
        )  # fmt: skip

    def make_one():
        scheduling.merge(keep=keep, merged=merged, take=[], by=by, now=now)

    works = [*(lambda person=person: book(person) for person in people), make_one]
    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert keep.appointments.count() == 4
    assert merged.appointments.count() == 0
