"""Nothing that opens a visit, and nobody's data, reaches the logs."""

import io
import logging

import pytest
from django.db import IntegrityError

from clinic.logs import DiscreetFormatter


def logged(message, *args, **kwargs):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(DiscreetFormatter("{levelname} {message}", style="{"))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.error(message, *args, **kwargs)
    return stream.getvalue()


@pytest.mark.parametrize("area", ["appointment", "waitlist", "calendar", "preview"])
def test_links_that_open_something_are_masked(area):
    token = "aB3-_" * 9
    assert logged("Internal Server Error: %s", f"/{area}/{token}/") == f"ERROR Internal Server Error: /{area}/.../\n"


@pytest.mark.parametrize(
    "address", ["/calendar/{}.ics", "/Calendar/{}.ICS", "//calendar//{}.ics", "/calendar/{}.ics?x=1"]
)
def test_the_address_of_a_calendar_feed_is_masked(address):
    token = "aB3-_" * 8 + "xyz"
    text = logged("Not Found: %s", address.format(token))
    assert token not in text
    assert token[:8] not in text


def test_ordinary_addresses_stay_readable():
    assert logged("Not Found: /appointment/cancel/") == "ERROR Not Found: /appointment/cancel/\n"


@pytest.mark.parametrize("address", ["/search/?q=leaky+bladder&page=2", "/Search/?q=leaky", "//search?q=leaky%20x"])
def test_what_somebody_searched_for_is_masked(address):
    text = logged("Internal Server Error: %s", f"https://clinic.example{address} (GET)")
    assert "leaky" not in text
    assert text.endswith("?... (GET)\n")


def test_a_refused_row_is_not_quoted():
    try:
        raise IntegrityError(
            'new row violates check constraint "x"\nDETAIL:  Failing row contains (1, Alice Martin, a@b.example).\n'
        )
    except IntegrityError:
        text = logged("Internal Server Error", exc_info=True)
    assert "violates check constraint" in text
    assert "Alice" not in text


def test_a_refused_key_is_not_quoted():
    try:
        raise IntegrityError("conflict\nDETAIL:  Key (email)=(a@b.example) already exists.")
    except IntegrityError:
        assert "a@b.example" not in logged("Internal Server Error", exc_info=True)
