"""Contact form: sent messages, validation errors and spam protection."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
import time_machine

from booking.forms.antispam import MINIMUM_FILL_TIME, sign_form_token
from booking.models import Message
from tests.support import factories
from tests.support.content_factories import make_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
VALID = {"name": "Alice Martin", "email": "alice@patients.example", "message": "May I bring my dog?"}


@pytest.fixture(autouse=True)
def contact_page(db):
    return make_page(kind="contact", title="Contact")


@pytest.fixture(autouse=True)
def valid_token(now, monkeypatch):
    """Give VALID the token of a form that was shown a minute ago."""
    with time_machine.travel(now - timedelta(minutes=1), tick=False):
        monkeypatch.setitem(VALID, "shown", sign_form_token("contact"))


def test_a_message_reaches_the_outbox(client):
    response = client.post("/contact/", VALID | {"phone": "403-555-0123"})

    assert (response.status_code, response["Location"]) == (302, "/contact/sent/")
    message = Message.objects.get()
    assert (message.kind, message.practitioner) == ("contact", None)
    assert message.content == {
        "name": "Alice Martin",
        "reply_to": "alice@patients.example",
        "phone": "+14035550123",
        "body": "May I bring my dog?",
        "page": "",
    }


def test_a_message_can_be_for_one_person(client):
    person = factories.make_practitioner(slug="steve-hansen")

    html = client.get("/contact/?to=steve-hansen").content.decode()
    client.post("/contact/?to=steve-hansen", VALID | {"to": "steve-hansen"})

    assert '<option value="steve-hansen" selected>' in html
    assert Message.objects.get().practitioner == person


def test_a_phone_number_is_enough(client):
    assert client.post("/contact/", {**VALID, "email": "", "phone": "403 555 0123"}).status_code == 302


def test_a_page_that_did_not_help_is_named(client):
    page = make_page(slug="dry-needling", title="Dry needling")

    html = client.get("/contact/?page=/treatments/dry-needling/").content.decode()
    client.post("/contact/?page=/treatments/dry-needling/", VALID)

    assert f'You were reading <a href="{page.get_absolute_url()}">Dry needling</a>' in html
    assert Message.objects.get().content["page"] == "/treatments/dry-needling/"


@pytest.mark.parametrize("page", ["/nowhere/", "https://evil.example/", "\x00", "/treatments/hidden/", "x" * 3000])
def test_an_unknown_page_is_ignored(client, page):
    make_page(slug="hidden", is_published=False)

    response = client.get("/contact/", {"page": page})

    assert response.status_code == 200
    assert "You were reading" not in response.content.decode()


@pytest.mark.parametrize("to", ["nobody", "\x00", "1; drop", "\u202e", "x" * 3000])
def test_an_unknown_practitioner_in_the_query_is_ignored(client, to):
    response = client.get("/contact/", {"to": to})

    assert response.status_code == 200
    choices = response.content.decode().split('name="to"')[1].split("</select>")[0]
    assert [part.split('"')[1] for part in choices.split("<option value=")[1:] if " selected" in part] in ([], [""])


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"name": ""}, "name", "Enter your name."),
        ({"name": "x" * 121}, "name", "This name is too long. The limit is 120 characters."),
        ({"name": "Al\x00ice"}, "name", "This has an invisible character in it, perhaps from copying"),
        ({"name": "Al\u202eice"}, "name", "This has an invisible character in it, perhaps from copying"),
        ({"name": "Alice\nBcc: x@y.example"}, "name", "Enter this on one line."),
        ({"name": "12"}, "name", "Enter a name that has letters."),
        ({"email": "alice"}, "email", "This email is missing an @."),
        ({"email": "alice@"}, "email", "Enter a full email address, such as name@example.ca."),
        ({"email": "a\x00@b.example"}, "email", "This has an invisible character in it, perhaps from copying"),
        (
            {"email": "a@ex\u202eample.com"},
            "email",
            "This has an invisible character in it, perhaps from copying",
        ),
        (
            {"email": "a@ex\u3164ample.com"},
            "email",
            "This has an invisible character in it, perhaps from copying",
        ),
        ({"email": "a@ex\ufffdample.com"}, "email", "We couldn't read part of this: type it again."),
        ({"email": ""}, "email", "Enter an email address or a phone number so we can get back to you."),
        ({"phone": "12"}, "phone", "Enter a phone number with its area code, such as 403-555-0123."),
        ({"phone": "9" * 400}, "phone", "Enter a phone number with its area code, such as 403-555-0123."),
        ({"phone": "1-800-FLOWERS"}, "phone", "Use digits only, such as 403-555-0123."),
        (
            {"phone": "٤٠٣٥٥٥٠١٢٣"},
            "phone",
            "Enter a phone number with its area code, such as 403-555-0123.",
        ),
        ({"message": " "}, "message", "Enter your message."),
        ({"message": "x" * 4001}, "message", "Your message is too long. The limit is 4,000 characters."),
        ({"message": "a\u202eb"}, "message", "This has an invisible character in it, perhaps from copying"),
        ({"to": "nobody"}, "to", "Choose someone from the list."),
        ({"to": "\x00"}, "to", "Choose someone from the list."),
    ],
)
def test_a_refused_message_says_why_and_keeps_what_was_typed(client, change, field, message):
    factories.make_practitioner(slug="steve-hansen")

    response = client.post("/contact/", VALID | change)

    html = response.content.decode()
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert message in unescape(html)
    assert f'href="#id_{field}"' in html
    assert "Error: Contact" in html
    assert "May I bring my dog?" in html or "message" in change
    assert Message.objects.count() == 0


def test_text_is_escaped_when_it_comes_back(client):
    html = client.post(
        "/contact/", VALID | {"name": "", "message": "</textarea><script>alert(1)</script>"}
    ).content.decode()

    assert "<script>alert" not in html


def test_sending_twice_is_one_message(client):
    client.post("/contact/", VALID)
    client.post("/contact/", VALID)

    assert Message.objects.count() == 1


@pytest.mark.parametrize("name", ["name", "email", "phone", "to", "message", "shown"])
def test_a_field_that_arrives_twice_is_refused(client, name):
    twice = [*VALID.items(), (name, VALID.get(name, ""))]
    twice += [] if name in VALID else [(name, "")]

    response = client.post("/contact/", urlencode(twice), content_type="application/x-www-form-urlencoded")

    assert response.status_code == 422
    assert [error.endswith("sent twice: fill it in once.") for error in response.context["form"].errors[name]] == [True]
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    "change", [{"shown": ""}, {"shown": "forged"}, {"homepage": "https://spam.example"}], ids=["none", "forged", "trap"]
)
def test_a_form_that_looks_like_spam_is_shown_again(client, change, now):
    response = client.post("/contact/", VALID | change)
    html = response.content.decode()
    assert response.status_code == 422
    assert "Please check your message" in html
    assert "May I bring my dog?" in html
    assert Message.objects.count() == 0

    again = {name: response.context["form"][name].value() or "" for name in response.context["form"].fields}
    with time_machine.travel(now + MINIMUM_FILL_TIME + timedelta(seconds=1), tick=False):
        assert client.post("/contact/", again).status_code == 302
    assert Message.objects.count() == 1


def test_the_honeypot_is_hidden_from_people_and_reader_modes_and_open_to_bots(client):
    html = client.get("/contact/").content.decode()
    assert re.search(
        r'<div\s+hidden="hidden">\s*<div id="div_id_homepage".*?<input type="text" name="homepage"', html, re.DOTALL
    )


def test_a_form_that_is_sent_at_once_is_shown_again(client):
    assert client.post("/contact/", VALID | {"shown": sign_form_token("contact")}).status_code == 422
    assert Message.objects.count() == 0


def test_the_form_contains_one_csrf_token(client):
    assert client.get("/contact/").content.decode().count("csrfmiddlewaretoken") == 1


def test_the_confirmation_page_is_not_indexed(client):
    response = client.get("/contact/sent/")

    assert response.status_code == 200
    assert '<meta name="robots" content="noindex">' in response.content.decode()


def test_what_was_copied_with_invisible_characters_is_sent_without_them(client):
    copied = {
        "email": "\u200bAlice Martin <alice@patients.example>",
        "phone": "\u202d+1 (403) 555\u20110123\u202c",
        "message": "May I bring my\u00ad dog? \u2068Rex\u2069",
    }
    assert client.post("/contact/", VALID | copied).status_code == 302
    content = Message.objects.get().content
    assert (content["reply_to"], content["phone"]) == ("alice@patients.example", "+14035550123")
    assert content["body"] == "May I bring my dog? Rex"
