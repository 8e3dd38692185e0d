"""The waitlist pages: join, open the link, accept or decline an offer, leave."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from booking import scheduling, tokens
from booking.models import Appointment, Closure, Message, Patient, Service, WaitlistEntry, WaitlistOffer
from booking.scheduling import Actor
from tests.conftest import NOW
from tests.support import factories
from tests.support.journey import text_of, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
NINE = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
SHOWN = ("offer", "shown", "name", "contact_name", "phone")  # Fields of the form that accepts an offer.
JOIN = "/book/assessment/waitlist/?visit=new"
ALICE = {
    "practitioner": "anyone",
    "first_on": "2026-11-24",
    "last_on": "2026-11-24",
    "parts": ["morning", "afternoon"],
    "name": "Alice Martin",
    "contact_name": "",
    "email": "alice@patients.example",
    "phone": "403-555-0123",
    "homepage": "",
}


def send(client, address=JOIN, seconds=30, **answers):
    """Open the form and submit it some seconds later."""
    form = client.get(address).context["form"]
    data = {"shown": form["shown"].value()} | ALICE | answers
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False):
        return client.post(address, {name: value for name, value in data.items() if value is not None})


def join(clinic, **fields):
    day = {"first_on": date(2026, 11, 24), "last_on": date(2026, 11, 24)}
    return scheduling.join(wish=factories.make_wish(clinic.assessment, clinic.location, **(day | fields)), now=NOW)


def join_with_offer(clinic, **fields):
    """An entry with an open offer."""
    entry = join(clinic, **fields)
    assert scheduling.offer_available_slots(now=NOW) == 1
    return entry, WaitlistOffer.objects.get(entry=entry)


def client_with_link(entry, *, to_offer=False):
    client = Client()
    response = client.get(f"/waitlist/{tokens.waitlist_token(entry, to_offer=to_offer)}/")
    assert response.status_code == 302
    return client


class TestJoining:
    def test_the_form_creates_an_entry_and_a_mail(self, client, clinic):
        response = send(client, practitioner="steve-hansen")
        assert (response.status_code, response["Location"]) == (302, "/waitlist/joined/")
        entry = WaitlistEntry.objects.get()
        assert (entry.service, entry.practitioner, entry.location, entry.is_first_visit) == (
            clinic.assessment, clinic.steve, clinic.location, True,
        )  # fmt: skip
        assert (entry.first_on, entry.last_on, entry.mornings, entry.afternoons, entry.evenings) == (
            date(2026, 11, 24), date(2026, 11, 24), True, True, False,
        )  # fmt: skip
        assert (entry.name, entry.email, str(entry.phone), entry.notice_version) == (
            "Alice Martin", "alice@patients.example", "+14035550123", "2026-11-01",
        )  # fmt: skip
        page = words_of(client.get("/waitlist/joined/"))
        assert "You're on the waitlist" in page
        assert "alice@patients.example" in page
        with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
            call_command("work", "--once")
        assert [(message.to, message.subject) for message in mail.outbox] == [
            (["alice@patients.example"], "You're on the waitlist at Dynamic Physiotherapy")
        ]

    def test_joining_twice_gets_the_same_response(self, clinic):
        answers = []
        for _ in range(2):
            client = Client()
            response = send(client)
            answers.append((response.status_code, response["Location"], words_of(client.get("/waitlist/joined/"))))
        assert answers[0] == answers[1]
        assert WaitlistEntry.objects.count() == 1
        assert Message.objects.filter(kind="waitlist_joined").count() == 1

    def test_joining_opens_nothing_in_this_browser(self, client, clinic):
        send(client)
        assert client.get("/waitlist/").status_code == 404

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("name", "", "s name."),
            ("name", "123", "Enter a name that has letters."),
            ("email", "alice", "This email is missing an @."),
            ("email", "alice@", "Enter the full email address"),
            ("phone", "12", "Enter a phone number with its area code"),
            ("parts", [], "Choose at least one part of the day."),
            ("parts", ["night"], "Choose one of the parts of the day shown."),
            ("first_on", "", "Choose a day."),
            ("first_on", "2026-11-22", "This day has passed"),
            ("first_on", "20261124", "Enter the day as year, month and day"),
            ("first_on", "9999-12-31", "You can book up to January 22, 2027"),
            ("last_on", "２０２６-11-24", "Enter the day as year, month and day"),
            ("last_on", "2026-11-23", "The last day comes before the first"),
            ("practitioner", "nobody", "Choose one of the people shown"),
            ("contact_name", "\u202eAlice", "invisible character"),
            ("email", ["a@patients.example", "b@patients.example"], "was sent twice"),
        ],
    )
    def test_an_invalid_answer_is_reported_at_its_field(self, client, clinic, field, value, says):
        response = send(client, **{field: value})
        assert response.status_code == 422
        assert says in words_of(response)
        assert "Error: " in text_of(response)
        assert "There is a problem" in words_of(response)
        assert not WaitlistEntry.objects.exists()

    def test_a_form_sent_within_two_seconds_must_be_confirmed(self, client, clinic):
        response = send(client, seconds=1)
        assert response.status_code == 422
        assert "Please check your answers" in words_of(response)
        assert not WaitlistEntry.objects.exists()

    def test_the_form_asks_about_the_first_visit_if_not_answered(self, client, clinic):
        address = "/book/assessment/waitlist/"
        assert send(client, address).status_code == 422
        assert send(client, address, visit="returning").status_code == 302
        assert WaitlistEntry.objects.get().is_first_visit is False

    @pytest.mark.parametrize(
        ("address", "status"),
        [
            ("/book/nothing/waitlist/", 404),
            ("/book/assessment/waitlist/?visit=maybe", 400),
            ("/book/assessment/waitlist/?day=2020-01-01", 410),
            ("/book/assessment/waitlist/?from=9999-12-31", 404),
            ("/book/assessment/waitlist/?practitioner=nobody", 404),
            ("/book/dry-needling/waitlist/?visit=new", 302),
        ],
    )
    def test_invalid_parameters(self, client, clinic, address, status):
        assert client.get(address).status_code == status

    def test_a_service_that_staff_book_has_no_waitlist_online(self, client, clinic):
        Service.objects.update(booked_by="staff")
        assert client.get(JOIN).status_code == 404

    def test_a_practitioner_who_takes_no_new_patients_is_not_offered_to_them(self, client, clinic):
        clinic.steve.takes_new_patients = False
        clinic.steve.save()
        response = client.get(JOIN + "&practitioner=steve-hansen")
        assert response.status_code == 200
        assert "Steve Hansen" not in words_of(response)

    def test_joining_is_rate_limited_by_email_address(self, client, clinic, settings):
        settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"waitlist by e-mail": (2, timedelta(days=1))}
        for number in range(2):
            assert send(client, last_on=f"2026-12-0{number + 1}").status_code == 302
        refused = send(client, last_on="2026-12-03")
        assert (refused.status_code, refused["Retry-After"]) == (429, "86400")
        assert WaitlistEntry.objects.count() == 2

    def test_the_times_page_leads_here_and_back(self, client, clinic):
        page = text_of(client.get("/book/assessment/?visit=new&practitioner=steve-hansen"))
        link = re.search(r'href="(/book/assessment/waitlist/[^"]*)"', page).group(1).replace("&amp;", "&")
        form = client.get(link).context["form"]
        assert form["practitioner"].value() == "steve-hansen"
        assert client.get(link).context["times"].startswith("/book/assessment/?visit=new&practitioner=steve-hansen")

    @pytest.mark.parametrize("query", ["?visit=new", "?visit=new&practitioner=steve-hansen"])
    def test_without_free_slots_the_page_links_to_the_waitlist(self, client, clinic, query):
        clinic.steve.working_hours.all().delete()
        clinic.amara.working_hours.all().delete()
        assert "/book/assessment/waitlist/?visit=new" in text_of(client.get(f"/book/assessment/{query}"))

    def test_an_empty_day_mentions_the_waitlist(self, client, clinic):
        for person in (clinic.steve, clinic.amara):
            person.working_hours.update(starts_on=date(2026, 12, 14))
        page = text_of(client.get("/book/assessment/?visit=new&day=2026-11-30"))
        assert "Join the waitlist</a> for Monday: we'll email you if someone cancels." in page


class TestTheLink:
    def test_the_token_is_exchanged_for_a_session_and_does_not_leak(self, client, clinic):
        entry = join(clinic)
        response = client.get(f"/waitlist/{tokens.waitlist_token(entry)}/")
        assert (response.status_code, response["Location"]) == (302, "/waitlist/")
        assert response["Referrer-Policy"] == "no-referrer"
        page = client.get("/waitlist/")
        assert page.status_code == 200
        assert tokens.waitlist_token(entry) not in text_of(page)
        assert (page["Cache-Control"], page["X-Robots-Tag"], page["Referrer-Policy"]) == (
            "no-store", "noindex", "same-origin",
        )  # fmt: skip

    def test_the_offers_link_leads_to_the_offer(self, clinic):
        entry, _ = join_with_offer(clinic)
        response = Client().get(f"/waitlist/{tokens.waitlist_token(entry, to_offer=True)}/")
        assert response["Location"] == "/waitlist/offer/"

    def test_get_requests_change_nothing(self, clinic):
        entry, _ = join_with_offer(clinic)
        token = tokens.waitlist_token(entry, to_offer=True)
        rows = lambda: [  # noqa: E731
            list(model.objects.order_by("pk").values())
            for model in (WaitlistEntry, WaitlistOffer, Appointment, Message)
        ]
        before = rows()
        client = Client()
        for method in (client.get, client.head):
            for page in (f"{token}/", "", "offer/", "safety/", "accept/", "leave/", "pass/"):
                method(f"/waitlist/{page}")
        assert rows() == before

    @pytest.mark.parametrize("page", ["leave/", "pass/"])
    def test_leaving_and_declining_need_a_post(self, clinic, page):
        entry, _ = join_with_offer(clinic)
        assert client_with_link(entry).get(f"/waitlist/{page}").status_code == 405

    def test_a_forged_or_broken_token_opens_nothing(self, client, clinic):
        entry = join(clinic)
        good = tokens.waitlist_token(entry)
        flipped = good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1]
        other = tokens.manage_token(factories.make_appointment(uid=entry.uid))
        for token, status in [(flipped, 410), (other, 410), (good[:-1], 404), (good + "A", 404), ("x", 404)]:
            assert client.get(f"/waitlist/{token}/").status_code == status
        assert client.get("/waitlist/").status_code == 404

    def test_a_visits_link_is_not_opened_by_a_waitlist_token(self, client, clinic):
        entry = join(clinic)
        factories.make_appointment(uid=entry.uid)
        assert client.get(f"/appointment/{tokens.waitlist_token(entry)}/").status_code == 410

    def test_a_link_outlives_a_change_of_the_key(self, clinic, settings):
        entry = join(clinic)
        token = tokens.waitlist_token(entry)
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key-that-is-long-enough"
        assert tokens.waitlist_entry_for(token) == (entry, False)

    def test_nothing_is_shown_without_a_link(self, client, clinic):
        join_with_offer(clinic)
        for page in ("", "offer/", "safety/", "accept/", "joined/"):
            assert client.get(f"/waitlist/{page}").status_code == 404
        for page in ("leave/", "accept/", "pass/"):
            assert client.post(f"/waitlist/{page}").status_code == 404

    def test_one_patients_pages_name_nobody_else(self, clinic):
        join(clinic, name="Bob Berg", email="bob@patients.example", last_on=date(2026, 12, 1))
        entry = join(clinic)
        page = words_of(client_with_link(entry).get("/waitlist/"))
        assert "Bob" not in page


class TestLeaving:
    def test_leaving_ends_the_entry(self, clinic):
        entry = join(clinic)
        client = client_with_link(entry)
        response = client.post("/waitlist/leave/", {"entry": entry.uid.hex})
        assert (response.status_code, response["Location"]) == (302, "/waitlist/")
        assert "You're no longer on the waitlist" in words_of(client.get("/waitlist/"))
        assert WaitlistEntry.objects.get().outcome == "left"

    def test_a_form_about_another_entry_leaves_both_alone(self, clinic):
        one, two = join(clinic), join(clinic, name="Bob")
        response = client_with_link(two).post("/waitlist/leave/", {"entry": one.uid.hex})
        assert response.status_code == 409
        assert WaitlistEntry.objects.waiting().count() == 2

    @pytest.mark.parametrize("outcome", ["left", "booked", "passed", "unanswered", "staff"])
    def test_the_page_says_why_somebody_is_off_the_list(self, clinic, outcome):
        entry = join(clinic)
        client = client_with_link(entry)
        WaitlistEntry.objects.update(ended_at=NOW, outcome=outcome)
        page = client.get("/waitlist/")
        assert page.status_code == 200
        assert "You're no longer on the waitlist" in words_of(page)
        assert client.get("/waitlist/offer/").status_code == 302


class TestTheOffer:
    def test_the_page_shows_what_would_be_booked_and_until_when(self, clinic):
        entry, _ = join_with_offer(clinic)
        client = client_with_link(entry)
        page = words_of(client.get("/waitlist/offer/"))
        for words in ("Tuesday, November 24, 9:00 a.m.", "until 9:00 a.m. on Monday, November 23", "45 minutes", "$140",
                      "12 Elizabeth Street"):  # fmt: skip
            assert words in page
        accept = words_of(client.get("/waitlist/accept/"))
        assert "Free to change or cancel online until Monday, November 23, 9:00 a.m." in accept
        assert "costs $70" in accept

    def test_accepting_books_the_offer_once(self, clinic):
        entry, _ = join_with_offer(clinic)
        client = client_with_link(entry, to_offer=True)
        assert client.get("/waitlist/offer/").context["go_on"] == "/waitlist/accept/"
        form = client.get("/waitlist/accept/").context["form"]
        assert not Appointment.objects.filter(status="booked").exists()
        data = {name: form[name].value() for name in ("offer", "shown", "name", "contact_name", "phone")} | {
            "reminders": "on"
        }
        response = client.post("/waitlist/accept/", data)
        assert (response.status_code, response["Location"]) == (302, "/book/done/")
        visit = Appointment.objects.get(status="booked")
        assert (visit.starts_at, visit.patient.name, visit.notice_version, visit.reminders) == (
            NINE, "Alice Martin", "2026-11-01", True,
        )  # fmt: skip
        assert "See you" in words_of(client.get("/book/done/"))
        repeated = client.post("/waitlist/accept/", data)
        assert (repeated.status_code, repeated["Location"]) == (302, "/book/done/")
        assert Appointment.objects.filter(status="booked").count() == 1
        assert Patient.objects.count() == 1
        assert client.get("/waitlist/offer/")["Location"] == "/book/done/"

    @pytest.mark.parametrize("change", ["closed", "withdrawn"])
    def test_an_offer_that_the_clinic_cannot_keep_is_withdrawn_and_the_entry_waits_on(self, clinic, change):
        entry, _offer = join_with_offer(clinic)
        client = client_with_link(entry, to_offer=True)
        form = client.get("/waitlist/accept/").context["form"]
        if change == "closed":
            Closure.objects.create(location=entry.location, on=date(2026, 11, 24), name="Burst pipe")
        else:
            Service.objects.update(booked_by="staff")
        data = {name: form[name].value() for name in ("offer", "shown", "name", "contact_name", "phone")} | {
            "reminders": "on"
        }
        response = client.post("/waitlist/accept/", data)
        assert response.status_code == 410
        assert "can't be booked anymore" in words_of(response)
        assert "You're still on the waitlist" in words_of(response)
        entry.refresh_from_db()
        assert (WaitlistOffer.objects.get().state, entry.unanswered) == ("withdrawn", 0)
        assert Appointment.objects.get().status == "expired"
        assert "can't be booked anymore" in words_of(client.get("/waitlist/offer/"))

    def test_a_detail_can_be_corrected_before_accepting(self, clinic):
        entry, _ = join_with_offer(clinic)
        client = client_with_link(entry, to_offer=True)
        form = client.get("/waitlist/accept/").context["form"]
        assert (form["name"].value(), form["phone"].value()) == ("Alice Martin", "403-555-0123")
        data = {"offer": form["offer"].value(), "shown": form["shown"].value(), "contact_name": ""}
        refused = client.post("/waitlist/accept/", data | {"name": "", "phone": "403-555-0199"})
        assert (refused.status_code, "Enter the patient" in words_of(refused)) == (422, True)
        client.post("/waitlist/accept/", data | {"name": "Alice Marten", "phone": "403-555-0199"})
        patient = Patient.objects.get()
        assert (patient.name, str(patient.phone), patient.email) == (
            "Alice Marten", "+14035550199", "alice@patients.example",
        )  # fmt: skip

    def test_the_page_of_the_entry_names_the_time_that_is_offered(self, clinic):
        entry, _ = join_with_offer(clinic)
        response = client_with_link(entry).get("/waitlist/")
        assert "Tuesday, November 24, 9:00 a.m." in words_of(response)
        assert text_of(response).count('class="button button--large"') == 1
        assert 'href="/waitlist/accept/">Take this time' in text_of(response)

    def test_emergency_signs_come_before_accepting(self, clinic):
        clinic.assessment.shows_emergency_signs = True
        clinic.assessment.save()
        entry, _ = join_with_offer(clinic)
        client = client_with_link(entry)
        assert client.get("/waitlist/offer/").context["go_on"] == "/waitlist/safety/"
        page = text_of(client.get("/waitlist/safety/"))
        assert "New numbness around the groin" in page
        assert 'href="/waitlist/accept/"' in page

    def test_without_emergency_signs_their_page_redirects(self, clinic):
        entry, _ = join_with_offer(clinic)
        assert client_with_link(entry).get("/waitlist/safety/")["Location"] == "/waitlist/accept/"

    def test_the_date_of_birth_is_asked_where_the_visit_needs_it(self, clinic):
        clinic.assessment.needs_date_of_birth = True
        clinic.assessment.save()
        entry, offer = join_with_offer(clinic)
        client = client_with_link(entry)
        data = {"offer": offer.uid.hex, "shown": "", "name": "Alice Martin", "phone": "403-555-0123"}
        refused = client.post("/waitlist/accept/", data)
        assert (refused.status_code, "Enter the date of birth." in words_of(refused)) == (422, True)
        assert client.post("/waitlist/accept/", data | {"date_of_birth": "1980-11-24"}).status_code == 302
        assert Patient.objects.get().date_of_birth == date(1980, 11, 24)

    def test_declining_keeps_the_entry_on_the_waitlist(self, clinic):
        entry, offer = join_with_offer(clinic)
        client = client_with_link(entry)
        response = client.post("/waitlist/pass/", {"offer": offer.uid.hex})
        assert response["Location"] == "/waitlist/"
        assert "You're on the waitlist" in words_of(client.get("/waitlist/"))
        offer.refresh_from_db()
        assert offer.state == "passed"

    @pytest.mark.parametrize("page", ["accept/", "pass/"])
    def test_a_form_about_somebody_elses_offer_does_nothing(self, clinic, page):
        _, offer = join_with_offer(clinic)
        other = join(clinic, name="Bob", practitioner=clinic.amara)
        response = client_with_link(other).post(f"/waitlist/{page}", {"offer": offer.uid.hex})
        assert response.status_code == 409
        offer.refresh_from_db()
        assert offer.state == "open"

    @pytest.mark.parametrize("data", [{}, {"offer": ""}, {"offer": "\x00"}, {"offer": "9" * 400}], ids=repr)
    def test_a_form_that_names_no_offer_does_nothing(self, clinic, data):
        entry, _ = join_with_offer(clinic)
        assert client_with_link(entry).post("/waitlist/accept/", data).status_code == 409


class TestGone:
    def client_with_ended_offer(self, clinic, how="late"):
        entry, offer = join_with_offer(clinic)
        client = client_with_link(entry)
        if how == "late":
            WaitlistOffer.objects.update(expires_at=NOW, offered_at=NOW - timedelta(hours=1))
        elif how == "passed":
            scheduling.decline(offer=offer, by=Actor.patient(), now=NOW)
        else:
            scheduling.leave(entry=entry, by=Actor.patient(), now=NOW)
        return client, offer

    @pytest.mark.parametrize("how", ["late", "passed", "left"])
    def test_every_page_of_an_ended_offer_is_410_and_books_nothing(self, clinic, how):
        client, offer = self.client_with_ended_offer(clinic, how)
        assert client.get("/waitlist/offer/").status_code == 410
        assert client.get("/waitlist/accept/").status_code == 410
        assert client.post("/waitlist/accept/", {"offer": offer.uid.hex}).status_code == 410
        assert not Appointment.objects.filter(status="booked").exists()

    def test_the_page_offers_the_nearest_slots(self, clinic):
        client, _ = self.client_with_ended_offer(clinic)
        page = client.get("/waitlist/offer/")
        assert "You're still on the waitlist" in words_of(page)
        links = [link for _, link in page.context["nearest"]]
        assert len(links) == 3
        assert all(client.get(link).status_code == 200 for link in links)

    def test_after_leaving_one_can_join_again(self, clinic):
        client, _ = self.client_with_ended_offer(clinic, "left")
        page = client.get("/waitlist/offer/")
        assert "You're no longer on the waitlist" in words_of(page)
        assert page.context["join_again"] in text_of(page)

    def test_declining_an_ended_offer_is_no_error(self, clinic):
        client, offer = self.client_with_ended_offer(clinic, "left")
        assert client.post("/waitlist/pass/", {"offer": offer.uid.hex}).status_code == 302

    def test_a_newer_offer_is_shown_through_an_older_link(self, clinic):
        client, _ = self.client_with_ended_offer(clinic, "passed")
        scheduling.offer_available_slots(now=NOW)
        page = client.get("/waitlist/offer/")
        assert page.status_code == 200
        assert "9:45 a.m." in words_of(page)


def test_every_form_needs_a_csrf_token(clinic):
    entry, offer = join_with_offer(clinic)
    client = Client(enforce_csrf_checks=True)
    client.get(f"/waitlist/{tokens.waitlist_token(entry)}/")
    for page, data in (("accept/", {"offer": offer.uid.hex}), ("pass/", {"offer": offer.uid.hex}),
                       ("leave/", {"entry": entry.uid.hex})):  # fmt: skip
        assert client.post(f"/waitlist/{page}", data).status_code == 403
    assert client.post(JOIN, ALICE).status_code == 403
    assert WaitlistOffer.objects.get().state == "open"


class TestSlotsFreeAtJoining:
    """Slots that were free when an entry was created are not offered to it: the person saw and declined them."""

    @pytest.fixture(autouse=True)
    def joined(self, client, clinic):
        assert send(client, practitioner="steve-hansen").status_code == 302

    def visit_at_nine(self, clinic, **fields):
        people = {"location": clinic.location, "practitioner": clinic.steve}
        return factories.make_appointment(service=clinic.assessment, starts_at=NINE, **people, **fields)

    def test_a_slot_free_at_joining_is_not_offered(self):
        assert scheduling.offer_available_slots(now=NOW) == 0

    def test_a_slot_that_was_booked_and_cancelled_since_is_offered(self, clinic):
        visit = self.visit_at_nine(clinic)
        assert scheduling.offer_available_slots(now=NOW) == 0
        scheduling.cancel(appointment=visit, by=Actor.patient(), now=NOW)
        assert scheduling.offer_available_slots(now=NOW) == 1
        assert WaitlistOffer.objects.get().starts_at == NINE

    def test_a_slot_that_was_only_held_since_is_not_offered(self, clinic):
        hold = self.visit_at_nine(clinic, status="held", patient=None, hold_expires_at=NOW + timedelta(minutes=10))
        assert scheduling.offer_available_slots(now=NOW) == 0
        assert scheduling.offer_available_slots(now=hold.hold_expires_at) == 0

    def test_the_slot_is_offered_to_entries_that_did_not_see_it(self, clinic):
        join(clinic, name="Bob", email="bob@patients.example")
        assert scheduling.offer_available_slots(now=NOW) == 1
        assert WaitlistOffer.objects.get().entry.name == "Bob"


def test_the_page_after_declining_says_that_the_place_is_kept(client, clinic):
    entry, offer = join_with_offer(clinic)
    client.get(tokens.waitlist_url(entry, to_offer=True).removeprefix("http://testserver"), follow=True)
    page = words_of(client.post("/waitlist/pass/", {"offer": offer.uid.hex}, follow=True))
    assert "You passed on Tuesday, November 24, 9:00 a.m." in page
    assert "you keep your place" in page


def test_the_form_says_that_free_slots_are_not_offered(client, clinic):
    page = client.get(JOIN)
    assert "Some times may be free already" in words_of(page)
    assert page.context["times"] in text_of(page)


def test_the_form_shows_the_emergency_signs(client, clinic):
    sign = "New loss of bladder or bowel control"
    assert sign not in words_of(client.get(JOIN))
    clinic.assessment.shows_emergency_signs = True
    clinic.assessment.save()
    assert sign in words_of(client.get(JOIN))
