import pytest


@pytest.fixture(autouse=True)
def _fixed_clock(stopped_clock):
    """Monday, November 23, 2026, 8:00 a.m. in Alberta."""
