"""Rule: a patient says how to be reminded, by text too where the clinic can; elsewhere no page speaks of texts."""

import pytest

from booking.models import Appointment, Message
from tests.journey import book, choose, confirm, make_small_clinic, type_details, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
REFUSED = "We send text messages to numbers in Canada and the United States only. Choose e-mail."


@pytest.fixture(autouse=True)
def clinic():
    return make_small_clinic()


@pytest.fixture
def texts_on(settings):
    settings.SMS = {"SENDER": "booking.messages.texting.console.ConsoleSender", "OPTIONS": {}}


def details(client):
    return client.get("/book/details/")


def reminders_field(client):
    return details(client).context["form"]["reminders"]


def test_without_a_service_no_page_speaks_of_texts(client):
    choose(client)
    seen = [words_of(details(client))]
    type_details(client)
    seen.append(words_of(client.get("/book/check/")))
    confirm(client)
    seen.append(words_of(client.get("/book/done/")))
    assert [page for page in seen if "text message" in page.lower() or "SMS" in page] == []


def test_without_a_service_nobody_can_ask_for_texts(client):
    made = book(client, reminders="text")
    assert (made.reminders, made.reminders_by) == (True, "email")


@pytest.mark.usefixtures("texts_on")
class TestWithAService:
    def test_three_ways_are_offered_and_mail_is_chosen(self, client):
        choose(client)
        field = reminders_field(client)
        assert [(choice.choice_label, choice.data["selected"]) for choice in field.subwidgets] == [
            ("By e-mail", True),
            ("By text message", False),
            ("Not at all", False),
        ]
        assert field.help_text.startswith("3 hours before the visit. Never at night")

    @pytest.mark.parametrize(
        ("said", "kept", "in_words"),
        [
            ("email", (True, "email"), "By e-mail"),
            ("text", (True, "text"), "By text message"),
            ("none", (False, "email"), "None"),
        ],
    )
    def test_what_is_chosen_is_what_is_shown_and_done(self, said, kept, in_words, client):
        choose(client)
        type_details(client, reminders=said)
        rows = {row[0]: row[1:] for row in client.get("/book/check/").context["rows"]}
        assert rows["Reminders"] == (in_words, "/book/details/#id_reminders_0")
        assert reminders_field(client).value() == said  # Who goes back finds it as it was.
        confirm(client)
        made = Appointment.objects.get()
        assert (made.reminders, made.reminders_by) == kept
        channels = set(Message.objects.filter(kind="reminder").values_list("channel", flat=True))
        assert channels == ({kept[1]} if kept[0] else set())
        shown = words_of(client.get("/book/done/"))
        assert ("We remind you by text message before the visit." in shown) == (said == "text")
        assert ("We remind you by e-mail before the visit." in shown) == (said == "email")

    @pytest.mark.parametrize("phone", ["+44 20 7946 0123", "+1 876 555 0123"], ids=["britain", "jamaica"])
    def test_a_number_that_we_do_not_text_is_refused_in_the_form(self, phone, client):
        choose(client)
        answer = type_details(client, reminders="text", phone=phone)
        assert answer.status_code == 422
        errors = answer.context["form"].errors
        assert errors.get("reminders", errors.get("phone")) is not None
        assert answer.context["form"]["reminders"].value() == "text"

    def test_the_sentence_says_what_to_do(self, client):
        choose(client)
        answer = type_details(client, reminders="text", phone="+44 20 7946 0958")
        assert answer.context["form"].errors == {"reminders": [REFUSED]}

    def test_such_a_number_is_fine_for_mail(self, client):
        assert book(client, reminders="email", phone="+44 20 7946 0958").reminders_by == "email"

    @pytest.mark.parametrize("said", [None, "", "on", "fax"])
    def test_one_of_the_three_is_needed(self, said, client):
        choose(client)
        answer = type_details(client, reminders=said)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["reminders"]

    def test_what_was_typed_stays_when_the_visit_turns_out_to_be_for_somebody_else(self, client):
        choose(client)
        form = details(client).context["form"]
        typed = {"hold": form["hold"].value(), "shown": form["shown"].value(), "booking_for": "me", "for": "other"}
        client.post("/book/details/", typed | {"name": "Alice", "reminders": "text"})
        assert reminders_field(client).value() == "text"
