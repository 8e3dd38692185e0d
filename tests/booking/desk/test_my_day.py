"""A practitioner's own day: the visit that is on, the rest, running late, quiet mode, and whose it is."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import AccessLogEntry, Break, Message, PatientNote, RunningLate, Status, Tag
from tests.support import factories

pytestmark = pytest.mark.django_db

MY_DAY, LATE = "/desk/my-day/", "/desk/my-day/late/"
NINE = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 9:00 a.m. in Alberta on Monday, November 23.
MINUTES = timedelta(minutes=1)


@pytest.fixture
def service():
    return factories.make_service(name="Follow-up", duration=45 * MINUTES, needs_room=False)


@pytest.fixture
def maya_login(django_user_model):
    user = django_user_model.objects.create_user("maya", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name="Practitioner"))
    return user


@pytest.fixture
def maya(service, location, maya_login):
    factories.make_clinic()
    maya = factories.make_practitioner([service], name="Maya Okafor", user=maya_login)
    factories.make_hours(maya, location, end_time=time(15))
    return maya


@pytest.fixture
def make_visit(service, location, maya):
    def make_visit(name="Alice Martin", minutes=0, **fields):
        patient = fields.pop("patient", None) or factories.make_patient(name=name)
        common = {"practitioner": maya, "service": service, "location": location, "patient": patient}
        return factories.make_appointment(**common | {"starts_at": NINE + minutes * MINUTES} | fields)

    return make_visit


@pytest.fixture
def phone(client, maya, maya_login):
    """The practitioner's browser, at 9:10 a.m."""
    with time_machine.travel(NINE + 10 * MINUTES, tick=False):
        client.force_login(maya_login)
        yield client


def words_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def names(rows):
    return [row.block.appointment.patient.name for row in rows if row.kind == "visit"]


def test_the_card_shows_the_visit_that_is_on_and_the_rest_follows(phone, make_visit):
    make_visit("Early", -60, status="fulfilled")
    make_visit("Missed", -105, status="noshow")
    make_visit("Liam Miller", 0)
    make_visit("Hannah Redcrow", 45, is_first_visit=True)
    response = phone.get(MY_DAY)
    day = response.context["own_day"]
    assert (day.card.appointment.patient.name, day.is_on, names(day.coming)) == (
        "Liam Miller",
        True,
        ["Hannah Redcrow"],
    )
    assert names(day.earlier) == ["Missed", "Early"]
    words = words_of(response)
    assert "Good morning, Maya" in words
    assert "4 visits , 1 left after this one ." in words.replace("visits,", "visits ,").replace("one.", "one .")
    assert "Done at 3:00 p.m." in words
    assert "2 visits , 1 no-show" in words.replace("visits,", "visits ,")


def test_a_visit_that_ran_over_stays_on_the_card_until_it_is_done(phone, make_visit):
    liam = make_visit("Liam Miller", -45, status="arrived")
    make_visit("Hannah Redcrow", 0, status="arrived")
    response = phone.get(MY_DAY)
    assert response.context["own_day"].card.appointment == liam
    response = phone.post(f"/desk/appointments/{liam.reference}/status/", {"status": "fulfilled", "back": MY_DAY})
    assert response["Location"].startswith(MY_DAY)
    response = phone.get(response["Location"])
    assert response.context["own_day"].card.appointment.patient.name == "Hannah Redcrow"
    liam.refresh_from_db()
    assert liam.status == Status.FULFILLED


def test_before_the_first_visit_the_card_shows_the_next_one(phone, make_visit):
    make_visit("Hannah Redcrow", 45)
    response = phone.get(MY_DAY)
    assert not response.context["own_day"].is_on
    assert "Next · 9:45 to 10:30 a.m." in words_of(response)
    assert 'value="fulfilled"' not in response.content.decode()


def test_gaps_and_breaks_stand_in_the_day_and_an_empty_day_says_so(phone, maya, make_visit):
    Break.objects.create(practitioner=maya, weekday=0, start_time=time(12), end_time=time(12, 45))
    response = phone.get(MY_DAY)
    rows = [(row.kind, f"{row.starts_at:%H:%M}", row.length // MINUTES) for row in response.context["own_day"].coming]
    assert rows == [("gap", "09:10", 170), ("away", "12:00", 45), ("gap", "12:45", 135)]
    assert "No one is booked today." in words_of(response)
    assert "do=block" in response.content.decode()


def test_the_card_counts_the_visits_of_a_series_else_those_at_the_clinic(phone, make_visit):
    series = "0b1d4c9e-6c3b-4a53-9f2b-5f3f6a4c8a11"
    alice = factories.make_patient()
    for week in (-2, -1, 1):
        make_visit(patient=alice, starts_at=NINE + timedelta(weeks=week), series=series)
    make_visit(patient=alice, starts_at=NINE + timedelta(weeks=2), series=series, status="cancelled")
    visit = make_visit(patient=alice, series=series)
    make_visit(patient=factories.make_patient(), starts_at=NINE - timedelta(weeks=3), series=series)  # Of one basket.
    assert "visit 3 of 4" in words_of(phone.get(MY_DAY))
    visit.series = None
    visit.save()
    assert "visit 3 with us" in words_of(phone.get(MY_DAY))


def test_the_card_shows_the_desks_note_and_ones_own_but_nobody_elses(phone, make_visit, maya_login, admin_user, now):
    visit, other = make_visit(), make_visit("Bob Berg", 45)
    tag = Tag.objects.create(name="Interpreter", is_alert=True)
    visit.patient.tags.add(tag)
    common = {"patient": visit.patient, "created_at": now, "updated_at": now}
    PatientNote.objects.create(**common, appointment=visit, text="Left calf", author=admin_user)
    PatientNote.objects.create(**common, audience="own", text="Likes heat", author=maya_login)
    PatientNote.objects.create(**common, appointment=visit, audience="own", text="Owner only", author=admin_user)
    common["patient"] = other.patient
    PatientNote.objects.create(**common, appointment=other, text="Parking", author=admin_user)
    response = phone.get(MY_DAY)
    words = words_of(response)
    assert "Note Left calf" in words
    assert "My note Likes heat" in words
    assert "Interpreter" in words
    assert "Owner only" not in words
    assert "has a note" in words
    assert "Parking" not in words


# Whose day


def test_only_own_visits_are_shown_and_the_view_is_logged(phone, service, location, make_visit, maya_login):
    make_visit("Liam Miller")
    steve = factories.make_practitioner([service], name="Steve Hansen")
    make_visit("Carla Cohen", practitioner=steve)
    assert "Carla Cohen" not in words_of(phone.get(MY_DAY))
    entry = AccessLogEntry.objects.get(page=MY_DAY)
    assert (entry.kind, entry.staff, entry.count) == ("day", maya_login, 1)


def test_an_owner_who_is_a_practitioner_has_a_day_too_and_others_have_none(
    client, maya, make_visit, django_user_model, service
):
    make_visit("Liam Miller")
    owner = django_user_model.objects.create_user("olga", password="x", is_staff=True)
    owner.groups.add(Group.objects.get(name="Owner"))
    client.force_login(owner)
    assert client.get(MY_DAY).status_code == 403
    factories.make_practitioner([service], name="Olga Orr", user=owner)
    response = client.get(MY_DAY)
    assert response.status_code == 200
    assert "Liam Miller" not in words_of(response)
    assert 'href="/desk/my-day/"' in client.get("/desk/").content.decode()
    desk = django_user_model.objects.create_user("dee", password="x", is_staff=True)
    desk.groups.add(Group.objects.get(name="Front desk"))
    factories.make_practitioner(name="Dee Day", user=desk)
    client.force_login(desk)
    assert client.get(MY_DAY).status_code == 403


def test_the_number_of_queries_is_the_same_for_one_visit_and_for_six(phone, make_visit):
    make_visit()
    phone.get(MY_DAY)
    with CaptureQueriesContext(connection) as few:
        phone.get(MY_DAY)
    for number in range(1, 7):
        make_visit(f"Patient {number}", 45 * number, is_first_visit=True)
    with CaptureQueriesContext(connection) as many:
        phone.get(MY_DAY)
    assert len(many) <= len(few) + 1  # Whether the next patient was told of a delay.
    assert len(many) <= 35


# Quiet mode


def test_quiet_mode_shortens_names_until_it_is_turned_off(phone, make_visit):
    liam = make_visit("Liam Miller")
    make_visit("Hannah Redcrow", 45)
    phone.post("/desk/my-day/quiet/", {"quiet": "on"})
    words = words_of(phone.get(MY_DAY))
    assert "Liam M." in words
    assert "Hannah R." in words
    assert "Miller" not in words
    assert "Redcrow" not in words
    phone.post(f"/desk/appointments/{liam.reference}/status/", {"status": "fulfilled", "back": MY_DAY})
    assert "Miller" not in words_of(phone.get(MY_DAY))
    phone.post("/desk/my-day/quiet/", {"quiet": "off"})
    assert "Hannah Redcrow" in words_of(phone.get(MY_DAY))


# Running late


def test_the_desk_sees_who_is_late_until_they_are_on_time_again(phone, maya, make_visit, admin_client):
    make_visit("Hannah Redcrow", 45)
    phone.post(LATE, {"minutes": "10"})
    late = RunningLate.objects.get()
    assert (late.practitioner, late.on, late.late_by) == (maya, date(2026, 11, 23), 10 * MINUTES)
    assert "you're 10 minutes late" in words_of(phone.get(MY_DAY)).replace("&#x27;", "'")
    words = words_of(admin_client.get("/desk/"))
    assert "Running 10 min late" in words
    assert "with Maya · Maya is 10 min late" in words
    assert "Running" not in words_of(admin_client.get("/desk/?day=2026-11-24"))
    phone.post(LATE, {"minutes": "20"})
    assert RunningLate.objects.get().late_by == 20 * MINUTES
    phone.post(LATE, {"minutes": "0"})
    assert not RunningLate.objects.exists()
    assert not Message.objects.exists()


def test_the_next_patient_is_told_on_a_tick_and_never_twice_of_the_same(phone, make_visit):
    make_visit("Liam Miller")
    hannah = make_visit("Hannah Redcrow", 45)
    assert "Tell Hannah Redcrow (9:45) by email" in words_of(phone.get(MY_DAY))
    for minutes in ("10", "10", "5"):
        phone.post(LATE, {"minutes": minutes, "tell": hannah.reference})
    message = Message.objects.get()
    assert (message.kind, message.appointment, message.content["late_minutes"]) == ("running_late", hannah, 10)
    assert "Told already: 10 minutes." in words_of(phone.get(MY_DAY))
    phone.post(LATE, {"minutes": "20", "tell": hannah.reference})
    assert sorted(Message.objects.values_list("content__late_minutes", flat=True)) == [10, 20]


@pytest.mark.parametrize(
    "fields", [{"status": "arrived"}, {"email": ""}], ids=["who is here already", "without an address"]
)
def test_a_patient_who_cannot_or_need_not_be_told_is_not_offered(phone, make_visit, fields):
    make_visit("Liam Miller")
    patient = factories.make_patient(name="Hannah Redcrow", email=fields.pop("email", "h@patients.example"))
    hannah = make_visit(patient=patient, minutes=45, **fields)
    assert "Tell Hannah" not in words_of(phone.get(MY_DAY))
    phone.post(LATE, {"minutes": "10", "tell": hannah.reference})
    assert not Message.objects.exists()


def test_nobody_is_told_of_a_visit_with_somebody_else_or_of_another_day(phone, service, make_visit):
    steve = factories.make_practitioner([service], name="Steve Hansen")
    others = [make_visit(practitioner=steve, minutes=45), make_visit(starts_at=NINE + timedelta(days=1))]
    for visit in others:
        phone.post(LATE, {"minutes": "10", "tell": visit.reference})
    assert not Message.objects.exists()
    assert not RunningLate.objects.exists()


def test_the_desk_says_who_is_late_and_tells_the_next_patient_on_a_tick(admin_client, maya, make_visit):
    hannah = make_visit("Hannah Redcrow", 45)
    page = admin_client.get("/desk/")
    assert "Running late? Maya is running late" in words_of(page)
    panel = f"/desk/?day=2026-11-23&with={maya.slug}&do=late"
    assert panel.replace("&", "&amp;") in page.content.decode()
    words = words_of(admin_client.get(panel))
    assert "Maya is running late" in words
    assert "Tell Hannah Redcrow (9:45) by email" in words
    sent = {"practitioner": maya.slug, "minutes": "10", "tell": hannah.reference, "back": panel}
    words = words_of(admin_client.post("/desk/late/", sent, follow=True)).replace("&#x27;", "'")
    assert "Maya is 10 minutes late. We'll let Hannah" in words
    assert "Running 10 min late" in words
    assert RunningLate.objects.get().late_by == 10 * MINUTES
    assert Message.objects.get().appointment == hannah
    assert "Told already: 10 minutes." in words_of(admin_client.get(panel))
    words = words_of(admin_client.post("/desk/late/", sent | {"minutes": "0", "tell": ""}, follow=True))
    assert "Maya is on time again." in words
    assert not RunningLate.objects.exists()


def test_practitioners_say_at_the_desk_that_they_are_late_and_nobody_else(phone, maya, service):
    steve = factories.make_practitioner([service], name="Steve Hansen", slug="steve")
    assert phone.post("/desk/late/", {"practitioner": steve.slug, "minutes": "10"}).status_code == 400
    assert not RunningLate.objects.exists()
    phone.post("/desk/late/", {"practitioner": maya.slug, "minutes": "10"})
    assert RunningLate.objects.get().practitioner == maya


@pytest.mark.parametrize("address", ["&do=late", "&do=late&with=nobody", "&do=late&with=maya-okafor&day=2026-11-24"])
def test_the_panel_of_a_delay_is_for_todays_columns_only(admin_client, maya, address):
    assert "The calendar and My day show it." not in words_of(admin_client.get(f"/desk/?list=0{address}"))


def test_who_may_only_look_says_of_nobody_that_they_are_late(client, django_user_model, maya, make_visit):
    make_visit("Liam Miller")
    user = django_user_model.objects.create_user("sam", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_appointment"))
    client.force_login(user)
    assert "Running late?" not in words_of(client.get("/desk/"))
    assert client.post("/desk/late/", {"practitioner": maya.slug, "minutes": "10"}).status_code == 403


@pytest.mark.parametrize("minutes", ["", "7", "-5", "\x00", "1" * 500])
def test_an_unknown_delay_is_refused(phone, minutes):
    assert phone.post(LATE, {"minutes": minutes}).status_code == 400


@pytest.mark.parametrize("reference", ["\x00", "x", "ABCD2345", "A" * 9])
def test_an_unknown_visit_is_answered_with_a_sentence(phone, reference):
    phone.post(LATE, {"minutes": "10", "tell": reference})
    assert not RunningLate.objects.exists()
