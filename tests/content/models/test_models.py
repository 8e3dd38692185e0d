"""Validation of pages, blocks and reviews, with messages that staff can act on."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from content.models import Page, SnippetHere
from tests.support import factories
from tests.support.content_factories import make_page, make_picture

pytestmark = pytest.mark.django_db


def validation_messages(row) -> list[str]:
    with pytest.raises(ValidationError) as error:
        row.full_clean()
    return error.value.messages


def page(**fields) -> Page:
    return Page(**{"title": "A", "lede": "B", "slug": "a"} | fields)


def test_a_second_page_of_a_special_kind_is_refused():
    make_page(kind="fees")

    assert validation_messages(page(kind="fees", slug="")) == ["There's already a page of this kind. Edit that one."]


def test_treatments_have_unique_slugs():
    make_page(slug="a")

    assert validation_messages(page()) == ["Another treatment already has this address."]


def test_a_treatment_needs_a_slug():
    assert validation_messages(page(slug="")) == [
        "Treatments and ordinary pages need an address. Other pages have a fixed one."
    ]


def test_a_special_page_has_no_slug():
    special = page(kind="fees")
    special.full_clean()

    assert special.slug == ""


def test_a_review_has_all_its_fields_or_none():
    person = factories.make_practitioner()

    message = ["A review needs a reviewer, a date and a date for the next one: all three or none."]
    assert validation_messages(page(reviewed_by=person)) == message
    assert validation_messages(page(last_reviewed_on=date(2026, 1, 1), next_review_on=date(2026, 2, 1))) == message


def test_the_next_review_is_due_within_24_months():
    person, on = factories.make_practitioner(), date(2024, 2, 29)

    def reviewed(next_on):
        return page(reviewed_by=person, last_reviewed_on=on, next_review_on=next_on)

    reviewed(date(2026, 2, 28)).full_clean()
    assert validation_messages(reviewed(on + timedelta(days=732))) == [
        "The next review can be at most 24 months after the last one."
    ]
    assert validation_messages(reviewed(on)) == ["The next review has to be after the last one."]


def test_a_snippet_contains_no_snippet():
    snippet = make_page(kind="snippet")

    assert validation_messages(SnippetHere(parent=snippet, region="main", snippet=snippet)) == [
        "A snippet can't contain another snippet."
    ]


def test_rows_that_a_page_references_cannot_be_deleted():
    service, person, picture = factories.make_service(), factories.make_practitioner(), make_picture()
    make_page(service=service, written_by=person, hero_picture=picture, hero_alt="A path")

    for row in (service, person, picture):
        with pytest.raises(IntegrityError):
            row.delete()


def test_due_for_review_returns_overdue_pages():
    person = factories.make_practitioner()
    due = make_page(reviewed_by=person, last_reviewed_on=date(2025, 1, 1), next_review_on=date(2026, 11, 30))
    make_page(reviewed_by=person, last_reviewed_on=date(2025, 1, 1), next_review_on=date(2026, 12, 2))
    make_page()

    assert list(Page.objects.due_for_review(by=date(2026, 12, 1))) == [due]
