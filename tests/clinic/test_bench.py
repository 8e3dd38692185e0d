"""The benchmark: ratios and verdicts, yardsticks, clients and inspection tools."""

import http.server
import json
import threading
from datetime import date
from itertools import islice

import pytest

from bench import __main__ as bench
from bench import booking, clients, growth, inspection, page, patients, times, yardsticks
from bench.sizes import SIZES
from bench.tables import Row, at_least, at_most, in_columns, p99, report, same_queries

pytestmark = pytest.mark.once


# The report


def test_a_target_is_an_upper_or_a_lower_bound():
    assert [at_least("rate", found, 0.8, "x").is_met for found in (0.7, 0.8)] == [False, True]
    assert [at_most("memory", found, 120, " MB").is_met for found in (120, 121)] == [True, False]


def test_query_counts_must_be_few_and_equal():
    assert same_queries("queries", [19, 19], 20).is_met
    assert not same_queries("queries", [19, 20], 20).is_met
    assert not same_queries("queries", [21, 21], 20).is_met


def test_the_report_has_a_line_for_each_row():
    rows = [
        at_most("a page", 1.234, 1.5, " ok", "0.2 ms"),
        at_least("nginx", 0.7, 0.8, "x"),
        Row("start", "not measured"),
    ]
    assert report([("SQLite", row) for row in rows]).splitlines() == [
        "what    database  measured          target          met",
        "a page  SQLite    1.23 ok (0.2 ms)  at most 1.5 ok  met",
        "nginx   SQLite    0.70x             at least 0.8x   NOT MET",
        "start   SQLite    not measured      -               -",
    ]


def test_columns_are_aligned():
    assert in_columns([("", "a second"), ("home", "12")]) == "      a second\nhome        12"


def test_p99_is_the_99th_percentile():
    assert p99([float(number) for number in range(1, 201)]) == 199


@pytest.mark.parametrize("part", bench.PARTS)
def test_every_part_can_be_run_alone(part, monkeypatch):
    monkeypatch.setattr("sys.argv", ["bench", "--quick", part])
    options = bench.arguments()
    assert (options.parts, options.size) == ([part], "quick")


def test_a_failed_part_is_reported_and_the_others_run(monkeypatch, capsys):
    def fail(*_):
        raise RuntimeError("no answer")

    monkeypatch.setattr(bench, "Clinics", lambda folder: None)
    monkeypatch.setattr(page, "measure", fail)
    monkeypatch.setattr(growth, "measure", lambda *_: [Row("growth", "1.0x")])
    rows = bench.measured(["page", "growth"], "tiny")
    assert [(row.what, row.is_met) for row in rows] == [("page", False), ("growth", None)]
    assert "no answer" in capsys.readouterr().err


# The rows of the parts


class FakeClinic:
    """A clinic with a recorded in-process measurement."""

    is_postgresql = False
    environ: dict = {}

    def __init__(self, **found):
        self.found = found

    def clinic(self, **_):
        return self

    def python(self, *_):
        return json.dumps(self.found)


def timed(**quickest):
    return {name: {"quickest": value, "median": value} for name, value in quickest.items()}


def test_gunicorn_s_cost_is_added_to_both_sides_of_the_ratio_to_ok(monkeypatch):
    clinic = FakeClinic(seconds=timed(ok=1, kept=2, anew=119, gunicorn=1), queries=[19, 19])
    monkeypatch.setattr(page, "measure_rates", lambda *_: ({}, 119.0))
    rows = page.measure(clinic, SIZES["tiny"])
    assert [(row.numbers.get("found"), row.is_met) for row in rows] == [
        (1.5, True),
        (60, False),
        (19, True),
        (None, None),  # nginx and wrk are missing
        (119, True),
    ]


def test_the_page_to_choose_a_time_is_compared_with_plain_pages(monkeypatch):
    clinic = FakeClinic(seconds=timed(times=12, plain=1), queries=13, bytes=100_000, starts=300, path="/")
    monkeypatch.setattr(times, "measure_rates", lambda *_: {})
    rows = times.measure(clinic, SIZES["full"])
    assert [row.numbers["found"] for row in rows] == [12, 12, 13]
    assert all(row.is_met for row in rows)


def test_a_booking_is_compared_with_plain_forms():
    row = booking.in_forms("a booking", timed(booking=51, hold=20, details=11, confirm=20, form=1))
    assert (row.numbers["found"], row.is_met) == (51, False)


def test_a_race_is_met_if_exactly_one_gets_the_slot():
    assert booking.only_one([1, 1], 64).is_met
    assert not booking.only_one([1, 2], 64).is_met
    assert not booking.only_one([1, 0], 64).is_met


def test_growth_reports_the_page_that_grew_most():
    row = growth.worst_page("more", {"/": {"": 1.0, "more": 1.1}, "/fees/": {"": 1.0, "more": 1.3}})
    assert (row.numbers["found"], row.is_met) == (1.3, False)
    assert "/fees/" in row.measured


# Yardsticks and clients


@pytest.fixture
def yardstick(db):  # Django's request_started signal uses the connection.
    return clients.WSGIClient(yardsticks.application())


def test_ok_responds_ok(yardstick):
    answer = yardstick.request("GET", "/ok/")
    assert (answer.status, answer.body) == (200, b"ok")


@pytest.mark.parametrize("size", [40_000, 120_000])
def test_a_plain_page_has_the_requested_size(yardstick, size):
    answer = yardstick.request("GET", f"/plain/?bytes={size}")
    assert len(answer.body) == pytest.approx(size, rel=0.05)
    assert b"<h2>A heading" in answer.body


def test_the_form_is_validated(yardstick):
    assert patients.send_form(yardstick).status == 302
    csrf = "0" * 32
    bad = f"csrfmiddlewaretoken={csrf}&booking_for=me&name=Alice&email=alice&phone=1".encode()
    assert yardstick.request("POST", "/form/", {"Cookie": f"csrf={csrf}"}, bad).status == 422


def test_the_wsgi_client_calls_an_application_like_a_server():
    def application(environ, start_response):
        start_response("200 OK", [("Set-Cookie", "a=1; Path=/"), ("X-Path", environ["PATH_INFO"])])
        yield environ["QUERY_STRING"].encode() + environ["wsgi.input"].read() + environ["HTTP_X_ONE"].encode()

    answer = clients.WSGIClient(application).request("POST", "/a%20b/?c=d", {"X-One": "1"}, b"body")
    assert (answer.status, answer.header("x-path"), answer.body) == (200, "/a b/", b"c=dbody1")
    assert answer.cookies == {"a": "1"}
    assert answer.seconds >= 0


def test_hidden_fields_of_a_form_are_found():
    answer = clients.Response(200, [], b'<input type="hidden" name="hold" value="abc"><input name="email">', 0.0)
    assert answer.hidden_fields == {"hold": "abc"}


@pytest.fixture
def refusing_server():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(409)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_refused_booking_counts_as_an_error(refusing_server):
    start, _ = next(patients.wishes(1, date(2026, 12, 1)))
    patient = patients.Patient(clients.HTTPClient(refusing_server), start)
    assert booking.attempt(patients.Patient.hold, patient) is None
    assert booking.race(refusing_server, 3, start) == 0


def test_no_two_patients_want_the_same_slot():
    wishes = list(islice(patients.wishes(5, date(2026, 12, 1)), 600))
    named = [wish for wish in wishes if wish[1]]
    assert len(set(named)) == len(named) == 300
    anyone = [start for start, practitioner in wishes if not practitioner]
    assert max(map(anyone.count, anyone)) == 5  # one for each practitioner


# Lighthouse and pa11y


def test_a_failing_tool_is_retried_once_and_its_output_printed(capsys):
    calls = []

    def look():
        calls.append(1)
        return inspection.answer(["sh", "-c", "echo the browser fell over >&2; exit 1"])

    assert inspection.run_twice("home", look) is None
    assert len(calls) == 2
    assert capsys.readouterr().out.splitlines() == [
        "home: it ended with 1: the browser fell over; it is asked once more.",
        "home: it ended with 1: the browser fell over; that is left out.",
    ]
    assert inspection.answer(["sh", "-c", "echo [1]; exit 2"]) == [1]


def test_lighthouse_targets_apply_to_the_worst_page():
    perfect = {
        "accessibility": 100,
        "best-practices": 100,
        "seo": 100,
        "shift": 0.0,
        "paint": 1000,
        "bytes": 140 * 1024,
    }
    slow = perfect | {"seo": 92, "paint": 1400, "bytes": 400 * 1024}
    reports = {inspection.BARE: perfect, inspection.TREATMENT: perfect, "/": slow}
    assert [row.is_met for row in inspection.rows(reports)] == [True, True, False, True, False, True]
