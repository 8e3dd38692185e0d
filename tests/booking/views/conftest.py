import pytest

from tests.support.journey import make_small_clinic


@pytest.fixture
def clinic(db, stopped_clock):
    return make_small_clinic()
