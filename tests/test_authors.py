"""Rule: a person's page names what they wrote, the latest reviewed first, and at most a dozen."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from content.authors import LISTED, pages_by
from content.models import Page
from tests import make
from tests.conftest import NOW
from tests.make_content import make_page, make_revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def person():
    make.make_clinic()
    return make.make_practitioner(name="Steve Hansen", slug="steve-hansen")


def reviewed(person, on: date, **fields) -> Page:
    said = {"reviewed_by": person, "last_reviewed_on": on, "next_review_on": on + timedelta(days=365)}
    return make_page(written_by=person, **said, **fields)


def titles(person) -> list[str]:
    return [page.title for page in pages_by(person, now=NOW)[0]]


def test_the_latest_reviewed_comes_first_and_what_nobody_reviewed_last_in_its_place(person):
    make_page(written_by=person, title="Second", position=2)
    make_page(written_by=person, title="First", position=1)
    reviewed(person, date(2026, 3, 1), title="March")
    reviewed(person, date(2026, 9, 1), title="September", position=9)
    assert titles(person) == ["September", "March", "First", "Second"]


def test_what_others_wrote_what_is_hidden_and_what_is_no_treatment_is_not_named(person):
    make_page(written_by=make.make_practitioner())
    make_page(written_by=person, is_published=False)
    make_page(written_by=person, kind="fees")
    hidden = make_page(written_by=person)
    make_revision(hidden, is_public=False)
    assert pages_by(person, now=NOW) == ([], False)


def test_a_change_of_author_counts_once_it_is_published(person):
    page = make_page(written_by=person, title="Cupping")
    Page.objects.update(written_by=make.make_practitioner())
    assert titles(person) == ["Cupping"]
    make_revision(page)
    assert titles(person) == []


@pytest.mark.parametrize(("number", "more"), [(LISTED, False), (LISTED + 1, True), (40, True)])
def test_a_dozen_at_most_and_a_way_to_the_rest(client, person, number, more):
    for day in range(number):
        reviewed(person, date(2026, 1, 1) + timedelta(days=day), title=f"Page of day {day:02}")
    assert titles(person) == [f"Page of day {day:02}" for day in reversed(range(number))][:LISTED]
    html = client.get("/team/steve-hansen/").content.decode()
    assert html.count("Page of day") == LISTED
    assert ('<a href="/treatments/">See all treatments</a>' in html) is more


def test_two_hundred_pages_cost_what_one_does(client, person):
    def cost() -> int:
        with CaptureQueriesContext(connection) as counted:
            client.get("/team/steve-hansen/")
        return len(counted)

    make_page(written_by=person)
    once = cost()
    for _ in range(199):
        make_page(written_by=person)
    assert cost() == once == 3
