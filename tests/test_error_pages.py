"""A page for every refusal: it looks like the site, says what to do, and promises nothing false."""

import pytest
from django.db import OperationalError
from django.template.loader import render_to_string
from django.test import RequestFactory


@pytest.mark.parametrize("name", ["400", "500"])
def test_pages_for_when_nothing_works_need_no_context_and_no_database(name):
    # No database fixture: a query here fails the test.
    html = render_to_string(f"{name}.html")
    assert '<html lang="en-CA">' in html
    assert 'href="/static/css/site.css"' in html
    assert html.count("<h1") == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["403", "403_csrf", "404", "410", "429"])
def test_each_page_has_one_heading_and_a_way_on(name):
    html = render_to_string(f"{name}.html", request=RequestFactory().get("/nowhere/"))
    assert html.count("<h1") == 1
    assert '<meta name="robots" content="noindex">' in html
    assert 'id="main"' in html
    assert 'href="/book/"' in html


@pytest.mark.django_db
def test_an_address_that_leads_nowhere_is_answered_with_the_page(client):
    response = client.get("/no-such-page/")
    assert (response.status_code, b"We cannot find that page" in response.content) == (404, True)


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
def test_the_words_of_an_address_that_leads_nowhere_are_offered_as_a_search(address, words):
    html = render_to_string("404.html", request=RequestFactory().get(address))
    assert f'name="q" value="{words}"' in html
    assert 'action="/search/"' in html


@pytest.mark.django_db
def test_the_page_for_nowhere_costs_one_query(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert client.get("/no-such-page/").status_code == 404


@pytest.mark.parametrize("address", ["/no-such-page/", "/no%00such/", "/treatments/nowhere/here/"])
def test_nowhere_is_said_when_the_database_is_down(client, monkeypatch, address):
    def down(*args, **kwargs):
        raise OperationalError("The database does not answer.")

    monkeypatch.setattr("booking.together.Statement.ask", down)
    monkeypatch.setattr("content.former._at", down)
    response = client.get(address)
    assert (response.status_code, b"We cannot find that page" in response.content) == (404, True)
