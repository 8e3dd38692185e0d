"""The access log has one line a request, without a path, a query, an address or a user."""

import json
import logging

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from clinic.ops.logs.access_log import access_log_middleware
from clinic.ops.logs.formats import JsonLineFormatter, LineFormatter

TOKEN = "aB3-_" * 9


@pytest.fixture
def access_log(settings, caplog):
    settings.ACCESS_LOG = True
    caplog.set_level(logging.INFO, logger="clinic.access")

    def records(request, response=None):
        caplog.clear()
        access_log_middleware(lambda request: response or HttpResponse(b"x" * 345))(request)
        return [record for record in caplog.records if record.name == "clinic.access"]

    return records


def test_a_line_has_route_status_duration_and_size(access_log):
    request = RequestFactory().get(f"/appointment/{TOKEN}/", {"q": "leaky"}, REMOTE_ADDR="203.0.113.9")
    [record] = access_log(request)
    line = json.loads(JsonLineFormatter().format(record))
    assert (line["method"], line["status"], line["bytes"]) == ("GET", 200, 345)
    assert line["route"].startswith("/appointment/<")
    assert line["duration_ms"] >= 0
    for text in (LineFormatter().format(record), json.dumps(line)):
        assert line["route"] in text
        assert not any(secret in text for secret in (TOKEN[:10], "leaky", "203.0.113.9"))


@pytest.mark.parametrize(
    ("address", "route"),
    [("/", "/"), ("/nowhere/alice/martin.php", "unmatched"), ("/static/css/site.css", "static")],
)
def test_what_matches_no_pattern_is_not_named(address, route, access_log):
    [record] = access_log(RequestFactory().get(address))
    assert record.route == route


def test_an_invented_method_is_not_named(access_log):
    [record] = access_log(RequestFactory().generic("ALICE", "/"))
    assert record.method == "other"


def test_a_streamed_response_has_no_size(access_log):
    [record] = access_log(RequestFactory().get("/"), StreamingHttpResponse([b"x"]))
    assert record.bytes == "-"


def test_it_is_off_by_default(client, db, caplog):
    caplog.set_level(logging.INFO, logger="clinic.access")
    client.get("/")
    assert [record for record in caplog.records if record.name == "clinic.access"] == []
