"""What the database and the forms refuse of a page, in sentences a person can act on."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from content.models import CareCard, Page, PlacedPicture, Signpost
from tests import make
from tests.make_content import make_page, make_picture

pytestmark = pytest.mark.django_db


def refusal(row) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    return refused.value.messages


def page(**fields) -> Page:
    return Page(**{"title": "A", "lede": "B", "slug": "a"} | fields)


def test_there_is_one_page_of_each_special_kind():
    make_page(kind="fees")

    assert refusal(page(kind="fees", slug="")) == ["There is already a page of this kind. Edit that one."]


def test_two_treatments_have_two_addresses():
    make_page(slug="a")

    assert refusal(page()) == ["Another treatment has this address."]


def test_a_treatment_needs_an_address():
    assert refusal(page(slug="")) == ["A treatment needs an address; no other page has one to choose."]


def test_the_address_of_a_special_page_is_not_chosen():
    special = page(kind="fees")
    special.full_clean()

    assert special.slug == ""


def test_a_lede_has_25_words_at_most():
    page(lede="word " * 25).full_clean()

    assert refusal(page(lede="word " * 26)) == ["This has 26 words. Say it in 25 or fewer."]


@pytest.mark.parametrize("fields", [{}, {"hero_alt": "A path", "hero_is_decorative": True}], ids=["neither", "both"])
def test_what_the_picture_says_is_decided(fields):
    words = ["Say what the picture shows, or tick that it only decorates: one of the two."]

    assert refusal(page(hero_picture=make_picture(), **fields)) == words
    assert refusal(PlacedPicture(parent=make_page(), region="main", picture=make_picture())) == words


def test_a_review_is_whole_or_absent():
    person = make.make_practitioner()

    words = ["A review has a reviewer, a date and a date for the next: all three or none."]
    assert refusal(page(reviewed_by=person)) == words
    assert refusal(page(last_reviewed_on=date(2026, 1, 1), next_review_on=date(2026, 2, 1))) == words


def test_the_next_review_comes_within_24_months():
    person, on = make.make_practitioner(), date(2024, 2, 29)

    def reviewed(next_on):
        return page(reviewed_by=person, last_reviewed_on=on, next_review_on=next_on)

    reviewed(date(2026, 2, 28)).full_clean()
    assert refusal(reviewed(on + timedelta(days=732))) == [
        "The next review is due at most 24 months after the last one."
    ]
    assert refusal(reviewed(on)) == ["The next review comes after the last one."]


def test_a_signpost_leads_to_one_place():
    here, service = make_page(), make.make_service()

    Signpost(parent=here, region="main", title="There", page=here).full_clean()
    for fields in ({}, {"page": here, "service": service}):
        assert refusal(Signpost(parent=here, region="main", title="There", **fields)) == [
            "Choose a page or a service, not both."
        ]


def test_a_care_card_says_whom_to_call():
    assert refusal(CareCard(parent=make_page(), region="main")) == [
        "Say whom to call and when, such as: Call 911 if you have"
    ]


def test_what_a_page_names_cannot_be_deleted():
    service, person, picture = make.make_service(), make.make_practitioner(), make_picture()
    make_page(service=service, written_by=person, hero_picture=picture, hero_alt="A path")

    for row in (service, person, picture):
        with pytest.raises(IntegrityError):
            row.delete()


def test_pages_due_for_review_are_found():
    person = make.make_practitioner()
    due = make_page(reviewed_by=person, last_reviewed_on=date(2025, 1, 1), next_review_on=date(2026, 11, 30))
    make_page(reviewed_by=person, last_reviewed_on=date(2025, 1, 1), next_review_on=date(2026, 12, 2))
    make_page()

    assert list(Page.objects.due_for_review(by=date(2026, 12, 1))) == [due]
