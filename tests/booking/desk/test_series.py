"""Book a visit again, or as a series: presets, dates with what speaks against them, all or none."""

from datetime import UTC, date, datetime, time, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission

from booking import scheduling
from booking.models import Appointment, Closure, Message, TimeOff
from booking.scheduling import Actor, SlotTaken
from tests.booking.desk.test_calendar import words_of
from tests.support import factories

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 9:00 a.m. in Alberta on Monday, November 23; it is 8:00.
HALF_HOUR = timedelta(minutes=30)
WEEK = timedelta(weeks=1)


@pytest.fixture
def service():
    return factories.make_service(duration=HALF_HOUR, buffer_after=timedelta(minutes=10), needs_room=False)


@pytest.fixture
def maya(service, location):
    maya = factories.make_practitioner([service], name="Maya Okafor", slug="maya", position=1)
    factories.make_hours(maya, location, end_time=time(12))
    return maya


@pytest.fixture
def visit(service, location, maya):
    return factories.make_appointment(
        practitioner=maya,
        service=service,
        location=location,
        starts_at=NINE,
        patient=factories.make_patient(name="Alice Martin"),
    )


@pytest.fixture
def take(service, location, maya):
    """Book somebody else's visit with Maya."""

    def take(starts_at):
        return factories.make_appointment(practitioner=maya, service=service, location=location, starts_at=starts_at)

    return take


def panel(visit, do, query=""):
    return f"/desk/?day={visit.local_on}&appointment={visit.reference}&do={do}{query}"


def send(client, visit, do, **fields):
    return client.post(f"/desk/appointments/{visit.reference}/{do}/", {"back": panel(visit, do)} | fields)


def words(response):
    return unescape(words_of(response))


def slot(visit, starts_at):
    return f"{visit.practitioner.slug} {visit.location.slug} {starts_at.timestamp():.0f}"


def booked_later(visit):
    rows = Appointment.objects.filter(patient=visit.patient).exclude(pk=visit.pk)
    return list(rows.order_by("starts_at").values_list("starts_at", flat=True))


# Rebook


def test_one_press_books_the_same_time_a_week_later(admin_client, visit):
    page = admin_client.get(panel(visit, "rebook"))
    assert "Book Mon, Nov 30, 9:00 a.m." in words(page)
    choice = page.context["preset_choice"].value
    response = send(admin_client, visit, "rebook", slot=choice, tell_patient="on")
    assert "Booked: Alice Martin, Mon, Nov 30, 9:00 a.m. with Maya. Alice gets an email." in words(
        admin_client.get(response.url)
    )
    assert booked_later(visit) == [NINE + WEEK]
    assert send(admin_client, visit, "rebook", slot=choice).status_code == 409  # Sent twice, booked once.
    assert booked_later(visit) == [NINE + WEEK]


def test_if_that_time_is_taken_the_nearest_are_offered(admin_client, visit, take):
    take(NINE + WEEK)
    page = admin_client.get(panel(visit, "rebook"))
    assert "Mon, Nov 30, 9:00 a.m.: Taken" in words(page)
    assert len(page.context["slots"]) == 4
    assert page.context["slots"][0].starts_at.date() == date(2026, 11, 30)


def test_a_visit_long_ago_is_booked_again_from_today_on(admin_client, visit, location):
    visit.set_time(NINE - 10 * WEEK, HALF_HOUR, location)
    visit.save()
    assert "Book Mon, Nov 30, 9:00 a.m." in words(admin_client.get(panel(visit, "rebook")))


def test_another_time_outside_hours_is_asked_about(admin_client, visit):
    fields = {"on": "2026-12-01", "at": "18:00", "practitioner": "maya"}
    response = send(admin_client, visit, "rebook", **fields)
    assert response.status_code == 409
    assert "Book all the same" in words(response)
    form = response.context["form"]
    answer = {"asked_for": form.asked_for, "asked_rules": form.asked_rules, "reason": "Shift work"}
    assert send(admin_client, visit, "rebook", **fields, **answer).status_code == 302
    assert Appointment.objects.get(exception_reason="Shift work").local_time == time(18)


def test_the_patient_hears_of_it_only_if_it_is_ticked(admin_client, visit):
    send(admin_client, visit, "rebook", slot=slot(visit, NINE + WEEK))
    assert not Message.objects.filter(kind="confirmation").exists()


def test_practitioners_rebook_their_own_patients_with_themselves(client, django_user_model, visit, maya, service):
    other = factories.make_practitioner([service], name="Steve Hansen", slug="steve")
    user = django_user_model.objects.create_user("maya", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_own_day", "keep_own_day"]))
    maya.user = user
    maya.save()
    client.force_login(user)
    fields = {"on": "2026-12-01", "at": "09:00"}
    assert send(client, visit, "rebook", **fields, practitioner=other.slug).status_code == 422
    assert send(client, visit, "rebook", **fields, practitioner="maya").status_code == 302
    foreign = factories.make_appointment(location=visit.location, practitioner=other)
    assert send(client, foreign, "rebook", **fields, practitioner="maya").status_code == 404
    assert send(client, foreign, "series", start=slot(visit, NINE + WEEK)).status_code == 404


# Series


def test_each_date_says_whether_it_is_free_and_what_is_nearest(admin_client, visit, take, maya, location):
    take(NINE + WEEK)
    Closure.objects.create(location=location, on=date(2026, 12, 7), name="Founders Day")
    TimeOff.objects.create(practitioner=maya, starts_on=date(2026, 12, 14), ends_on=date(2026, 12, 14))
    factories.make_appointment(location=location, starts_at=NINE + 4 * WEEK, patient=visit.patient)
    rows = admin_client.get(panel(visit, "series")).context["rows"]
    assert [(row.on.isoformat(), row.problem, row.is_ticked) for row in rows] == [
        ("2026-11-30", "Taken", False),
        ("2026-12-07", "Closed: Founders Day", False),
        ("2026-12-14", "Maya is away", False),
        ("2026-12-21", "Alice Martin has another visit then", False),
        ("2026-12-28", "", True),
        ("2027-01-04", "", True),
    ]
    assert f"{rows[0].choice.starts_at:%H:%M}" == "09:40"  # The nearest on that day keeps the buffer.
    assert rows[1].choice is None


def test_a_visit_next_to_another_is_free_without_a_buffer(admin_client, visit, take):
    take(NINE + WEEK + HALF_HOUR)
    assert admin_client.get(panel(visit, "series")).context["rows"][0].problem == ""


def test_every_two_weeks_keeps_the_local_time_and_outside_hours_is_said(admin_client, visit, location):
    visit.set_time(NINE + timedelta(hours=4), HALF_HOUR, location)
    visit.save()
    rows = admin_client.get(panel(visit, "series", "&every=2&times=2")).context["rows"]
    assert [(row.on.isoformat(), row.problem) for row in rows] == [
        ("2026-12-07", "Outside hours"),
        ("2026-12-21", "Outside hours"),
    ]


def test_the_ticked_dates_are_booked_together_and_share_a_series(admin_client, visit):
    starts = [NINE + number * WEEK for number in (1, 2, 4)]
    response = send(admin_client, visit, "series", start=[slot(visit, start) for start in starts], tell_patient="on")
    assert "Booked 3 visits for Alice Martin. Alice gets an email." in words(admin_client.get(response.url))
    assert booked_later(visit) == starts
    assert Appointment.objects.filter(patient=visit.patient).values("series").distinct().count() == 1
    assert "Visit 1 of 4" in words(admin_client.get(panel(visit, "")))
    assert Message.objects.filter(kind="confirmation").count() == 3


def test_if_one_date_is_taken_meanwhile_none_is_booked_and_the_ticks_stay(admin_client, visit, take):
    take(NINE + 2 * WEEK)
    values = [slot(visit, NINE + number * WEEK) for number in (1, 2)]
    response = send(admin_client, visit, "series", start=values, every="1", times="3")
    assert response.status_code == 409
    assert "Mon, Dec 7, 9:00 a.m." in words(response)
    assert "None of the visits was booked." in words(response)
    assert [row.is_ticked for row in response.context["rows"]] == [True, False, False]
    assert booked_later(visit) == []
    visit.refresh_from_db()
    assert visit.series is None


@pytest.mark.parametrize("values", [[], ["x"], ["maya nowhere 1"], ["nobody x 1795453200"], ["\x00"], ["a b c"]])
def test_no_usable_date_is_refused(admin_client, visit, values):
    assert send(admin_client, visit, "series", start=values).status_code == 422


@pytest.mark.parametrize("query", ["&times=0", "&times=13", "&times=x", "&every=3", "&times=9999999999", "&times=%00"])
def test_other_numbers_are_refused_beside_the_field(admin_client, visit, query):
    response = admin_client.get(panel(visit, "series", query))
    assert response.status_code == 200
    assert response.context["form"].errors
    assert response.context["rows"] == []


def test_a_series_needs_the_permission_to_book(client, django_user_model, visit):
    user = django_user_model.objects.create_user("sam", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_appointment", "change_appointment"]))
    client.force_login(user)
    assert send(client, visit, "series", start=slot(visit, NINE + WEEK)).status_code == 403
    assert send(client, visit, "rebook", slot=slot(visit, NINE + WEEK)).status_code == 403


def test_a_series_is_booked_within_the_rules_only(visit, admin_user):
    evening = NINE + WEEK + timedelta(hours=10)
    with pytest.raises(SlotTaken, match=r"Mon, Nov 30, 7:00 p\.m\."):
        scheduling.book_series(
            original=visit,
            starts=[(NINE + 2 * WEEK, visit.practitioner), (evening, visit.practitioner)],
            by=Actor.staff(admin_user),
            now=NINE,
        )
    assert booked_later(visit) == []
