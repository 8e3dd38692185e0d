"""Logs contain no tokens of links and no personal data."""

import io
import logging

import pytest
from django.db import IntegrityError

from clinic.ops.log_redaction import RedactingFormatter


def logged(message, *args, **kwargs):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("{levelname} {message}", style="{"))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.error(message, *args, **kwargs)
    return stream.getvalue()


@pytest.mark.parametrize("area", ["appointment", "waitlist", "calendar", "preview"])
def test_tokens_in_links_are_masked(area):
    token = "aB3-_" * 9
    assert logged("Internal Server Error: %s", f"/{area}/{token}/") == f"ERROR Internal Server Error: /{area}/.../\n"


@pytest.mark.parametrize(
    "address", ["/calendar/{}.ics", "/Calendar/{}.ICS", "//calendar//{}.ics", "/calendar/{}.ics?x=1"]
)
def test_the_token_of_a_calendar_feed_is_masked(address):
    token = "aB3-_" * 8 + "xyz"
    text = logged("Not Found: %s", address.format(token))
    assert token not in text
    assert token[:8] not in text


def test_ordinary_addresses_stay_readable():
    assert logged("Not Found: /appointment/cancel/") == "ERROR Not Found: /appointment/cancel/\n"


@pytest.mark.parametrize("address", ["/search/?q=leaky+bladder&page=2", "/Search/?q=leaky", "//search?q=leaky%20x"])
def test_search_queries_are_masked(address):
    text = logged("Internal Server Error: %s", f"https://clinic.example{address} (GET)")
    assert "leaky" not in text
    assert text.endswith("?... (GET)\n")


def test_the_row_of_a_database_error_is_not_logged():
    try:
        raise IntegrityError(
            'new row violates check constraint "x"\nDETAIL:  Failing row contains (1, Alice Martin, a@b.example).\n'
        )
    except IntegrityError:
        text = logged("Internal Server Error", exc_info=True)
    assert "violates check constraint" in text
    assert "Alice" not in text


def test_the_key_of_a_database_error_is_not_logged():
    try:
        raise IntegrityError("conflict\nDETAIL:  Key (email)=(a@b.example) already exists.")
    except IntegrityError:
        assert "a@b.example" not in logged("Internal Server Error", exc_info=True)
