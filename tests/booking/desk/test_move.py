"""Move a visit at the desk: gaps, free times, another time, reasons, two people at once, undo."""

from datetime import UTC, date, datetime, time, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission

from booking import scheduling
from booking.models import AccessLogEntry, Message, TimeOff
from booking.scheduling import Actor
from tests.booking.desk.test_calendar import words_of
from tests.support import factories

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 9:00 a.m. in Alberta on Monday, November 23; it is 8:00.
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def service():
    return factories.make_service(duration=HALF_HOUR, buffer_after=timedelta(0), needs_room=False)


@pytest.fixture
def maya(service, location):
    maya = factories.make_practitioner([service], name="Maya Okafor", slug="maya", position=1)
    factories.make_hours(maya, location, end_time=time(12))
    return maya


@pytest.fixture
def steve(service, location):
    steve = factories.make_practitioner([service], name="Steve Hansen", slug="steve", position=2)
    factories.make_hours(steve, location, end_time=time(12))
    return steve


@pytest.fixture
def visit(service, location, maya):
    return factories.make_appointment(
        practitioner=maya,
        service=service,
        location=location,
        starts_at=NINE,
        patient=factories.make_patient(name="Alice Martin"),
    )


def panel(visit, **params):
    query = "".join(f"&{name}={value}" for name, value in params.items())
    return f"/desk/?day={visit.local_on}&appointment={visit.reference}&do=move{query}"


def move(client, visit, on="2026-11-23", at="10:00", **fields):
    data = {"back": panel(visit), "sequence": visit.sequence, "on": on, "at": at, "practitioner": "maya"}
    return client.post(f"/desk/appointments/{visit.reference}/move/", data | fields)


def slot(person, location, starts_at):
    return f"{person.slug} {location.slug} {starts_at.timestamp():.0f}"


def words(response):
    return unescape(words_of(response))


def test_gaps_that_fit_are_buttons_and_others_say_why_not(admin_client, visit, maya, steve, service, location):
    other = factories.make_service(name="Massage", duration=HALF_HOUR, needs_room=False)
    lee = factories.make_practitioner([other], name="Lee Wong", position=3)
    factories.make_hours(lee, location, end_time=time(12))
    visit.set_time(NINE, timedelta(minutes=45), location)
    visit.save()
    for hour in (0, 1):  # Leaves 30 minutes from 9:30 on.
        factories.make_appointment(
            practitioner=steve, service=service, location=location, starts_at=NINE + timedelta(hours=hour)
        )
    page = words(admin_client.get(panel(visit)))
    assert "Move to 9:45 with Maya Okafor" in page
    assert "too short" in page
    assert "Move to 10:30 with Steve Hansen" in page
    assert "other service" in page


def test_pressing_a_gap_moves_the_visit_and_offers_undo(admin_client, visit, steve, location):
    choice = slot(steve, location, NINE + timedelta(hours=2))
    assert slot(steve, location, NINE) in admin_client.get(panel(visit)).content.decode()
    response = admin_client.post(
        f"/desk/appointments/{visit.reference}/move/",
        {"back": panel(visit), "sequence": 0, "slot": choice, "tell_patient": "on"},
        follow=True,
    )
    assert "Alice Martin moved to today, 11:00 a.m. with Steve. Alice gets an email." in words(response)
    visit.refresh_from_db()
    assert (visit.starts_at, visit.practitioner) == (NINE + timedelta(hours=2), steve)
    undo = response.context["undo"]
    response = admin_client.post(undo["url"], undo["fields"] | {"back": undo["back"]}, follow=True)
    assert "Alice Martin is back: today, 9:00 a.m. with Maya." in words(response)
    visit.refresh_from_db()
    assert visit.starts_at == NINE


def test_the_patient_is_told_only_if_it_is_ticked(admin_client, visit):
    assert "No email is sent." in words(admin_client.get(move(admin_client, visit).url))
    assert not Message.objects.filter(kind__in=["confirmation", "rescheduled"]).exists()
    visit.refresh_from_db()
    move(admin_client, visit, at="11:00", tell_patient="on")
    assert Message.objects.filter(kind="confirmation", state="waiting").exists()


def test_the_soonest_free_times_are_offered_with_this_person_or_anyone(admin_client, visit, steve):
    own = admin_client.get(panel(visit)).context["slots"]
    assert {choice.practitioner.name for choice in own} == {"Maya Okafor"}
    assert [f"{choice.starts_at:%a %H:%M}" for choice in own][:2] == ["Mon 09:30", "Tue 09:00"]
    anyone = admin_client.get(panel(visit, who="anyone")).context["slots"]
    assert (f"{anyone[0].starts_at:%a %H:%M}", anyone[0].practitioner) == ("Mon 09:00", steve)


def test_a_dragged_visit_is_asked_about_with_both_times(admin_client, visit, steve):
    response = admin_client.get(panel(visit, at="10:15", **{"with": "steve"}))
    page = words(response)
    assert "From today, 9:00 a.m. with Maya to today, 10:15 a.m. with Steve." in page
    assert "Move to 10:15 a.m." in page
    visit.refresh_from_db()
    assert visit.starts_at == NINE


def test_the_present_time_changes_nothing_and_says_so(admin_client, visit):
    response = move(admin_client, visit, at="09:00")
    assert "Nothing changed" in words(admin_client.get(response.url))
    visit.refresh_from_db()
    assert visit.sequence == 0
    assert not visit.events.exists()


def test_a_time_outside_the_rules_is_asked_about_once_and_the_reason_is_kept(admin_client, visit):
    response = move(admin_client, visit, at="13:00")
    assert response.status_code == 409
    assert "Move all the same" in words(response)
    form = response.context["form"]
    answer = {"asked_for": form.asked_for, "asked_rules": form.asked_rules, "reason": "Her only free hour"}
    assert move(admin_client, visit, at="13:15", **answer).status_code == 409  # It was asked about another time.
    without_words = move(admin_client, visit, at="13:00", **answer | {"reason": ""})
    assert "Write down why." in words(without_words)
    assert move(admin_client, visit, at="13:00", **answer).status_code == 302
    visit.refresh_from_db()
    assert visit.exception_reason == "Her only free hour"


def test_without_the_permission_to_overbook_a_taken_time_is_refused_with_others(
    client, django_user_model, visit, maya, service, location
):
    factories.make_appointment(
        practitioner=maya, service=service, location=location, starts_at=NINE + timedelta(hours=1)
    )
    user = django_user_model.objects.create_user("sam", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_appointment", "change_appointment"]))
    client.force_login(user)
    response = move(client, visit)
    assert response.status_code == 409
    assert "already has an appointment at that time" in words(response)
    assert "Move all the same" not in words(response)
    assert len(response.context["slots"]) == 4
    visit.refresh_from_db()
    assert visit.starts_at == NINE


def test_the_second_of_two_people_is_told_by_whom_and_what(admin_client, visit, django_user_model):
    sam = django_user_model.objects.create_user("sam", first_name="Sam", last_name="Bell")
    scheduling.reschedule(
        appointment=visit, starts_at=NINE + timedelta(hours=2), by=Actor.staff(sam), now=NINE - timedelta(hours=1)
    )
    response = move(admin_client, visit)
    assert response.status_code == 409
    assert "Sam Bell moved this visit to Mon, Nov 23, 11:00 a.m. with Maya." in words(response)
    visit.refresh_from_db()
    assert visit.starts_at == NINE + timedelta(hours=2)
    assert move(admin_client, visit).status_code == 302  # Sent again, about the visit as it is now.


def test_a_visit_that_another_person_cancelled_is_shown_as_it_is(admin_client, visit, django_user_model):
    sam = django_user_model.objects.create_user("sam")
    scheduling.cancel(appointment=visit, by=Actor.staff(sam), now=NINE - timedelta(hours=1))
    response = move(admin_client, visit)
    assert response.status_code == 409
    assert "sam cancelled this visit at 8:00 a.m. Nothing was changed now." in words(response)
    assert "Take back the cancellation" in words(response)


def test_undo_is_refused_in_words_if_the_old_time_is_gone(admin_client, visit, maya, service, location):
    move(admin_client, visit)
    factories.make_appointment(practitioner=maya, service=service, location=location, starts_at=NINE)
    response = admin_client.post(f"/desk/appointments/{visit.reference}/move/undo/", {"sequence": 1}, follow=True)
    assert "already has an appointment at that time. The visit stays where it is now." in words(response)
    visit.refresh_from_db()
    assert visit.starts_at == NINE + timedelta(hours=1)


def test_undo_of_an_earlier_version_changes_nothing(admin_client, visit):
    move(admin_client, visit)
    visit.refresh_from_db()
    move(admin_client, visit, at="11:00")
    response = admin_client.post(f"/desk/appointments/{visit.reference}/move/undo/", {"sequence": 1}, follow=True)
    assert "Nothing was changed now." in words(response)
    visit.refresh_from_db()
    assert visit.starts_at == NINE + timedelta(hours=2)


def test_another_day_keeps_the_visit_in_the_panel(admin_client, visit):
    params = admin_client.get(panel(visit)).context["params"]
    assert params.next_url.endswith(f"day=2026-11-24&appointment={visit.reference}&do=move")
    assert "Move Alice Martin" in words(admin_client.get(params.next_url))


@pytest.mark.parametrize(
    "fields",
    [
        {"on": "", "at": ""},
        {"on": "2026-13-40"},
        {"on": "9999-12-31"},
        {"on": "0001-01-01"},
        {"at": "25:00"},
        {"practitioner": "nobody"},
        {"practitioner": "\x00"},
        {"reason": "x" * 201},
        {"at": "10:00\x00"},
    ],
    ids=str,
)
def test_impossible_times_are_refused_beside_the_field(admin_client, visit, fields):
    response = move(admin_client, visit, **fields)
    assert response.status_code == 422
    assert response.context["form"].errors
    assert "autofocus" in response.content.decode()
    visit.refresh_from_db()
    assert visit.starts_at == NINE


@pytest.mark.parametrize("value", ["", "maya", "maya x 1", "maya okotoks 99999999999999", "maya okotoks ٣", "\x00"])
def test_a_malformed_slot_is_no_time(admin_client, visit, value):
    data = {"back": panel(visit), "sequence": 0, "slot": value}
    assert admin_client.post(f"/desk/appointments/{visit.reference}/move/", data).status_code == 422


@pytest.mark.parametrize("sequence", ["1", "", "٠", "0 ", "-0"])
def test_a_form_about_another_version_changes_nothing(admin_client, visit, sequence):
    assert move(admin_client, visit, sequence=sequence).status_code == 409
    visit.refresh_from_db()
    assert visit.starts_at == NINE


def test_moving_needs_the_permission_to_change_appointments(client, django_user_model, visit, maya):
    user = django_user_model.objects.create_user("sam", password="x", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_appointment", "keep_own_day", "view_own_day"])
    )
    maya.user = user
    maya.save()
    client.force_login(user)
    assert move(client, visit).status_code == 403
    assert client.post(f"/desk/appointments/{visit.reference}/move/undo/", {"sequence": 0}).status_code == 403
    page = client.get(panel(visit))
    assert "Move Alice Martin" not in words(page)


def test_a_reload_of_the_forms_address_shows_its_panel(admin_client, visit):
    assert admin_client.get(f"/desk/appointments/{visit.reference}/move/").url == panel(visit)
    assert admin_client.get("/desk/appointments/22222222/move/").status_code == 404


def test_a_refused_move_is_logged_with_whom_it_shows(admin_client, visit):
    move(admin_client, visit, at="")
    entry = AccessLogEntry.objects.first()
    assert list(entry.people.values_list("patient", flat=True)) == [visit.patient_id]


def test_a_patient_who_is_here_moves_within_the_day_and_stays_here(admin_client, visit):
    visit.status = "arrived"
    visit.save()
    move(admin_client, visit)
    visit.refresh_from_db()
    assert (visit.status, visit.starts_at) == ("arrived", NINE + timedelta(hours=1))
    move(admin_client, visit, on="2026-11-24")
    visit.refresh_from_db()
    assert (visit.status, visit.local_on) == ("booked", date(2026, 11, 24))


def test_a_move_into_time_off_is_asked_about(admin_client, visit, maya):
    TimeOff.objects.create(
        practitioner=maya, starts_on=date(2026, 11, 23), start_time=time(10), ends_on=date(2026, 11, 23)
    )
    response = move(admin_client, visit)
    assert response.status_code == 409
    assert "time-off" in response.context["form"].asked_rules
