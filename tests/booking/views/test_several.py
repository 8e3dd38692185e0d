"""Several appointments in one go, on the pages: choose, hold, fill in once, review, book all or none."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking import messages, scheduling
from booking.models import Appointment, Clinic, Patient, RateLimitBucket, Status
from booking.scheduling import Actor
from tests.support import factories
from tests.support.journey import NINE, choose, instant, type_details, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock", "clinic")]
WEEK = timedelta(weeks=1)
TIMES = "/book/assessment/?visit=new&several=1"
STEVE = TIMES + "&practitioner=steve-hansen"


def toggle(client, *starts, address=STEVE, follow=False):
    return client.post(address, {"start": [instant(start) for start in starts]}, follow=follow)


def held():
    return list(
        Appointment.objects.filter(status=Status.HELD).order_by("starts_at").values_list("starts_at", flat=True)
    )


def review(client):
    context = client.get("/book/check/").context
    return {"hold": context["stamp"], "submission_key": context["submission_key"]}


def book_all(client, *starts, **answers):
    toggle(client, *starts)
    assert type_details(client, **answers)["Location"] == "/book/check/"
    return client.post("/book/check/", review(client))


def field(name, start):
    return f"{name}_{Appointment.objects.get(starts_at=start, status=Status.HELD).reference}"


class TestChoosing:
    def test_each_press_holds_a_time_and_leads_back_to_its_button(self, client):
        answer = toggle(client, NINE)
        assert answer.status_code == 302
        assert answer["Location"].endswith(f"#at-{int(NINE.timestamp())}")
        assert "several=1" in answer["Location"]
        page = client.get(answer["Location"]).content.decode()
        assert re.search(rf'id="at-{int(NINE.timestamp())}" aria-pressed="true"\s+name="remove"', page)
        assert page.count('aria-pressed="false"') > 5
        assert "Book this appointment" in page

    def test_a_second_press_returns_it(self, client):
        toggle(client, NINE)
        reference = Appointment.objects.get().reference
        assert client.post(TIMES, {"remove": reference}).status_code == 302
        assert held() == []
        assert client.post(TIMES, {"remove": reference}).status_code == 302

    def test_the_tray_names_the_times_and_until_when_they_are_held(self, client):
        toggle(client, NINE)
        words = words_of(toggle(client, NINE + WEEK, follow=True))
        assert "2 appointments held until 8:10 a.m." in words
        assert "Tue, Dec 1, 9:00 a.m. with Steve" in words
        assert "Book these 2 appointments" in words

    def test_once_begun_every_times_page_adds_to_the_basket(self, client):
        toggle(client, NINE)
        choose(client, NINE + WEEK)
        assert held() == [NINE, NINE + WEEK]

    def test_the_one_time_that_was_held_before_is_in_the_tray(self, client):
        choose(client, NINE)
        assert "1 appointment held until" in words_of(client.get(TIMES))
        toggle(client, NINE + WEEK)
        assert held() == [NINE, NINE + WEEK]

    def test_two_first_presses_at_once_lead_to_one_basket(self, client):
        client.get(TIMES)
        choose(client, NINE + 5 * WEEK)  # The session has begun, and has no basket.
        client.post("/book/assessment/", {"release": Appointment.objects.get().reference})
        before = dict(client.session.items())
        toggle(client, NINE)
        session = client.session  # As the second request read it, before the first one wrote it.
        session.clear()
        session.update(before)
        session.save()
        toggle(client, NINE + WEEK)
        assert "2 appointments" in words_of(client.get(TIMES))
        assert Appointment.objects.filter(status=Status.HELD).values("series").distinct().count() == 1

    def test_after_letting_all_go_a_new_basket_begins_with_its_own_40_minutes(self, client):
        toggle(client, NINE)
        client.post(TIMES, {"release": "all"})
        with time_machine.travel(timezone.now() + timedelta(minutes=45), tick=False):
            assert toggle(client, NINE).status_code == 302
            assert held() == [NINE]

    def test_a_basket_that_became_empty_is_forgotten_so_that_the_next_has_its_own_40_minutes(self, client):
        toggle(client, NINE)
        client.post(TIMES, {"remove": Appointment.objects.get().reference})
        with time_machine.travel(timezone.now() + timedelta(minutes=45), tick=False):
            assert toggle(client, NINE).status_code == 302
            assert held() == [NINE]

    def test_another_kind_of_visit_at_a_chosen_time_is_refused_in_words(self, client, clinic):
        toggle(client, NINE)
        other = factories.make_service(duration=clinic.assessment.duration)
        clinic.steve.practitioner_services.create(service=other)
        answer = toggle(client, NINE, address=f"/book/{other.slug}/?visit=new&several=1&practitioner=steve-hansen")
        assert answer.status_code == 422
        assert "You already have a time then." in words_of(answer)
        assert held() == [NINE]

    def test_all_can_be_let_go(self, client):
        toggle(client, NINE, NINE + WEEK)
        answer = client.post(TIMES, {"release": "all"})
        assert "several" not in answer["Location"]
        assert held() == []

    def test_a_time_that_someone_took_is_named_with_the_nearest(self, client):
        choose(Client(), NINE, query="?visit=new&practitioner=steve-hansen")
        answer = toggle(client, NINE)
        assert answer.status_code == 409
        assert "9:00 a.m. is no longer free" in words_of(answer)
        assert answer.context["nearest"]

    def test_beyond_the_service_s_number_a_sentence_says_so(self, client, clinic):
        clinic.assessment.series_limit = 2
        clinic.assessment.save()
        toggle(client, NINE, NINE + WEEK)
        answer = toggle(client, NINE + 2 * WEEK)
        assert answer.status_code == 422
        assert "up to 2 appointments in one go" in words_of(answer)

    def test_a_service_for_one_at_a_time_offers_no_several(self, client, clinic):
        assert "Book more than one appointment" in words_of(client.get("/book/assessment/?visit=new"))
        clinic.assessment.series_limit = 1
        clinic.assessment.save()
        assert "Book more than one appointment" not in words_of(client.get("/book/assessment/?visit=new"))
        assert "aria-pressed" not in client.get(TIMES).content.decode()

    def test_only_the_first_time_of_a_basket_counts_against_the_limit_of_the_network(self, client):
        for week in range(4):
            toggle(client, NINE + week * WEEK)
        bucket = RateLimitBucket.objects.get()
        assert bucket.used == 1

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"start": ""},
            {"start": "2026-11-24T15:00Z\0"},
            {"start": "9" * 5000},
            {"start": "2026-11-24T15:00Z nobody"},
            {"start": ["2026-11-24T15:00Z"] * 50},
            {"remove": "ZZZZZZZZ'--"},
            {"remove": ["22222222", "33333333"]},
            {"remove": "\ud800".encode("utf-8", "surrogatepass")},
        ],
    )
    def test_what_no_page_has_shown_is_refused_and_stores_nothing(self, client, data):
        assert client.post(TIMES, data).status_code == 422
        assert not Appointment.objects.exists()

    @pytest.mark.parametrize("minutes", [1, -60 * 24 * 30, 60 * 24 * 400, 7])
    def test_a_start_that_is_not_offered_is_not_held(self, client, minutes):
        assert toggle(client, NINE + timedelta(minutes=minutes)).status_code == 409
        assert held() == []

    def test_nobody_returns_the_time_of_another_session(self, client):
        toggle(client, NINE)
        reference = Appointment.objects.get().reference
        other = Client()
        toggle(other, NINE + WEEK)
        other.post(TIMES, {"remove": reference})
        assert NINE in held()

    @pytest.mark.parametrize("query", ["several=2", "several=1&several=1", "several[]=1"])
    def test_a_strange_address_is_refused(self, client, query):
        assert client.get(f"/book/assessment/?{query}").status_code in {400, 404}

    def test_a_visitor_without_a_basket_pays_no_query_for_it(self, client):
        client.get("/book/assessment/?visit=new")
        with CaptureQueriesContext(connection) as queries:
            client.get("/book/assessment/?visit=new")
        assert not [one for one in queries if '"series" =' in one["sql"]]

    def test_times_that_ran_out_are_named_and_can_still_be_booked(self, client):
        toggle(client, NINE, NINE + WEEK)
        with time_machine.travel(timezone.now() + timedelta(minutes=50), tick=False):
            page = client.get(TIMES)
            assert "no longer holding the 2 times you chose" in words_of(page)
            refused = toggle(client, NINE + 2 * WEEK)
            assert refused.status_code == 422
            assert "We can&#x27;t hold these times any longer" in words_of(refused)
            assert client.get(page.context["go_on"]).status_code == 200


class TestWeeks:
    def weeks(self, client, number=4):
        return client.get(f"{STEVE}&weeks={number}")

    def test_the_weeks_are_listed_and_one_press_holds_them_all(self, client):
        toggle(client, NINE)
        page = self.weeks(client)
        assert "Every week for 4 weeks" in words_of(page)
        toggle(client, *(choice.starts_at for choice in page.context["weeks_new"]))
        assert held() == [NINE + number * WEEK for number in range(4)]

    def test_what_is_full_is_named_and_the_nearest_is_offered_instead(self, client, clinic):
        factories.make_appointment(
            service=clinic.assessment, practitioner=clinic.steve, location=clinic.location, starts_at=NINE + WEEK
        )
        toggle(client, NINE)
        page = self.weeks(client)
        assert "9:00 a.m. is taken. This is the nearest." in words_of(page)
        toggle(client, *(choice.starts_at for choice in page.context["weeks_new"]))
        assert held()[1] == NINE + WEEK + timedelta(minutes=45)

    def test_a_week_without_anything_near_is_left_out(self, client, clinic):
        clinic.steve.time_off.create(starts_on="2026-11-27", ends_on="2026-12-05")
        toggle(client, NINE)
        page = self.weeks(client)
        assert "full, and nothing near it is free" in words_of(page)
        assert len(page.context["weeks_new"]) == 2

    def test_if_one_was_taken_since_none_is_held(self, client):
        toggle(client, NINE)
        starts = [choice.starts_at for choice in self.weeks(client).context["weeks_new"]]
        choose(Client(), starts[1], query="?visit=new&practitioner=steve-hansen")
        answer = toggle(client, *starts)
        assert answer.status_code == 409
        assert held() == [NINE, starts[1]]

    @pytest.mark.parametrize("number", ["5", "0", "-4", "4&weeks=6", "٤", "99999999999999999999"])
    def test_only_the_numbers_that_are_offered_are_answered(self, client, number):
        toggle(client, NINE)
        assert self.weeks(client, number).status_code in {400, 404}

    def test_without_a_chosen_time_there_are_no_weeks(self, client):
        assert self.weeks(client).status_code == 200
        assert not self.weeks(client).context["weeks"]

    def test_no_more_weeks_than_the_service_allows(self, client, clinic):
        clinic.assessment.series_limit = 5
        clinic.assessment.save()
        toggle(client, NINE)
        assert [number for number, _ in client.get(STEVE).context["weeks_links"]] == [4]

    def test_the_other_times_of_the_basket_count_as_well(self, client, clinic):
        clinic.assessment.series_limit = 6
        clinic.assessment.save()
        toggle(client, NINE, NINE + timedelta(days=1), NINE + timedelta(days=2))
        assert [number for number, _ in client.get(STEVE).context["weeks_links"]] == [4]
        assert self.weeks(client, 6).status_code == 404


class TestBooking:
    def test_one_form_books_all_and_the_last_page_names_each(self, client):
        answer = book_all(client, NINE, NINE + WEEK, NINE + 2 * WEEK)
        assert answer["Location"] == "/book/done/"
        booked = Appointment.objects.filter(status=Status.BOOKED)
        assert booked.count() == 3
        assert booked.values("series").distinct().count() == 1
        page = client.get("/book/done/")
        words = words_of(page)
        assert "Your 3 appointments are booked" in words
        assert "Tuesday, December 8, 9:00 a.m." in words.replace("\xa0", " ")
        assert page.content.decode().count('href="/appointment/') >= 3
        messages.send_due(now=timezone.now() + timedelta(minutes=5))
        assert sum("alice@patients.example" in sent.to for sent in mail.outbox) == 3

    def test_the_review_names_them_all_with_prices_and_rules(self, client):
        toggle(client, NINE, NINE + WEEK)
        type_details(client)
        words = words_of(client.get("/book/check/")).replace("\xa0", " ")
        assert "Tuesday, November 24, 9:00 a.m." in words
        assert "Tuesday, December 1, 9:00 a.m." in words
        assert words.count("$140") >= 2
        assert "$280 in all" in words
        assert words.count("Free to change or cancel online until") >= 1
        assert "Book all 2 appointments" in words

    def test_a_name_beside_a_time_books_it_for_a_second_child(self, client):
        toggle(client, NINE, NINE + WEEK)
        type_details(client, booking_for="me", **{field("who", NINE + WEEK): "Lea Martin"})
        assert "For Lea Martin" in words_of(client.get("/book/check/"))
        client.post("/book/check/", review(client))
        lea = Patient.objects.get(name="Lea Martin")
        assert (lea.contact_name, lea.email) == ("Alice Martin", "alice@patients.example")
        assert lea.appointments.get().starts_at == NINE + WEEK
        assert "For Lea" in words_of(client.get("/book/done/"))

    def test_ones_own_name_beside_a_time_makes_no_second_patient(self, client):
        toggle(client, NINE, NINE + WEEK)
        type_details(client, booking_for="me", **{field("who", NINE + WEEK): " alice  MARTIN "})
        client.post("/book/check/", review(client))
        assert Patient.objects.count() == 1
        assert Appointment.objects.filter(status=Status.BOOKED).count() == 2

    def test_two_children_in_one_go(self, client):
        toggle(client, NINE, NINE + WEEK)
        type_details(
            client, booking_for="other", contact_name="Alice Martin", name="Tom Martin",
            **{field("who", NINE + WEEK): "Lea Martin"},
        )  # fmt: skip
        client.post("/book/check/", review(client))
        assert set(Patient.objects.values_list("name", "contact_name")) == {
            ("Tom Martin", "Alice Martin"),
            ("Lea Martin", "Alice Martin"),
        }

    def test_a_date_of_birth_is_asked_for_each_name_where_the_service_needs_one(self, client, clinic):
        clinic.assessment.needs_date_of_birth = True
        clinic.assessment.save()
        toggle(client, NINE, NINE + WEEK)
        name, born = field("who", NINE + WEEK), field("born", NINE + WEEK)
        refused = type_details(client, date_of_birth="1980-01-02", **{name: "Lea Martin"})
        assert refused.status_code == 422
        assert born in refused.context["form"].errors
        type_details(client, date_of_birth="1980-01-02", **{name: "Lea Martin", born: "2015-03-04"})
        client.post("/book/check/", review(client))
        assert Patient.objects.get(name="Lea Martin").date_of_birth.isoformat() == "2015-03-04"

    @pytest.mark.parametrize("name", ["a" * 200, "x\0y", "https://spam.example/", "\u202etxt"])
    def test_a_strange_name_is_refused_or_cleaned(self, client, name):
        toggle(client, NINE, NINE + WEEK)
        answer = type_details(client, **{field("who", NINE): name})
        assert answer.status_code in {302, 422}
        if answer.status_code == 302:
            client.post("/book/check/", review(client))
            assert not Patient.objects.filter(name__contains="\u202e").exists()

    def test_if_one_is_gone_none_is_booked_and_the_page_names_it_and_keeps_the_rest(self, client):
        toggle(client, NINE, NINE + WEEK, NINE + 2 * WEEK)
        type_details(client)
        form = review(client)
        with time_machine.travel(timezone.now() + timedelta(minutes=30), tick=False):
            choose(Client(), NINE + WEEK, query="?visit=new&practitioner=steve-hansen")
            answer = client.post("/book/check/", form)
            assert answer.status_code == 409
            words = words_of(answer).replace("\xa0", " ").replace("&#x27;", "'")
            assert "Tuesday, December 1, 9:00 a.m. is no longer free." in words
            assert "Nothing has been booked. We're keeping your other times." in words
            assert not Appointment.objects.filter(status=Status.BOOKED).exists()
            nearest = answer.context["nearest"][0]
            assert client.post(answer.context["post_to"], {"start": nearest.value}).status_code == 302
            assert client.post("/book/check/", review(client))["Location"] == "/book/done/"
        assert Appointment.objects.filter(status=Status.BOOKED).count() == 3

    def test_if_one_is_gone_when_no_more_can_be_held_no_button_is_shown_that_must_fail(self, client):
        toggle(client, NINE, NINE + WEEK, NINE + 2 * WEEK)
        type_details(client)
        form = review(client)
        with time_machine.travel(timezone.now() + timedelta(minutes=50), tick=False):
            choose(Client(), NINE + WEEK, query="?visit=new&practitioner=steve-hansen")
            answer = client.post("/book/check/", form)
            assert answer.status_code == 409
            assert "Book the others now, or let them go" in words_of(answer)
            assert 'name="start"' not in answer.content.decode()
            assert 'value="all"' in answer.content.decode()
            assert client.post("/book/check/", review(client))["Location"] == "/book/done/"
        assert Appointment.objects.filter(status=Status.BOOKED).count() == 2

    def test_the_form_sent_twice_books_once(self, client):
        toggle(client, NINE, NINE + WEEK)
        type_details(client)
        form = review(client)
        assert client.post("/book/check/", form)["Location"] == "/book/done/"
        assert client.post("/book/check/", form)["Location"] == "/book/done/"
        assert Appointment.objects.filter(status=Status.BOOKED).count() == 2

    def test_a_form_about_another_state_of_the_basket_books_nothing(self, client):
        toggle(client, NINE, NINE + WEEK)
        type_details(client)
        form = review(client)
        toggle(client, NINE + 2 * WEEK)
        answer = client.post("/book/check/", form)
        assert answer.status_code == 409
        assert "chosen another time since" in words_of(answer)
        assert not Appointment.objects.filter(status=Status.BOOKED).exists()

    def test_a_basket_of_one_is_an_ordinary_booking(self, client):
        toggle(client, NINE)
        type_details(client)
        client.post("/book/check/", review(client))
        assert Appointment.objects.get().series is None
        assert "See you tomorrow, Alice" in words_of(client.get("/book/done/"))

    def test_more_time_holds_all_of_them(self, client):
        toggle(client, NINE, NINE + WEEK)
        with time_machine.travel(timezone.now() + timedelta(minutes=8), tick=False):
            form = client.get("/book/details/").context["form"]
            client.post("/book/details/", {"hold": form["hold"].value(), "longer": "yes"})
            ends = set(Appointment.objects.values_list("hold_expires_at", flat=True))
            assert ends == {timezone.now() + timedelta(minutes=10)}

    def test_clearing_the_details_releases_all_times(self, client):
        toggle(client, NINE, NINE + WEEK)
        client.post("/appointment/forget/")
        assert held() == []

    def test_each_is_changed_by_its_own_link(self, client):
        book_all(client, NINE, NINE + WEEK)
        links = re.findall(r'href="(/appointment/[\w-]{43}/)"', client.get("/book/done/").content.decode())
        client.get(links[1])
        visit = client.get("/appointment/").context["appointment"]
        client.post("/appointment/cancel/", {"reference": visit.reference, "sequence": str(visit.sequence)})
        assert Appointment.objects.filter(status=Status.CANCELLED).count() == 1
        assert Appointment.objects.filter(status=Status.BOOKED).count() == 1
        assert client.get("/book/done/").status_code == 200


class TestConfirming:
    @pytest.fixture
    def link(self, client):
        """The email's link to two bookings of a network that has booked enough."""
        for week in (3, 4):
            assert book_all(Client(), NINE + week * WEEK, NINE + (week + 2) * WEEK)["Location"] == "/book/done/"
        book_all(client, NINE, NINE + WEEK)
        messages.send_due(now=timezone.now())
        (text,) = [sent.body for sent in mail.outbox if sent.subject.startswith("Please confirm")]
        assert "November 24" in text
        assert "December 1" in text
        return re.search(r"/appointment/[\w-]{43}/", text)[0]

    def test_the_last_page_says_that_they_wait_for_one_email(self, client, link):
        words = words_of(client.get("/book/done/")).replace("&#x27;", "'")
        assert "Your appointments aren't booked yet" in words
        assert 'press "Confirm appointments"' in words.replace("&quot;", '"')

    def test_one_press_confirms_all(self, client, link):
        page = client.get(link, follow=True)
        assert "Confirm your appointments" in words_of(page)
        assert Appointment.objects.filter(status=Status.UNCONFIRMED).count() == 2
        answer = client.post("/appointment/confirm/", {"reference": page.context["appointment"].reference}, follow=True)
        assert "Your 2 appointments are booked" in words_of(answer)
        assert not Appointment.objects.filter(status=Status.UNCONFIRMED).exists()

    def test_if_one_is_taken_another_is_chosen_and_then_all_are_booked(self, client, link):
        Clinic.objects.update(own_networks="127.0.0.1")
        toggle(Client(), NINE + WEEK)
        reference = client.get(link, follow=True).context["appointment"].reference
        answer = client.post("/appointment/confirm/", {"reference": reference})
        assert answer.status_code == 409
        ((gone, nearest),) = answer.context["taken"]
        assert gone.starts_at == NINE + WEEK
        form = {"reference": reference, f"instead_{gone.reference}": nearest[0].value}
        assert client.post("/appointment/confirm/", form)["Location"] == "/book/done/"
        assert Appointment.objects.filter(status=Status.BOOKED, starts_at=nearest[0].starts_at).exists()

    def test_a_choice_stays_while_another_time_is_taken_as_well(self, client, link):
        Clinic.objects.update(own_networks="127.0.0.1")
        toggle(Client(), NINE + WEEK)
        reference = client.get(link, follow=True).context["appointment"].reference
        ((later, nearest),) = client.post("/appointment/confirm/", {"reference": reference}).context["taken"]
        toggle(Client(), NINE)
        form = {"reference": reference, f"instead_{later.reference}": nearest[0].value}
        page = client.post("/appointment/confirm/", form)
        ((first, near_first),) = page.context["taken"]
        assert first.starts_at == NINE
        assert page.context["chosen"] == [(f"instead_{later.reference}", nearest[0].value)]
        form |= {f"instead_{first.reference}": near_first[0].value}
        assert client.post("/appointment/confirm/", form)["Location"] == "/book/done/"
        assert Appointment.objects.filter(status=Status.BOOKED, starts_at=nearest[0].starts_at).exists()

    def test_two_that_were_taken_are_not_offered_the_same_time(self, client, link):
        """As two children at one time, with two practitioners who are both taken."""
        Clinic.objects.update(own_networks="127.0.0.1")
        Appointment.objects.filter(starts_at=NINE + WEEK, status=Status.UNCONFIRMED).update(
            starts_at=NINE, ends_at=NINE + timedelta(minutes=45)
        )
        toggle(Client(), NINE)
        reference = client.get(link, follow=True).context["appointment"].reference
        offers = client.post("/appointment/confirm/", {"reference": reference}).context["taken"]
        assert len(offers) == 2
        starts = [choice.starts_at for _visit, nearest in offers for choice in nearest]
        assert len(starts) == len(set(starts)) == 6
        form = {"reference": reference} | {f"instead_{visit.reference}": near[0].value for visit, near in offers}
        assert client.post("/appointment/confirm/", form)["Location"] == "/book/done/"

    @pytest.mark.parametrize("value", ["\0", "9" * 500, "2026-11-24T15:00Z", "2026-11-24T15:00Z nobody"])
    def test_a_strange_choice_confirms_nothing(self, client, link, value):
        page = client.get(link, follow=True)
        visit = page.context["appointment"]
        answer = client.post(
            "/appointment/confirm/", {"reference": visit.reference, f"instead_{visit.reference}": value}
        )
        assert answer.status_code == 422
        assert Appointment.objects.filter(status=Status.UNCONFIRMED).count() == 2

    def test_a_wrong_address_is_corrected_with_all_times_kept(self, client, link):
        reference = client.get("/book/done/").context["appointment"].reference
        answer = client.post("/appointment/again/", {"reference": reference, "for": "address"})
        assert answer["Location"].startswith("/book/details/")
        chosen = Appointment.objects.filter(status__in=["held", "unheld"], starts_at__lte=NINE + WEEK)
        assert chosen.count() == 2
        assert client.get("/book/details/").context["form"]["name"].value() == "Alice Martin"

    def test_what_was_chosen_since_is_released(self, client, link):
        toggle(client, NINE + timedelta(days=1))
        reference = Appointment.objects.filter(status=Status.UNCONFIRMED).order_by("starts_at")[0].reference
        client.post("/appointment/again/", {"reference": reference, "for": "address"})
        assert not Appointment.objects.filter(
            status__in=["held", "unheld"], starts_at=NINE + timedelta(days=1)
        ).exists()

    def test_the_last_page_counts_without_what_was_left_out(self, client, link):
        later = Appointment.objects.get(status=Status.UNCONFIRMED, starts_at=NINE + WEEK)
        reader = Client()
        reference = reader.get(link, follow=True).context["appointment"].reference
        reader.post("/appointment/confirm/", {"reference": reference, f"instead_{later.reference}": "out"})
        words = words_of(client.get("/book/done/"))
        assert "Your appointment is booked" in words
        assert "December 1" not in words.replace("\xa0", " ")

    def test_the_link_of_one_that_was_left_out_shows_what_is_booked(self, client, link):
        first = Appointment.objects.get(status=Status.UNCONFIRMED, starts_at=NINE)
        assert client.get(link, follow=True).context["appointment"] == first
        client.post("/appointment/confirm/", {"reference": first.reference, f"instead_{first.reference}": "out"})
        assert Appointment.objects.get(starts_at=NINE + WEEK).status == Status.BOOKED
        page = Client().get(link, follow=True)
        assert page.status_code == 200
        assert page.redirect_chain[-1][0] == "/book/done/"
        Appointment.objects.filter(starts_at=NINE + WEEK).update(link_generation=2)
        assert Client().get(link, follow=True).status_code == 410

    def test_the_link_confirms_the_others_though_its_own_appointment_was_released(self, client, link):
        first = Appointment.objects.get(status=Status.UNCONFIRMED, starts_at=NINE)
        scheduling.release(appointment=first, by=Actor.system(), now=timezone.now())
        reader = Client()
        reference = reader.get(link, follow=True).context["appointment"].reference
        assert reader.post("/appointment/confirm/", {"reference": reference}, follow=True).status_code == 200
        assert Appointment.objects.get(starts_at=NINE + WEEK).status == Status.BOOKED
