"""Rich text: what is stored of markup and of characters that cannot be seen."""

import pytest
from django.core.exceptions import ValidationError

from content.models import Section
from tests.support.content_factories import make_page, make_section

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "typed",
    ["treat\u00adment", "treat&shy;ment", "treat\u200bment", "\u2066treatment\u2069", "\ufefftreatment"],
    ids=ascii,
)
def test_soft_hyphens_and_embedding_controls_are_dropped(typed):
    section = make_section(make_page(), body=f"<p>{typed}</p>")
    section.refresh_from_db()
    assert section.body == "<p>treatment</p>"
    Section.objects.update(body=f"<p>{typed}</p>")
    assert Section.objects.get().body == "<p>treatment</p>"


@pytest.mark.parametrize("typed", ["\u202etnemtaert", "treat\x07ment", "treat\ufffdment"], ids=ascii)
def test_characters_that_change_the_reading_order_or_cannot_be_read_are_refused(typed):
    section = make_section(make_page())
    section.body = f"<p>{typed}</p>"
    with pytest.raises(ValidationError) as error:
        section.full_clean()
    assert list(error.value.message_dict) == ["body"]


def test_links_and_marks_are_kept():
    html = (
        '<p>Read <a href="https://clinic.example/x" rel="noopener">the page evil.example of ours</a>, <em>now</em>.</p>'
    )
    section = make_section(make_page(), body=html)
    section.refresh_from_db()
    assert section.body == html
