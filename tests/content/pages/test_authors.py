"""A practitioner's page lists the treatments they wrote, latest reviewed first, at most 12."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from content.models import Page
from content.pages.published import MOST_BY_AUTHOR, pages_by
from tests.conftest import NOW
from tests.support import factories
from tests.support.content_factories import make_page, make_revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def person():
    factories.make_clinic()
    return factories.make_practitioner(name="Steve Hansen", slug="steve-hansen")


def reviewed(person, on: date, **fields) -> Page:
    review = {"reviewed_by": person, "last_reviewed_on": on, "next_review_on": on + timedelta(days=365)}
    return make_page(written_by=person, **review, **fields)


def titles(person) -> list[str]:
    return [page.title for page in pages_by(person, now=NOW)[0]]


def test_latest_reviewed_first_then_unreviewed_by_position(person):
    make_page(written_by=person, title="Second", position=2)
    make_page(written_by=person, title="First", position=1)
    reviewed(person, date(2026, 3, 1), title="March")
    reviewed(person, date(2026, 9, 1), title="September", position=9)
    assert titles(person) == ["September", "March", "First", "Second"]


def test_pages_of_others_hidden_pages_and_other_kinds_are_not_listed(person):
    make_page(written_by=factories.make_practitioner())
    make_page(written_by=person, is_published=False)
    make_page(written_by=person, kind="fees")
    hidden = make_page(written_by=person)
    make_revision(hidden, is_public=False)
    assert pages_by(person, now=NOW) == ([], False)


def test_a_change_of_author_takes_effect_when_published(person):
    page = make_page(written_by=person, title="Cupping")
    Page.objects.update(written_by=factories.make_practitioner())
    assert titles(person) == ["Cupping"]
    make_revision(page)
    assert titles(person) == []


@pytest.mark.parametrize(("number", "more"), [(MOST_BY_AUTHOR, False), (MOST_BY_AUTHOR + 1, True), (40, True)])
def test_at_most_12_are_listed_with_a_link_to_all(client, person, number, more):
    make_page(kind="treatments")
    for day in range(number):
        reviewed(person, date(2026, 1, 1) + timedelta(days=day), title=f"Page of day {day:02}")
    assert titles(person) == [f"Page of day {day:02}" for day in reversed(range(number))][:MOST_BY_AUTHOR]
    html = client.get("/team/steve-hansen/").content.decode()
    assert html.count("Page of day") == MOST_BY_AUTHOR
    assert ('<a href="/treatments/">See all treatments</a>' in html) is more


def test_the_query_count_does_not_depend_on_the_number_of_pages(client, person):
    def cost() -> int:
        with CaptureQueriesContext(connection) as counted:
            client.get("/team/steve-hansen/")
        return len(counted)

    make_page(written_by=person)
    once = cost()
    for _ in range(199):
        make_page(written_by=person)
    assert cost() == once
