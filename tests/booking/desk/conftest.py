import pytest


@pytest.fixture(autouse=True)
def _fixed_clock(stopped_clock):
    """Monday 23 November 2026, 8:00 am in Alberta."""
