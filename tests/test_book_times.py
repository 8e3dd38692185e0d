"""Choosing a time: a week at a time, by address, and what happens to links that have grown old."""

import re
from datetime import date, datetime, time, timedelta

import pytest
from django.test.utils import CaptureQueriesContext

from booking.models import Appointment, Closure, WorkingHours
from tests.conftest import NOW
from tests.journey import NINE, QUARTER_TO_TEN, choose, instant, make_small_clinic, text_of, type_details, words_of
from tests.make import make_appointment, make_hours, make_location, make_practitioner


@pytest.fixture(autouse=True)
def clinic(db, stopped_clock):
    return make_small_clinic()


def starts(response):
    return [choice.opening.starts_at for day in response.context["week"].days for choice in day.choices]


def nearest(response):
    return [choice.opening.starts_at for day in response.context["days"] for choice in day.choices]


def fill_up(clinic, at=NINE):
    """Take a start from everybody."""
    for person in (clinic.steve, clinic.amara):
        make_appointment(
            service=clinic.assessment,
            practitioner=person,
            location=clinic.location,
            starts_at=at,
            buffer_after=timedelta(0),
        )


def test_the_first_week_with_a_free_start_is_shown(client, clinic):
    WorkingHours.objects.update(starts_on=date(2026, 12, 9))
    response = client.get("/book/assessment/?visit=new")
    assert response.context["week"].monday == date(2026, 12, 7)
    assert starts(response)[0] == datetime(2026, 12, 9, 15, tzinfo=NINE.tzinfo)


def test_a_week_can_be_asked_for_and_its_neighbours_are_linked(client):
    response = client.get("/book/assessment/?from=2026-12-03")
    assert {start.date() for start in starts(response)} == {date(2026, 11, 30) + timedelta(days=n) for n in range(5)}
    page = text_of(response)
    assert "from=2026-11-23#times" in page
    assert "from=2026-12-07#times" in page


def test_there_is_no_week_before_today_nor_after_the_horizon(client):
    first = client.get("/book/assessment/").context["week"]
    last = client.get("/book/assessment/?from=2027-01-20").context["week"]
    assert (first.earlier_on, last.later_on) == (None, None)


def test_no_week_is_offered_before_the_first_with_a_free_start(client, clinic):
    WorkingHours.objects.update(starts_on=date(2026, 12, 9))
    first = client.get("/book/assessment/?visit=new").context["week"]
    later = client.get("/book/assessment/?visit=new&from=2026-12-14").context["week"]
    assert (first.earlier_on, later.earlier_on) == (None, date(2026, 12, 7))


def test_each_time_says_its_whole_sentence(client):
    sentences = [
        choice.sentence
        for day in client.get("/book/dry-needling/?visit=returning").context["week"].days
        for choice in day.choices
    ]
    assert "Tuesday 24 November 2026, 9:00 am, 45 minutes, with Steve Hansen" in sentences


def test_one_person_can_be_asked_for(client, clinic):
    WorkingHours.objects.filter(practitioner=clinic.amara).exclude(weekday=2).delete()
    response = client.get("/book/assessment/?practitioner=amara-okafor")
    assert {start.date() for start in starts(response)} == {date(2026, 11, 25)}


def test_the_next_free_time_of_each_person_is_shown(client, clinic):
    WorkingHours.objects.filter(practitioner=clinic.amara).exclude(weekday=2).delete()
    page = words_of(client.get("/book/assessment/"))
    assert "Next free: Monday 23 November, 10:30 am" in page
    assert "Next free: Wednesday 25 November, 9:00 am" in page


def test_a_place_is_asked_for_only_where_there_are_several(client, clinic):
    assert 'name="location"' not in text_of(client.get("/book/assessment/"))
    calgary = make_location(name="Calgary", slug="calgary", position=1)
    make_hours(clinic.amara, calgary, weekdays=[5])
    response = client.get("/book/assessment/?location=calgary")
    assert 'name="location"' in text_of(response)
    assert {start.date() for start in starts(response)} == {date(2026, 11, 28)}


def test_without_an_answer_the_place_with_the_first_free_time_is_shown(client, clinic):
    calgary = make_location(name="Calgary", slug="calgary", position=1)
    WorkingHours.objects.update(location=calgary)
    assert client.get("/book/assessment/").context["place"] == calgary


def test_a_time_shown_for_one_place_is_never_held_at_the_other(client, clinic):
    calgary = make_location(name="Calgary", slug="calgary", position=1)
    for person in (clinic.steve, clinic.amara):
        make_hours(person, calgary, weekdays=[1, 5])
    WorkingHours.objects.filter(location=clinic.location, weekday=1).delete()
    page = client.get("/book/assessment/?visit=new")
    assert page.context["place"] == clinic.location
    # Before the form is sent, the first free time moves to Calgary; the time that was chosen is free there only.
    WorkingHours.objects.filter(location=clinic.location).update(starts_on=date(2026, 12, 7))
    response = client.post(page.context["post_to"], {"start": instant(NINE)})
    assert response.status_code == 409
    assert response.context["place"] == clinic.location
    assert not Appointment.objects.exists()


def test_every_form_and_link_of_the_page_names_the_place_it_shows(client, clinic):
    make_location(name="Calgary", slug="calgary", position=1)
    page = text_of(client.get("/book/assessment/?visit=new"))
    assert 'method="post" action="/book/assessment/?visit=new&amp;location=okotoks"' in page
    assert 'href="/book/assessment/?visit=new&amp;location=okotoks&amp;from=2026-11-30#times"' in page
    fill_up(clinic)
    taken = text_of(choose(client))
    assert 'method="post" action="/book/assessment/?visit=new&amp;location=okotoks"' in taken


def test_weeks_can_be_turned_one_after_the_other(client):
    address = "/book/assessment/"
    for monday in (date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 7)):
        response = client.get(address)
        assert response.context["week"].monday == monday
        address = re.search(r'href="([^"]+)#times">Later', text_of(response))[1].replace("&amp;", "&")


def test_a_week_without_free_times_names_the_nearest_weeks_that_have_some(client, clinic):
    WorkingHours.objects.update(starts_on=date(2026, 12, 9))
    response = client.get("/book/assessment/?from=2026-11-30")
    assert response.context["week"].elsewhere == [date(2026, 12, 7)]
    assert "No free times this week" in text_of(response)


def test_when_nothing_is_left_the_page_says_so_with_the_phone(client):
    WorkingHours.objects.all().delete()
    page = text_of(client.get("/book/assessment/"))
    assert "No free times online" in page
    assert "(403) 555-0100" in page


def test_where_new_and_returning_differ_it_is_asked_above_the_times(client):
    page = text_of(client.get("/book/dry-needling/?from=2026-11-30"))
    assert "Have you been here before?" in page
    assert 'name="from" value="2026-11-30"' in page
    assert 'name="start"' not in page


def test_a_person_who_takes_no_new_patients_makes_the_question_matter(client, clinic):
    clinic.amara.takes_new_patients = False
    clinic.amara.save()
    assert "Have you been here before?" in text_of(client.get("/book/assessment/"))
    page = text_of(client.get("/book/assessment/?visit=new&practitioner=amara-okafor"))
    assert "Amara Okafor takes no new patients just now" in page


def test_a_new_patient_is_led_from_a_returning_service_to_its_first_visit(client):
    page = text_of(client.get("/book/dry-needling/?visit=new"))
    assert "is for people we have met before" in page
    assert "/book/assessment/?visit=new" in page
    assert choose(client, slug="dry-needling", query="?visit=new").status_code == 422
    assert not Appointment.objects.exists()


def test_a_returning_patient_is_led_from_a_first_visit_to_the_others(client, clinic):
    clinic.assessment.audience = "new"
    clinic.assessment.save()
    assert "/book/?visit=returning" in text_of(client.get("/book/assessment/?visit=returning"))


def test_a_link_to_a_time_chooses_it(client):
    response = client.get(f"/book/assessment/?start={instant(NINE)}")
    assert [c.opening.starts_at for d in response.context["week"].days for c in d.choices if c.is_chosen] == [NINE]


def test_a_link_to_a_taken_time_shows_the_three_nearest(client, clinic):
    fill_up(clinic)
    response = client.get(f"/book/assessment/?start={instant(NINE)}")
    assert response.status_code == 410
    assert nearest(response) == [QUARTER_TO_TEN + timedelta(minutes=45 * n) for n in range(3)]


def test_choosing_a_time_holds_it_and_goes_on(client):
    response = choose(client)
    hold = Appointment.objects.get()
    assert (response.status_code, response["Location"]) == (302, "/book/details/")
    assert (hold.status, hold.starts_at, hold.hold_expires_at) == ("held", NINE, NOW + timedelta(minutes=10))


def test_choosing_the_same_time_again_holds_it_for_longer(client):
    choose(client)
    held = Appointment.objects.get()
    choose(client)
    assert Appointment.objects.get() == held
    assert [event.kind for event in held.events.all()] == ["held", "held"]


def test_choosing_again_gives_the_first_time_back(client):
    choose(client)
    choose(client, QUARTER_TO_TEN)
    assert list(Appointment.objects.filter(status="held").values_list("starts_at", flat=True)) == [QUARTER_TO_TEN]


def test_the_own_hold_stays_on_offer_to_its_holder(client):
    choose(client, query="?visit=new&practitioner=steve-hansen")
    assert NINE in starts(client.get("/book/assessment/?visit=new&practitioner=steve-hansen"))


def test_the_own_hold_is_chosen_already_when_its_holder_looks_again(client):
    choose(client)
    week = client.get("/book/assessment/?visit=new").context["week"]
    assert [choice.opening.starts_at for day in week.days for choice in day.choices if choice.is_chosen] == [NINE]


def test_whoever_asked_for_a_person_sees_that_person_s_times_when_changing_the_time(client):
    choose(client, query="?visit=new&practitioner=steve-hansen")
    assert "practitioner=steve-hansen" in client.get("/book/details/").context["change_time"]
    choose(client)
    assert "practitioner" not in client.get("/book/details/").context["change_time"]


def test_a_lost_race_says_so_and_offers_the_three_nearest(client, clinic):
    client.get("/book/assessment/")
    fill_up(clinic)
    response = choose(client)
    assert response.status_code == 409
    assert nearest(response) == [QUARTER_TO_TEN + timedelta(minutes=45 * n) for n in range(3)]
    assert not Appointment.objects.filter(status="held").exists()


def test_continuing_without_a_time_says_what_is_missing(client):
    response = client.post("/book/assessment/", {})
    page = text_of(response)
    assert response.status_code == 422
    assert "Choose a time for your visit." in page
    assert 'href="#id_start_0"' in page
    assert "<title>Error:" in page


def test_the_emergency_signs_come_before_a_first_visit_only(client, clinic):
    clinic.assessment.shows_emergency_signs = True
    clinic.assessment.save()
    assert choose(client)["Location"] == "/book/safety/"
    page = text_of(client.get("/book/safety/"))
    assert "New loss of bladder or bowel control" in page
    assert "911" in page
    assert "811" in page
    assert choose(client, query="?visit=returning")["Location"] == "/book/details/"
    assert client.get("/book/safety/").status_code == 302


def test_a_service_only_staff_book_says_to_call(client, clinic):
    clinic.assessment.booked_by = "staff"
    clinic.assessment.save()
    response = client.get("/book/assessment/")
    assert response.status_code == 404
    assert "call us on" in text_of(response)


def test_a_service_that_does_not_exist_is_not_found(client):
    assert client.get("/book/levitation/").status_code == 404


def test_one_or_three_people_need_the_same_number_of_queries(client, clinic):
    from django.db import connection

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/book/assessment/?visit=new&from=2026-11-30").status_code == 200
        return len(captured)

    clinic.assessment.practitioner_services.filter(practitioner=clinic.amara).delete()
    with_one = queries()
    for name in ("Jo Bell", "Mia Tran"):
        make_hours(make_practitioner([clinic.assessment], name=name), clinic.location, end_time=time(12))
    assert queries() == with_one


def test_with_whom_is_a_link_so_that_no_choice_is_forgotten_below(client, clinic):
    page = client.get("/book/assessment/?visit=new")
    hrefs = [url for _person, _free_at, url in page.context["people"]]
    assert len(hrefs) == 2
    for href, person in zip(hrefs, page.context["people"], strict=True):
        assert client.get(href).context["asked"].practitioner == person[0]
    assert client.get(page.context["with_anyone"]).context["asked"].practitioner is None


def test_a_holiday_is_named_where_nobody_works(client, clinic):
    Closure.objects.create(location=clinic.location, on=date(2026, 11, 25), name="Founders Day")
    page = words_of(client.get("/book/assessment/?visit=new"))
    assert "Wednesday 25 November Closed: Founders Day" in page
    assert "Saturday 28 November No free times" in page


def test_a_week_of_holidays_names_them(client, clinic):
    for day in range(24, 30):
        Closure.objects.create(location=clinic.location, on=date(2026, 11, day), name=f"Holiday {day}")
    fill = [NOW + timedelta(minutes=150 + 45 * n) for n in range(9)]
    for at in fill:
        fill_up(clinic, at)
    page = words_of(client.get("/book/assessment/?visit=new&from=2026-11-23"))
    assert "Friday 27 November: closed, Holiday 27." in page


@pytest.mark.parametrize("field", ["shows_emergency_signs", "takes_new_patients"])
def test_where_the_answer_matters_it_is_asked_above_the_times_of_a_visit_for_anyone(client, clinic, field):
    if field == "shows_emergency_signs":
        clinic.assessment.shows_emergency_signs = True
        clinic.assessment.save()
    else:
        clinic.amara.takes_new_patients = False
        clinic.amara.save()
    page = text_of(client.get("/book/assessment/"))
    assert 0 < page.index("Have you been here before?") < page.index('name="start"')
    response = choose(client, query="")
    assert response.status_code == 422
    assert 'href="#id_visit_0"' in text_of(response)
    assert [c.opening.starts_at for d in response.context["week"].days for c in d.choices if c.is_chosen] == [NINE]
    sent = {"start": instant(NINE), "visit": "new"}
    next_page = "/book/safety/" if field == "shows_emergency_signs" else "/book/details/"
    assert client.post("/book/assessment/", sent)["Location"] == next_page
    assert Appointment.objects.get().is_first_visit is True
    assert Appointment.objects.get().practitioner in (clinic.steve, clinic.amara)


def test_a_new_patient_never_gets_somebody_who_takes_none(client, clinic):
    clinic.amara.takes_new_patients = False
    clinic.amara.save()
    WorkingHours.objects.filter(practitioner=clinic.steve).delete()
    response = client.post("/book/assessment/", {"start": instant(NINE), "visit": "new"})
    assert response.status_code == 409
    assert not Appointment.objects.exists()


def test_an_answer_can_be_changed_where_it_matters(client):
    answer_again = client.get("/book/dry-needling/?visit=returning").context["answer_again"]
    assert "Have you been here before?" in text_of(client.get(answer_again))
    assert "change whether it is the first visit" not in words_of(client.get("/book/assessment/?visit=new"))


def test_not_for_you_says_nothing_of_what_the_patient_cannot_have(client, clinic):
    clinic.needling.price = 999
    clinic.needling.save()
    page = words_of(client.get("/book/dry-needling/?visit=new"))
    assert "$999" not in page
    assert "Physiotherapy assessment" in page


def test_with_anyone_the_page_says_who_that_can_be(client):
    assert "free at the time you choose: Steve Hansen or Amara Okafor" in words_of(client.get("/book/assessment/"))
    assert "free at the time" not in words_of(client.get("/book/assessment/?practitioner=steve-hansen"))


@pytest.mark.parametrize("signs", [False, True], ids=["without signs", "with signs"])
@pytest.mark.parametrize("visit", ["new", "returning", ""])
def test_the_steps_count_the_same_on_every_way(client, clinic, signs, visit):
    clinic.assessment.shows_emergency_signs = signs
    clinic.assessment.save()
    said = {"visit": visit or "new"}
    query = f"?visit={visit}" if visit else ""
    assert "Step 1 of 4" in words_of(client.get(f"/book/{query}"))
    assert "Step 2 of 4" in words_of(client.get(f"/book/assessment/{query}"))
    way = client.post(f"/book/assessment/{query}", said | {"start": instant(NINE)})["Location"]
    assert (way == "/book/safety/") == (signs and visit != "returning")
    if way == "/book/safety/":
        assert "Before step 3 of 4" in words_of(client.get(way))
    assert "Step 3 of 4" in words_of(client.get("/book/details/"))
    type_details(client, visit=visit or "new")
    assert "Step 4 of 4" in words_of(client.get("/book/check/"))


def test_somebody_who_looks_further_is_told_what_they_hold(client):
    choose(client)
    for address in ("/book/", "/book/assessment/?visit=new", "/book/dry-needling/?visit=returning"):
        page = client.get(address)
        assert "We hold Tuesday 24 November, 9:00 am for you until 8:10 am" in words_of(page)
        assert 'href="/book/details/">Go on with that time' in text_of(page)


def test_a_link_to_a_time_where_nothing_is_left_is_gone(client):
    WorkingHours.objects.all().delete()
    response = client.get(f"/book/assessment/?start={instant(NINE)}")
    assert response.status_code == 410
    assert "No free times online" in text_of(response)
