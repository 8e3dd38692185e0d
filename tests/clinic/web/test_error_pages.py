"""Error pages: they have the site's layout and links, and work without the database."""

import pytest
from django.db import OperationalError
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from tests.support import factories
from tests.support.content_factories import make_page


@pytest.mark.parametrize("name", ["400", "500"])
def test_the_400_and_500_pages_need_no_context_and_no_database(name):
    # No database fixture: a query here fails the test.
    html = render_to_string(f"{name}.html")
    assert '<html lang="en-CA">' in html
    assert 'href="/static/css/site.css"' in html
    assert html.count("<h1") == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["403", "403_csrf", "404", "410", "429"])
def test_each_error_page_has_one_heading_and_a_link_to_booking(name):
    html = render_to_string(f"{name}.html", request=RequestFactory().get("/nowhere/"))
    assert html.count("<h1") == 1
    assert '<meta name="robots" content="noindex">' in html
    assert 'id="main"' in html
    assert 'href="/book/"' in html


@pytest.mark.django_db
def test_an_unknown_url_gets_the_404_page(client):
    response = client.get("/no-such-page/")
    assert (response.status_code, b"We can't find that page" in response.content) == (404, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/no-such-page/", "no such page"),
        ("/treatments/needling-for-necks/", "needling for necks"),
        ("/Knee_Pain.html", "knee pain"),
        ("/services/zo%C3%AB-back/", "zoe back"),
        ("/%3Cscript%3E-neck/", "script neck"),
        ("/", ""),
        ("/wp-login.php", "wp login"),
        ("/x9f8a7b6c5d4/", ""),
        ("/appointment/" + "A" * 43 + "/no/", ""),
        ("/waitlist/aB3-kQ9/extra/", ""),
        ("/preview/abc-def/x/", ""),
        ("/" + "abcdefghij" * 4 + "/", ""),
        ("/2026/", ""),
        ("/\u202eknee/", "knee"),
        ("/" + "knee-" * 60, ""),
    ],
    ids=range(15),
)
def test_the_404_page_offers_a_search_for_the_words_of_the_url(address, words):
    html = render_to_string("404.html", request=RequestFactory().get(address))
    assert f'name="q" value="{words}"' in html
    assert 'action="/search/"' in html


def test_the_404_page_needs_one_query(client, kept_facts, django_assert_num_queries):
    client.get("/no-such-page/")
    with django_assert_num_queries(1):
        assert client.get("/no-such-page/").status_code == 404


@pytest.fixture
def database_down(monkeypatch):
    def down(*args, **kwargs):
        raise OperationalError("The database does not answer.")

    monkeypatch.setattr("booking.site_context.current_content_version", down)
    monkeypatch.setattr("content.links.redirects._find_redirect", down)


@pytest.mark.parametrize("address", ["/no%00such/", "/no.such/", "/treatments/nowhere/here/"])
def test_an_unknown_url_is_404_when_the_database_is_down(client, database_down, address):
    response = client.get(address)
    assert (response.status_code, b"We can't find that page" in response.content) == (404, True)


@pytest.mark.parametrize("address", ["/about/", "/about/careers/"])
def test_an_address_that_a_page_may_have_is_503_when_the_database_is_down(client, database_down, address):
    client.raise_request_exception = False
    response = client.get(address)
    assert (response.status_code, b"We can't find that page" in response.content) == (503, False)
    assert response.headers["Retry-After"]


MESSAGE = {"name": "Alice <b>", "message": 'May I bring\n"Rex"?', "csrfmiddlewaretoken": "x" * 32}
SAME_SITE = {"Origin": "http://testserver"}


def stale(data, **headers):
    """Send a form whose token is not valid any more."""
    return Client(enforce_csrf_checks=True).post("/contact/", data, headers=headers)


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [SAME_SITE, {"Sec-Fetch-Site": "same-origin"}], ids=["origin", "fetch metadata"])
def test_a_form_with_a_stale_token_can_be_sent_again_as_it_was_typed(headers):
    make_page(kind="contact", title="Contact")
    client = Client(enforce_csrf_checks=True)
    refused = client.post("/contact/", MESSAGE | {"to": ["", "steve"]}, headers=headers)
    html = refused.content.decode()
    assert refused.status_code == 403
    assert refused.headers["Cache-Control"] == "no-store"
    assert 'name="name" value="Alice &lt;b&gt;"' in html
    assert html.count('name="to"') == 2
    assert html.count("csrfmiddlewaretoken") == 1

    again = MESSAGE | {"csrfmiddlewaretoken": str(refused.context["csrf_token"])}
    answer = client.post("/contact/", again, headers=headers)
    assert (answer.status_code, answer.context["form"]["message"].value()) == (422, MESSAGE["message"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("headers", "data"),
    [
        ({"Origin": "https://evil.example"}, MESSAGE),
        ({"Origin": "null"}, MESSAGE),
        ({"Sec-Fetch-Site": "cross-site"}, MESSAGE),
        ({}, MESSAGE),
        (SAME_SITE, MESSAGE | {"password1": "correct horse"}),
    ],
    ids=["another site", "opaque origin", "cross-site", "unknown", "password"],
)
def test_a_form_of_another_site_or_with_a_password_is_not_offered_again(headers, data):
    html = stale(data, **headers).content.decode()
    assert "Rex" not in html
    assert "correct horse" not in html
    assert "Reload the page" in html


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/contact/", "/book/details/", "/staff/login/", "/admin/booking/clinic/1/change/"])
def test_the_page_for_a_stale_token_gives_the_phone_number(address):
    factories.make_clinic(phone="+14035550100")
    html = Client(enforce_csrf_checks=True).post(address, {}).content.decode()
    assert "Need help? Call us at" in html
    assert "403-555-0100" in html
