"""A page for every refusal: it looks like the site, says what to do, and promises nothing false."""

import pytest
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
