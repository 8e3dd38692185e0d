"""Fixture: a site with all its special pages."""

import pytest

from tests.support import factories
from tests.support.content_factories import make_site


@pytest.fixture
def site(stopped_clock):
    """The published special pages, by kind, with a clinic and a location."""
    factories.make_clinic()
    factories.make_location()
    return make_site()
