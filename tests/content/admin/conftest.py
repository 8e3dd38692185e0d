"""Fixtures: a draft that passes the checks."""

from datetime import timedelta

import pytest

from content.models import CareCard
from tests.support import factories
from tests.support.content_factories import make_page, make_section, make_sources


@pytest.fixture
def draft(now):
    page = make_page(
        is_published=False,
        slug="dry-needling",
        title="Dry needling",
        reviewed_by=factories.make_practitioner(),
        last_reviewed_on=now.date(),
        next_review_on=now.date() + timedelta(days=365),
    )
    make_section(page, heading="What it is", body="<p>A thin needle.</p>")
    CareCard.objects.create(parent=page, region="main", ordering=500, heading="Call 911 if", items=[{"text": "pain"}])
    make_sources(page, "George 2021")
    return page
