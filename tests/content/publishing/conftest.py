"""Fixtures: two users, and a draft that passes the checks."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from content.models import CareCard
from tests.support import factories
from tests.support.content_factories import make_page, make_section, make_sources


@pytest.fixture
def alice(db):
    """Someone who writes and publishes, and who is on the team."""
    user = get_user_model().objects.create_user("alice")
    factories.make_practitioner(name="Alice Cardinal", user=user)
    return user


@pytest.fixture
def bob(db):
    """Someone else on the team, whose reviews are signed by Mei Lin Tran."""
    user = get_user_model().objects.create_user("bob")
    factories.make_practitioner(name="Mei Lin Tran", user=user)
    return user


@pytest.fixture
def draft(now):
    """A draft treatment that passes every check."""
    reviewer = factories.make_practitioner(name="Amara Okafor")
    draft = make_page(
        is_published=False,
        slug="dry-needling",
        title="Dry needling",
        reviewed_by=reviewer,
        last_reviewed_on=now.date(),
        next_review_on=now.date() + timedelta(days=365),
    )
    make_section(draft, heading="What it is", body="<p>A thin needle.</p>")
    CareCard.objects.create(parent=draft, region="main", ordering=500, heading="Call 911 if", items=[{"text": "pain"}])
    make_sources(draft, "George 2021")
    return draft
