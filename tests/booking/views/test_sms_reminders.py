"""SMS reminders: offered if an SMS gateway is configured, else not mentioned on any page."""

import pytest

from booking.models import Appointment, Message
from tests.support.journey import book, choose, confirm, type_details, words_of

pytestmark = pytest.mark.usefixtures("clinic")
REFUSED = "We can only text numbers in Canada and the United States. Choose email."


@pytest.fixture
def sms_gateway(settings):
    settings.SMS = {"SENDER": "booking.messages.sms.console.ConsoleGateway", "OPTIONS": {}}


def details(client):
    return client.get("/book/details/")


def reminders_field(client):
    return details(client).context["form"]["reminders"]


def test_without_a_gateway_no_page_mentions_text_messages(client):
    choose(client)
    pages = [words_of(details(client))]
    type_details(client)
    pages.append(words_of(client.get("/book/check/")))
    confirm(client)
    pages.append(words_of(client.get("/book/done/")))
    assert [page for page in pages if "text message" in page.lower() or "SMS" in page] == []


def test_without_a_gateway_text_reminders_cannot_be_chosen(client):
    visit = book(client, reminders="text")
    assert (visit.reminders, visit.reminders_by) == (True, "email")


@pytest.mark.usefixtures("sms_gateway")
class TestWithGateway:
    def test_three_choices_are_offered_and_email_is_the_default(self, client):
        choose(client)
        field = reminders_field(client)
        assert [(choice.choice_label, choice.data["selected"]) for choice in field.subwidgets] == [
            ("By email", True),
            ("By text message", False),
            ("No reminders", False),
        ]
        assert field.help_text.startswith("3 hours before the appointment. For early appointments")

    @pytest.mark.parametrize(
        ("choice", "stored", "in_words"),
        [
            ("email", (True, "email"), "Reminders by email"),
            ("text", (True, "text"), "Reminders by text message"),
            ("none", (False, "email"), "No reminders"),
        ],
    )
    def test_the_choice_is_shown_stored_and_used(self, choice, stored, in_words, client):
        choose(client)
        type_details(client, reminders=choice)
        assert in_words in words_of(client.get("/book/check/"))
        assert reminders_field(client).value() == choice  # Going back shows the same choice.
        confirm(client)
        visit = Appointment.objects.get()
        assert (visit.reminders, visit.reminders_by) == stored
        channels = set(Message.objects.filter(kind="reminder").values_list("channel", flat=True))
        assert channels == ({stored[1]} if stored[0] else set())
        page = words_of(client.get("/book/done/"))
        assert ("We'll remind you by text message." in page) == (choice == "text")
        assert ("We'll remind you by email." in page) == (choice == "email")

    @pytest.mark.parametrize("phone", ["+44 20 7946 0123", "+1 876 555 0123"], ids=["britain", "jamaica"])
    def test_a_number_outside_canada_and_the_us_is_refused(self, phone, client):
        choose(client)
        response = type_details(client, reminders="text", phone=phone)
        assert response.status_code == 422
        errors = response.context["form"].errors
        assert errors.get("reminders", errors.get("phone")) is not None
        assert response.context["form"]["reminders"].value() == "text"

    def test_the_error_says_what_to_do(self, client):
        choose(client)
        response = type_details(client, reminders="text", phone="+44 20 7946 0958")
        assert response.context["form"].errors == {"reminders": [REFUSED]}

    def test_a_foreign_number_is_accepted_with_email_reminders(self, client):
        assert book(client, reminders="email", phone="+44 20 7946 0958").reminders_by == "email"

    @pytest.mark.parametrize("choice", [None, "", "on", "fax"])
    def test_one_of_the_three_choices_is_required(self, choice, client):
        choose(client)
        response = type_details(client, reminders=choice)
        assert response.status_code == 422
        assert list(response.context["form"].errors) == ["reminders"]

    def test_the_choice_is_kept_when_switching_to_somebody_else(self, client):
        choose(client)
        form = details(client).context["form"]
        data = {"hold": form["hold"].value(), "shown": form["shown"].value(), "booking_for": "me", "for": "other"}
        client.post("/book/details/", data | {"name": "Alice", "reminders": "text"})
        assert reminders_field(client).value() == "text"
