"""Choose a time: days, the slots of one day, query parameters, holds, and links to slots that are gone."""

import re
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils.html import escape

from booking.models import Appointment, Closure, PractitionerService, WaitlistEntry, WorkingHours
from tests.conftest import NOW
from tests.support.factories import make_appointment, make_hours, make_location
from tests.support.journey import (
    NINE,
    QUARTER_TO_TEN,
    choose,
    instant,
    text_of,
    type_details,
    words_of,
)

pytestmark = pytest.mark.usefixtures("clinic")

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)


def starts(response):
    """The starts of the day that is shown."""
    return [choice.starts_at for choice in response.context["calendar"].choices]


def free_days(response):
    """The counted days that have free slots."""
    return {on for on, number in response.context["calendar"].counts.items() if number}


def nearest(response):
    return [choice.starts_at for choice in response.context["nearest"]]


def follow(client, response, words):
    """Follow the link whose text ends with these words."""
    (address,) = re.findall(rf'href="([^"]+)"[^>]*>{words}</a>', text_of(response))
    return client.get(address.replace("&amp;", "&").partition("#")[0])


def book_all(clinic, at=NINE):
    """Book this start with every practitioner."""
    for person in (clinic.steve, clinic.amara):
        make_appointment(
            service=clinic.assessment,
            practitioner=person,
            location=clinic.location,
            starts_at=at,
            buffer_after=timedelta(0),
        )


class TestDays:
    def test_the_first_day_with_a_free_start_is_shown(self, client, clinic):
        WorkingHours.objects.update(starts_on=date(2026, 12, 9))
        response = client.get("/book/assessment/?visit=new")
        assert response.context["calendar"].selected == date(2026, 12, 9)
        assert starts(response)[0] == datetime(2026, 12, 9, 15, tzinfo=NINE.tzinfo)

    def test_a_day_can_be_selected(self, client):
        response = client.get("/book/assessment/?day=2026-12-03")
        assert {start.date() for start in starts(response)} == {date(2026, 12, 3)}
        assert "Thursday, December 3" in words_of(response)

    def test_links_sent_before_the_parameter_was_renamed_still_select_a_day(self, client):
        assert client.get("/book/assessment/?from=2026-12-03").context["calendar"].selected == date(2026, 12, 3)

    def test_the_page_that_a_visitor_comes_from_is_no_day(self, client):
        assert client.get("/book/assessment/?from=back-pain").context["calendar"].selected == MONDAY

    def test_each_day_of_two_weeks_is_a_link_with_its_number_of_free_times(self, client):
        response = client.get("/book/assessment/?visit=new")
        page = words_of(response)
        assert "Tuesday, November 24, 10 free" in page
        assert "Saturday, November 28, closed" in page
        row = response.context["calendar"].row
        assert [day.on for day in row] == [MONDAY + timedelta(days=number) for number in range(14)]
        shown = client.get("/book/assessment/?visit=new&day=2026-11-24").context["calendar"]
        assert len(shown.choices) == 10

    def test_a_day_whose_times_are_all_taken_is_full_and_one_without_times_is_not(self, client, clinic):
        WorkingHours.objects.filter(practitioner=clinic.amara, weekday=1).delete()
        day_long = {"starts_at": NINE, "ends_at": NINE + timedelta(hours=8)}
        make_appointment(service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, **day_long)
        response = client.get("/book/assessment/?visit=new")
        page = words_of(response)
        assert "Tuesday, November 24, full" in page
        assert "Saturday, November 28, closed" in page
        assert text_of(response).count("day-row__day--full") == 1
        amara = client.get("/book/assessment/?visit=new&practitioner=amara-okafor")
        assert "Tuesday, November 24, none free" in words_of(amara)

    def test_a_day_is_full_only_if_it_had_times_in_the_part_of_the_filter(self, client, clinic):
        WorkingHours.objects.filter(weekday=1).update(end_time=time(12))
        page = words_of(client.get("/book/assessment/?visit=new&part=afternoon"))
        assert "Tuesday, November 24, none free" in page

    def test_six_weeks_are_counted_and_later_days_are_reached_by_a_link(self, client):
        response = client.get("/book/assessment/?visit=new")
        assert max(free_days(response)) == MONDAY + timedelta(days=39)
        later = follow(client, response, "Later days")
        assert later.context["calendar"].selected == MONDAY + timedelta(days=42)
        assert "Earlier days" in words_of(later)

    def test_there_is_no_day_before_today_nor_after_the_horizon(self, client):
        first = client.get("/book/assessment/").context["calendar"]
        last = client.get("/book/assessment/?day=2027-01-20").context["calendar"]
        assert (first.previous_week_on, first.earlier_on) == (None, None)
        assert (last.next_week_on, last.later_on) == (None, None)
        assert client.get("/book/assessment/?day=2026-11-22").status_code == 410
        assert client.get("/book/assessment/?day=2027-01-23").status_code == 404

    def test_the_next_week_opens_at_its_first_day_with_free_times(self, client, clinic):
        WorkingHours.objects.filter(weekday__in=[0, 1]).delete()
        response = follow(client, client.get("/book/assessment/?visit=new"), "Next week")
        assert response.context["calendar"].selected == date(2026, 12, 2)
        back = follow(client, response, 'Earlier<span class="visually-hidden"> week</span>')
        assert back.context["calendar"].selected == WEDNESDAY

    def test_the_next_day_with_free_times_is_a_link_below_the_times(self, client, clinic):
        WorkingHours.objects.filter(weekday=2).delete()
        assert "Thursday, November 26 · 10 free" in words_of(client.get("/book/assessment/?visit=new&day=2026-11-24"))

    def test_a_holiday_is_named_on_its_day(self, client, clinic):
        Closure.objects.create(location=clinic.location, on=WEDNESDAY, name="Founders Day")
        page = words_of(client.get("/book/assessment/?visit=new"))
        assert "Wednesday, November 25, closed" in page
        assert "We're closed this day: Founders Day." in words_of(client.get("/book/assessment/?day=2026-11-25"))

    def test_a_day_without_free_times_offers_the_next_one_and_the_waitlist(self, client, clinic):
        WorkingHours.objects.filter(practitioner=clinic.amara).exclude(weekday=2).delete()
        response = client.get("/book/assessment/?visit=new&practitioner=amara-okafor&day=2026-11-24")
        page = words_of(response)
        assert "Amara has nothing free on this day." in page
        assert "Wednesday, November 25 · 10 free" in page
        assert "/book/assessment/waitlist/?visit=new&amp;practitioner=amara-okafor" in text_of(response)
        everyone = follow(client, response, "See everyone's times this day")
        assert everyone.context["calendar"].selected == TUESDAY
        assert starts(everyone)


class TestTimes:
    def test_a_time_is_one_button_named_after_its_person(self, client):
        page = text_of(client.get("/book/dry-needling/?visit=returning&day=2026-11-24"))
        (name,) = re.findall(
            r'<button class="time-button"[^>]*value="2026-11-24T15:00Z steve-hansen"[^>]*>(.*?)</button>', page
        )
        assert " ".join(re.sub(r"<[^>]+>", "", name.replace("Steve</span>", "</span>")).split()) == (
            "9:00 a.m. with Steve Hansen"
        )

    def test_the_times_can_be_skipped_to(self, client):
        assert '<a class="skip-link" href="#times">Skip to times</a>' in text_of(client.get("/book/assessment/"))

    def test_a_day_on_which_nobody_works_is_closed_and_no_link(self, client):
        page = text_of(client.get("/book/assessment/?visit=new"))
        assert "Saturday, November 28, closed" in page
        assert "day=2026-11-28" not in page

    def test_a_day_on_which_the_chosen_person_does_not_work_is_not_closed(self, client, clinic):
        WorkingHours.objects.filter(practitioner=clinic.steve, weekday=3).delete()
        page = text_of(client.get("/book/assessment/?visit=new&practitioner=steve-hansen"))
        assert "Thursday, November 26, none free" in page

    def test_times_are_grouped_by_part_of_the_day(self, client):
        page = words_of(client.get("/book/assessment/?visit=new&day=2026-11-24"))
        assert "Morning 4 times" in page
        assert "Afternoon 6 times" in page
        assert "Evening" not in page.partition("Tuesday, November 24")[2].partition("Morning 4 times")[2]

    def test_a_day_with_many_times_shows_half_hours_and_folds_the_rest(self, client, clinic):
        clinic.assessment.step = timedelta(minutes=15)
        clinic.assessment.save()
        response = client.get("/book/assessment/?visit=new&day=2026-11-24")
        calendar = response.context["calendar"]
        shown = [choice for part in calendar.parts for choice in part.shown]
        assert sum(part.total for part in calendar.parts) == len(starts(response)) == 30
        assert {choice.local.minute for choice in shown} == {0, 30}
        assert len(shown) == 15
        assert sorted(shown + calendar.folded) == calendar.choices
        assert "15 more times" in words_of(response)

    def test_a_practitioner_with_compact_days_shows_times_that_leave_no_short_gap_first(self, client, clinic):
        clinic.assessment.step = timedelta(minutes=15)
        clinic.assessment.save()
        clinic.steve.compact_days = True
        clinic.steve.save()
        address = "/book/assessment/?visit=new&practitioner=steve-hansen&day=2026-11-24&part=morning"
        response = client.get(address)
        shown = {choice.local.strftime("%H:%M") for part in response.context["calendar"].parts for choice in part.shown}
        # From 9:15 on, less than 45 minutes would stay free before the visit; 9:00 touches the start of the hours.
        assert shown == {"09:00", "09:45", "10:00", "10:15", "10:30", "10:45", "11:00", "11:15", "11:30", "11:45"}
        folded = {choice.local.strftime("%H:%M") for choice in response.context["calendar"].folded}
        assert folded == {"09:15", "09:30"}
        clinic.steve.compact_days = False
        clinic.steve.save()
        assert client.get(address).context["calendar"].folded == []

    def test_a_part_of_the_day_changes_the_times_and_the_counts(self, client):
        response = client.get("/book/assessment/?visit=new&day=2026-11-24&part=morning")
        assert len(starts(response)) == response.context["calendar"].counts[TUESDAY] == 4
        assert client.get("/book/assessment/?part=night").status_code == 404

    def test_the_parts_of_the_day_are_offered_only_if_there_are_many_times(self, client, clinic):
        assert 'aria-label="Part of the day"' in text_of(client.get("/book/assessment/?visit=new"))
        WorkingHours.objects.exclude(weekday=3).delete()
        assert 'aria-label="Part of the day"' not in text_of(client.get("/book/assessment/?visit=new"))

    def test_the_first_available_time_is_one_button(self, client):
        page = text_of(client.get("/book/assessment/?visit=new&day=2026-12-03"))
        (card,) = re.findall(r'<button class="time-card time-card--main".*?</button>', page)
        assert "Today, 10:30 a.m." in card
        assert 'value="2026-11-23T16:30Z steve-hansen"' in card

    def test_the_first_available_time_is_of_the_chosen_part_and_person(self, client, clinic):
        WorkingHours.objects.filter(practitioner=clinic.amara).exclude(weekday=2).delete()
        page = words_of(client.get("/book/assessment/?visit=new&practitioner=amara-okafor&part=afternoon"))
        assert "First afternoon time Wed, Nov 25, 12:00 p.m. with Amara Okafor" in page

    def test_anyone_is_whoever_has_the_fewest_visits_that_day(self, client, clinic):
        make_appointment(
            service=clinic.assessment,
            practitioner=clinic.steve,
            location=clinic.location,
            starts_at=NINE + timedelta(hours=6),
        )
        response = client.get("/book/assessment/?visit=new&day=2026-11-24")
        people = {choice.starts_at: choice.person for choice in response.context["calendar"].choices}
        assert people[NINE] == clinic.amara
        client.post("/book/assessment/?visit=new", {"start": f"{instant(NINE)} amara-okafor"})
        assert Appointment.objects.get(status="held").practitioner == clinic.amara

    def test_a_time_shown_with_one_person_is_never_held_with_another(self, client, clinic):
        make_appointment(service=clinic.assessment, practitioner=clinic.amara, location=clinic.location, starts_at=NINE)
        response = client.post("/book/assessment/?visit=new", {"start": f"{instant(NINE)} amara-okafor"})
        assert response.status_code == 409
        assert [choice.person for choice in response.context["nearest"] if choice.starts_at == NINE] == [clinic.steve]
        assert not Appointment.objects.filter(status="held").exists()


class TestPeople:
    def test_a_practitioner_can_be_selected(self, client, clinic):
        WorkingHours.objects.filter(practitioner=clinic.amara).exclude(weekday=2).delete()
        response = client.get("/book/assessment/?practitioner=amara-okafor")
        assert {start.date() for start in starts(response)} == {WEDNESDAY}
        assert {on.weekday() for on in free_days(response)} == {2}

    def test_the_next_free_time_of_each_person_is_shown(self, client, clinic):
        WorkingHours.objects.filter(practitioner=clinic.amara).exclude(weekday=2).delete()
        page = words_of(client.get("/book/assessment/"))
        assert "Next: Today, 10:30 a.m." in page
        assert "Next: Wed, Nov 25, 9:00 a.m." in page

    def test_practitioners_are_links_with_the_other_parameters_kept(self, client, clinic):
        page = client.get("/book/assessment/?visit=new&part=morning")
        hrefs = [url for _person, _free_at, url in page.context["people"]]
        assert len(hrefs) == 2
        for href, person in zip(hrefs, page.context["people"], strict=True):
            params = client.get(href).context["params"]
            assert (params.practitioner, params.part, params.new_patient) == (person[0], "morning", True)
        assert client.get(page.context["with_anyone"]).context["params"].practitioner is None

    def test_someone_who_speaks_a_language_can_be_selected(self, client, clinic):
        clinic.amara.languages = "Igbo, French"
        clinic.amara.save()
        WorkingHours.objects.filter(practitioner=clinic.amara).exclude(weekday=2).delete()
        response = follow(client, client.get("/book/assessment/"), "French")
        assert {start.date() for start in starts(response)} == {WEDNESDAY}
        assert "With someone who speaks French" in words_of(response)
        assert client.get("/book/assessment/?language=Klingon").status_code == 404

    def test_without_a_selected_practitioner_each_time_names_its_person(self, client, clinic):
        WorkingHours.objects.filter(practitioner=clinic.amara).delete()
        page = text_of(client.get("/book/assessment/?day=2026-11-24"))
        assert page.count('<span aria-hidden="true">Steve</span>') == 10
        page = text_of(client.get("/book/assessment/?day=2026-11-24&practitioner=steve-hansen"))
        assert '<span aria-hidden="true">Steve</span>' not in page


class TestPlaces:
    def test_the_location_is_asked_for_only_if_there_are_several(self, client, clinic):
        assert 'name="location"' not in text_of(client.get("/book/assessment/"))
        calgary = make_location(name="Calgary", slug="calgary", position=1)
        make_hours(clinic.amara, calgary, weekdays=[5])
        response = client.get("/book/assessment/?location=calgary")
        assert 'name="location"' in text_of(response)
        assert {start.date() for start in starts(response)} == {date(2026, 11, 28)}

    def test_the_default_location_is_the_one_with_the_first_free_slot(self, client, clinic):
        calgary = make_location(name="Calgary", slug="calgary", position=1)
        WorkingHours.objects.update(location=calgary)
        assert client.get("/book/assessment/").context["place"] == calgary

    def test_a_slot_shown_for_one_location_is_never_held_at_another(self, client, clinic):
        calgary = make_location(name="Calgary", slug="calgary", position=1)
        for person in (clinic.steve, clinic.amara):
            make_hours(person, calgary, weekdays=[1, 5])
        WorkingHours.objects.filter(location=clinic.location, weekday=1).delete()
        page = client.get("/book/assessment/?visit=new")
        assert page.context["place"] == clinic.location
        # Before the form is submitted, the first free slot moves to Calgary; the chosen slot is free only there.
        WorkingHours.objects.filter(location=clinic.location).update(starts_on=date(2026, 12, 7))
        response = client.post(page.context["post_to"], {"start": instant(NINE)})
        assert response.status_code == 409
        assert response.context["place"] == clinic.location
        assert not Appointment.objects.exists()

    def test_every_form_and_link_names_the_location_that_is_shown(self, client, clinic):
        make_location(name="Calgary", slug="calgary", position=1)
        page = text_of(client.get("/book/assessment/?visit=new"))
        assert 'method="post" action="/book/assessment/?visit=new&amp;location=okotoks"' in page
        assert 'href="/book/assessment/?visit=new&amp;location=okotoks&amp;day=2026-11-24#times"' in page
        book_all(clinic)
        page = text_of(choose(client))
        assert 'method="post" action="/book/assessment/?visit=new&amp;location=okotoks"' in page


class TestNewAndReturning:
    def test_nothing_is_asked_where_it_changes_nothing(self, client, clinic):
        clinic.assessment.shows_emergency_signs = True
        clinic.assessment.save()
        assert "I've been here before" not in words_of(client.get("/book/assessment/"))
        assert choose(client, query="")["Location"] == "/book/safety/"
        assert Appointment.objects.get().is_first_visit is None

    def test_until_the_visitor_says_so_the_times_are_for_new_patients(self, client, clinic):
        clinic.amara.takes_new_patients = False
        clinic.amara.save()
        WorkingHours.objects.filter(practitioner=clinic.steve).exclude(weekday=3).delete()
        response = client.get("/book/assessment/")
        assert {on.weekday() for on in free_days(response)} == {3}
        assert 'aria-current="true">New patient</a>' in text_of(response)
        returning = follow(client, response, "I've been here before")
        assert {on.weekday() for on in free_days(returning)} == {0, 1, 2, 3, 4}
        assert 'aria-current="true">I\'ve been here before</a>' in text_of(returning)

    def test_a_time_for_new_patients_is_booked_as_a_first_visit(self, client, clinic):
        clinic.amara.takes_new_patients = False
        clinic.amara.save()
        choose(client, query="")
        assert Appointment.objects.get().is_first_visit is True
        assert Appointment.objects.get().practitioner == clinic.steve

    def test_a_new_patient_never_gets_a_practitioner_who_takes_none(self, client, clinic):
        clinic.amara.takes_new_patients = False
        clinic.amara.save()
        WorkingHours.objects.filter(practitioner=clinic.steve).delete()
        assert choose(client, query="").status_code == 409
        assert not Appointment.objects.exists()

    def test_a_practitioner_who_takes_no_new_patients_says_so(self, client, clinic):
        clinic.amara.takes_new_patients = False
        clinic.amara.save()
        page = words_of(client.get("/book/assessment/?visit=new&practitioner=amara-okafor"))
        assert "Amara Okafor isn't taking new patients right now" in page
        assert "See everyone's times" in page

    @pytest.mark.parametrize("query", ["", "?visit=new"])
    def test_a_new_patient_sees_the_times_of_the_first_visit_service(self, client, clinic, query):
        clinic.needling.price = 999
        clinic.needling.save()
        response = client.get(f"/book/dry-needling/{query}")
        assert "starts with a Physiotherapy assessment" in words_of(response)
        assert "$999" not in words_of(response)
        assert starts(response)
        assert choose(client, slug="dry-needling", query=query).status_code == 302
        hold = Appointment.objects.get()
        assert (hold.service, hold.is_first_visit) == (clinic.assessment, True)

    def test_the_first_visit_is_with_somebody_who_offers_the_service_that_follows(self, client, clinic):
        response = client.get("/book/dry-needling/")
        assert {choice.person for choice in response.context["calendar"].choices} == {clinic.steve}
        assert "starts with a Physiotherapy assessment by someone who does both" in words_of(response)
        assert choose(client, slug="dry-needling", query="").status_code == 302
        assert Appointment.objects.get().practitioner == clinic.steve

    def test_the_first_visit_is_with_anybody_where_nobody_who_does_both_sees_new_patients(self, client, clinic):
        clinic.steve.takes_new_patients = False
        clinic.steve.save()
        response = client.get("/book/dry-needling/")
        assert {choice.person for choice in response.context["calendar"].choices} == {clinic.amara}
        assert "someone who does both" not in words_of(response)

    def test_a_practitioner_without_first_visits_does_not_hide_the_times_of_new_patients(self, client, clinic):
        clinic.assessment.practitioner_services.filter(practitioner=clinic.steve).delete()
        response = client.get("/book/dry-needling/?practitioner=steve-hansen")
        assert response.context["params"].practitioner is None
        assert {choice.person for choice in response.context["calendar"].choices} == {clinic.amara}

    def test_a_returning_patient_books_the_service_itself(self, client, clinic):
        response = follow(client, client.get("/book/dry-needling/"), "I've been here before")
        assert response.context["service"] == clinic.needling
        choose(client, slug="dry-needling", query="?visit=returning")
        assert Appointment.objects.get().service == clinic.needling

    def test_a_returning_patient_is_referred_to_other_services(self, client, clinic):
        clinic.assessment.audience = "new"
        clinic.assessment.save()
        assert "/book/?visit=returning" in text_of(client.get("/book/assessment/?visit=returning"))
        assert choose(client, query="?visit=returning").status_code == 422
        assert not Appointment.objects.exists()


class TestHolding:
    def test_choosing_a_slot_holds_it_and_redirects(self, client):
        response = choose(client)
        hold = Appointment.objects.get()
        assert (response.status_code, response["Location"]) == (302, "/book/details/")
        assert (hold.status, hold.starts_at, hold.hold_expires_at) == ("held", NINE, NOW + timedelta(minutes=10))

    def test_choosing_the_same_slot_again_extends_the_hold(self, client):
        choose(client)
        hold = Appointment.objects.get()
        choose(client)
        assert Appointment.objects.get() == hold
        assert [event.kind for event in hold.events.all()] == ["held", "held"]

    def test_choosing_another_slot_releases_the_first(self, client):
        choose(client)
        choose(client, QUARTER_TO_TEN)
        assert list(Appointment.objects.filter(status="held").values_list("starts_at", flat=True)) == [QUARTER_TO_TEN]

    def test_a_held_slot_is_still_available_to_its_holder(self, client):
        choose(client, query="?visit=new&practitioner=steve-hansen")
        page = client.get("/book/assessment/?visit=new&practitioner=steve-hansen&day=2026-11-24")
        assert NINE in starts(page)

    def test_a_held_slot_is_not_available_to_others(self, client):
        choose(client, query="?visit=new&practitioner=steve-hansen")
        page = Client().get("/book/assessment/?visit=new&practitioner=steve-hansen&day=2026-11-24")
        assert NINE not in starts(page)

    def test_other_pages_show_the_current_hold(self, client):
        choose(client)
        for address in ("/book/", "/book/assessment/?visit=new", "/book/dry-needling/?visit=returning"):
            page = client.get(address)
            assert "You're holding Tuesday, November 24, 9:00 a.m. until 8:10 a.m." in words_of(page)
            assert 'href="/book/details/">Continue' in text_of(page)

    def test_a_hold_is_let_go_by_its_button(self, client):
        choose(client)
        hold = Appointment.objects.get()
        response = client.post("/book/assessment/?visit=new", {"release": hold.reference})
        assert (response.status_code, response["Location"]) == (302, "/book/assessment/?visit=new")
        assert Appointment.objects.get().status == "expired"
        assert "You're holding" not in words_of(client.get("/book/assessment/"))

    def test_a_button_about_another_hold_lets_nothing_go(self, client):
        choose(client)
        other = Client()
        choose(other, QUARTER_TO_TEN)
        reference = Appointment.objects.get(starts_at=QUARTER_TO_TEN).reference
        client.post("/book/assessment/", {"release": reference})
        assert set(Appointment.objects.values_list("status", flat=True)) == {"held"}

    def test_changing_the_time_keeps_the_selected_practitioner(self, client):
        choose(client, query="?visit=new&practitioner=steve-hansen")
        assert "practitioner=steve-hansen" in client.get("/book/details/").context["change_time"]
        choose(client)
        assert "practitioner" not in client.get("/book/details/").context["change_time"]

    def test_a_lost_race_shows_the_day_with_the_three_nearest_slots(self, client, clinic):
        client.get("/book/assessment/")
        book_all(clinic)
        response = choose(client)
        assert response.status_code == 409
        assert nearest(response) == [QUARTER_TO_TEN + timedelta(minutes=45 * n) for n in range(3)]
        assert response.context["calendar"].selected == TUESDAY
        assert "Tuesday, November 24, 9:00 a.m. is no longer free." in words_of(response)
        assert not Appointment.objects.filter(status="held").exists()

    def test_a_lost_race_says_that_answers_are_kept(self, client, clinic):
        choose(client)
        type_details(client)
        book_all(clinic, QUARTER_TO_TEN)
        response = choose(client, QUARTER_TO_TEN)
        assert response.status_code == 409
        assert "We kept what you typed." in words_of(response)

    def test_sending_no_time_says_what_is_missing(self, client):
        response = client.post("/book/assessment/", {})
        page = text_of(response)
        assert response.status_code == 422
        assert "Choose a time for your appointment." in page
        assert 'href="#id_start"' in page
        assert 'id="id_start"' in page
        assert "<title>Error:" in page

    def test_the_emergency_signs_come_before_a_first_visit_only(self, client, clinic):
        clinic.assessment.shows_emergency_signs = True
        clinic.assessment.save()
        assert choose(client)["Location"] == "/book/safety/"
        page = text_of(client.get("/book/safety/"))
        assert "New loss of bladder or bowel control" in page
        assert "911" in page
        assert "811" in page
        assert choose(client, query="?visit=returning")["Location"] == "/book/details/"
        assert client.get("/book/safety/").status_code == 302


class TestLinksToATime:
    def test_a_link_to_a_slot_shows_its_day_and_takes_it_with_one_button(self, client):
        page = client.get(f"/book/assessment/?start={instant(NINE)}")
        assert page.context["calendar"].selected == TUESDAY
        (card,) = re.findall(r'<button class="time-card time-card--main".*?</button>', text_of(page))
        assert 'value="2026-11-24T15:00Z' in card

    def test_a_link_to_a_taken_slot_offers_the_three_nearest(self, client, clinic):
        book_all(clinic)
        response = client.get(f"/book/assessment/?start={instant(NINE)}")
        assert response.status_code == 410
        assert nearest(response) == [QUARTER_TO_TEN + timedelta(minutes=45 * n) for n in range(3)]

    def test_a_link_to_a_slot_is_gone_if_no_slots_are_left(self, client):
        WorkingHours.objects.all().delete()
        response = client.get(f"/book/assessment/?start={instant(NINE)}")
        assert response.status_code == 410
        assert "No free times online" in text_of(response)


@pytest.mark.parametrize("query", ["", "?day=9999-12-31", "?part=evening", "?practitioner=steve-hansen"])
def test_without_free_slots_the_waitlist_form_is_on_the_page_with_the_phone_number(client, query):
    WorkingHours.objects.all().delete()
    response = client.get(f"/book/assessment/{query}")
    page = text_of(response)
    assert "No free times online" in page
    assert "403-555-0100" in page
    assert f'action="{escape(response.context["waitlist_post_to"])}"' in page


def typed_on(response, **answers):
    """The waitlist form of a page without free times, filled in."""
    form = response.context["waitlist_form"]
    data = {name: form[name].value() or "" for name in form.fields}
    return data | {"name": "Alice Martin", "email": "alice@patients.example", "phone": "403-555-0123"} | answers


def test_who_finds_nothing_free_joins_the_waitlist_with_one_form(client):
    WorkingHours.objects.all().delete()
    response = client.get("/book/assessment/?visit=new&practitioner=steve-hansen")
    with time_machine.travel(NOW + timedelta(seconds=30), tick=False):
        sent = client.post(response.context["waitlist_post_to"], typed_on(response))
    assert sent["Location"] == "/waitlist/joined/"
    entry = WaitlistEntry.objects.get()
    assert (entry.name, entry.practitioner.slug) == ("Alice Martin", "steve-hansen")


def test_what_was_typed_for_the_waitlist_is_kept_when_something_is_missing(client):
    WorkingHours.objects.all().delete()
    response = client.get("/book/assessment/?visit=new")
    again = client.post(response.context["waitlist_post_to"], typed_on(response, email=""))
    assert again.status_code == 422
    assert again.context["form"]["name"].value() == "Alice Martin"
    assert "Enter an email address." in words_of(again)


def test_a_service_only_staff_book_says_to_call(client, clinic):
    clinic.assessment.booked_by = "staff"
    clinic.assessment.save()
    response = client.get("/book/assessment/")
    assert response.status_code == 404
    assert "call us at" in text_of(response)


def test_a_service_that_does_not_exist_is_not_found(client):
    assert client.get("/book/levitation/").status_code == 404


class TestLengthsThatDiffer:
    @pytest.fixture(autouse=True)
    def slower(self, clinic):
        PractitionerService.objects.filter(practitioner=clinic.amara, service=clinic.assessment).update(
            own_duration=timedelta(hours=1)
        )

    def test_each_length_is_shown_with_its_people(self, client, clinic):
        response = client.get("/book/assessment/?visit=new&day=2026-11-24")
        assert "45 minutes with Steve Hansen, 1 hour with Amara Okafor" in words_of(response)
        details = {choice.local.strftime("%H:%M"): choice.details for choice in response.context["calendar"].choices}
        assert details["09:45"] == "45 minutes, with Steve Hansen"
        assert details["10:00"] == "1 hour, with Amara Okafor"

    def test_a_chosen_persons_length_is_shown_alone(self, client, clinic):
        response = client.get("/book/assessment/?visit=new&practitioner=amara-okafor")
        assert "45 minutes" not in words_of(response)
