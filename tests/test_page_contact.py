"""The contact form: what reaches the clinic, and what is sent back to be mended."""

import pytest

from booking.models import Message
from tests import make
from tests.make_content import make_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
GOOD = {"name": "Alice Martin", "email": "alice@patients.example", "message": "May I bring my dog?"}


@pytest.fixture(autouse=True)
def contact_page(db):
    return make_page(kind="contact", title="Contact")


def test_a_message_reaches_the_outbox(client):
    response = client.post("/contact/", GOOD | {"phone": "403-555-0123"})

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
    person = make.make_practitioner(slug="steve-hansen")

    html = client.get("/contact/?to=steve-hansen").content.decode()
    client.post("/contact/?to=steve-hansen", GOOD | {"to": "steve-hansen"})

    assert '<option value="steve-hansen" selected>' in html
    assert Message.objects.get().practitioner == person


def test_a_phone_number_is_enough(client):
    assert client.post("/contact/", {**GOOD, "email": "", "phone": "403 555 0123"}).status_code == 302


def test_a_page_that_did_not_help_is_named(client):
    page = make_page(slug="dry-needling", title="Dry needling")

    html = client.get("/contact/?page=/treatments/dry-needling/").content.decode()
    client.post("/contact/?page=/treatments/dry-needling/", GOOD)

    assert f'You were reading <a href="{page.get_absolute_url()}">Dry needling</a>' in html
    assert Message.objects.get().content["page"] == "/treatments/dry-needling/"


@pytest.mark.parametrize("page", ["/nowhere/", "https://evil.example/", "\x00", "/treatments/hidden/", "x" * 3000])
def test_an_unknown_page_is_as_good_as_none(client, page):
    make_page(slug="hidden", is_published=False)

    response = client.get("/contact/", {"page": page})

    assert response.status_code == 200
    assert "You were reading" not in response.content.decode()


@pytest.mark.parametrize("to", ["nobody", "\x00", "1; drop", "\u202e", "x" * 3000])
def test_an_unknown_person_in_the_address_chooses_nobody(client, to):
    response = client.get("/contact/", {"to": to})

    assert response.status_code == 200
    choices = response.content.decode().split('name="to"')[1].split("</select>")[0]
    assert [part.split('"')[1] for part in choices.split("<option value=")[1:] if " selected" in part] in ([], [""])


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"name": ""}, "name", "Write your name."),
        ({"name": "x" * 121}, "name", "This name is too long: 120 characters fit."),
        ({"name": "Al\x00ice"}, "name", "This holds a character that cannot be seen, perhaps from copying."),
        ({"name": "Al\u202eice"}, "name", "This holds a character that cannot be seen, perhaps from copying."),
        ({"name": "Alice\nBcc: x@y.example"}, "name", "Write this on one line."),
        ({"email": "alice"}, "email", "Write the e-mail address like name@example.com."),
        ({"email": "a\x00@b.example"}, "email", ""),
        ({"email": ""}, "email", "Give us an e-mail address or a phone number, so that we can answer."),
        ({"phone": "12"}, "phone", "Write the phone number with its area code, like 403-555-0123."),
        ({"phone": "9" * 400}, "phone", "Write the phone number with its area code, like 403-555-0123."),
        ({"message": " "}, "message", "Write your message."),
        ({"message": "x" * 4001}, "message", "Your message is too long: 4,000 characters fit."),
        ({"message": "a\u2066b"}, "message", "This holds a character that cannot be seen, perhaps from copying."),
        ({"to": "nobody"}, "to", "Choose somebody from the list."),
        ({"to": "\x00"}, "to", "Choose somebody from the list."),
        ({"website": "https://spam.example"}, "website", "This message looks as if a program had written it."),
    ],
)
def test_a_refused_message_says_why_and_keeps_what_was_typed(client, change, field, message):
    make.make_practitioner(slug="steve-hansen")

    response = client.post("/contact/", GOOD | change)

    html = response.content.decode()
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert message in html
    assert f'href="#id_{field}"' in html
    assert "Error: Contact" in html
    assert "May I bring my dog?" in html or "message" in change
    assert Message.objects.count() == 0


def test_text_is_escaped_when_it_comes_back(client):
    html = client.post(
        "/contact/", GOOD | {"name": "", "message": "</textarea><script>alert(1)</script>"}
    ).content.decode()

    assert "<script>alert" not in html


def test_sending_twice_is_one_message(client):
    client.post("/contact/", GOOD)
    client.post("/contact/", GOOD)

    assert Message.objects.count() == 1


def test_repeated_keys_do_no_harm(client):
    response = client.post(
        "/contact/",
        data="name=A&name=B&message=x&email=a@b.example&to=&to=",
        content_type="application/x-www-form-urlencoded",
    )

    assert response.status_code == 302


def test_the_thank_you_page_stands_alone(client):
    response = client.get("/contact/sent/")

    assert response.status_code == 200
    assert '<meta name="robots" content="noindex">' in response.content.decode()
