"""Metrics: what is counted, what is read from the database, and that no label can hold a person or a free text."""

import json
import os
import socket
import subprocess
import sys
import time
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from booking import rate_limits, scheduling
from booking.models import AppointmentEvent, ClockReading, ExternalCalendar, Message, TaskRun
from booking.scheduling import Actor
from booking.scheduling.events import add_event
from booking.worker.periodic_tasks import task_failed
from clinic.ops.environment import metrics_bind
from clinic.ops.metrics import receivers
from clinic.ops.metrics.database_figures import DatabaseFigures
from clinic.ops.metrics.folders import prepare_folder
from clinic.ops.metrics.middleware import PAGE_CACHE_RESULT, metrics_middleware
from tests.support import factories

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "aB3-_" * 9


def value_of(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


# The address


@pytest.mark.parametrize(
    ("value", "bind"),
    [
        ("", None),
        ("127.0.0.1:9464", ("127.0.0.1", 9464)),
        ("[::1]:9464", ("::1", 9464)),
        ("localhost:9", ("localhost", 9)),
    ],
)
def test_metrics_are_off_or_on_a_loopback_address(value, bind):
    assert metrics_bind({"METRICS_BIND": value}) == bind


@pytest.mark.parametrize("value", ["0.0.0.0:9464", "[::]:9464", "10.0.0.7:9464", "203.0.113.9:9464"])
def test_an_address_that_others_can_reach_needs_a_second_switch(value):
    with pytest.raises(ImproperlyConfigured, match="METRICS_PUBLIC"):
        metrics_bind({"METRICS_BIND": value})
    assert metrics_bind({"METRICS_BIND": value, "METRICS_PUBLIC": "on"})


@pytest.mark.parametrize(
    "value", ["9464", "127.0.0.1", "127.0.0.1:x", "metrics.example:9464", "a@127.0.0.1:1", ":9464"]
)
def test_another_value_is_refused(value):
    with pytest.raises(ImproperlyConfigured, match="METRICS_BIND"):
        metrics_bind({"METRICS_BIND": value})


# Requests


@pytest.fixture
def measure(settings):
    settings.METRICS_BIND = ("127.0.0.1", 9464)
    return lambda request, view=lambda request: HttpResponse(): metrics_middleware(view)(request)


def requests_with(**labels: str) -> float:
    return value_of("clinic_request_duration_seconds_count", **labels)


def test_a_request_is_counted_by_pattern_method_and_status(measure):
    labels = {"route": "/healthz/", "method": "GET", "status": "503"}
    before = requests_with(**labels)
    measure(RequestFactory().get("/healthz/?x=1"), lambda request: HttpResponse(status=503))
    assert requests_with(**labels) == before + 1


@pytest.mark.django_db
def test_the_page_of_a_site_being_set_up_is_not_counted_as_an_error(client, measure):
    labels = {"route": "/", "method": "GET"}
    before = [requests_with(**labels, status=status) for status in ("503", "being set up")]
    assert client.get("/").status_code == 503
    after = [requests_with(**labels, status=status) for status in ("503", "being set up")]
    assert after == [before[0], before[1] + 1]


def test_no_label_holds_what_a_client_chose(measure):
    for request in (
        RequestFactory().get(f"/appointment/{TOKEN}/"),
        RequestFactory().get("/alice/martin.php", {"q": "leaky"}),
        RequestFactory().generic("ALICE", "/alice/"),
    ):
        measure(request)
    text = generate_latest(REGISTRY).decode()
    assert 'route="unmatched"' in text
    assert not any(secret in text for secret in (TOKEN[:10], "alice", "ALICE", "leaky"))


@pytest.mark.django_db
def test_queries_and_their_time_are_counted(measure):
    def view(request):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.execute("SELECT 2")
        return HttpResponse()

    before = value_of("clinic_request_database_queries_total", route="/healthz/")
    seconds = value_of("clinic_request_database_seconds_total", route="/healthz/")
    measure(RequestFactory().get("/healthz/"), view)
    assert value_of("clinic_request_database_queries_total", route="/healthz/") == before + 2
    assert value_of("clinic_request_database_seconds_total", route="/healthz/") > seconds


def test_the_page_cache_is_counted(measure):
    def view(request):
        request.META[PAGE_CACHE_RESULT] = "hit"
        return HttpResponse()

    before = value_of("clinic_page_cache_requests_total", result="hit")
    measure(RequestFactory().get("/"), view)
    assert value_of("clinic_page_cache_requests_total", result="hit") == before + 1


# Bookings and the worker


@pytest.fixture
def counting():
    """Connect the receivers, as in a process with METRICS_BIND."""
    receivers.connect_receivers()
    yield
    receivers.disconnect_receivers()


def test_an_event_is_counted_after_its_commit(counting, db, now, django_capture_on_commit_callbacks):
    appointment = factories.make_appointment()
    labels = {"kind": "cancelled", "by": "system"}
    before = value_of("clinic_appointment_events_total", **labels)
    with django_capture_on_commit_callbacks(execute=True):
        add_event(appointment, AppointmentEvent.Kind.CANCELLED, by=Actor.system(), now=now)
        assert value_of("clinic_appointment_events_total", **labels) == before
    assert value_of("clinic_appointment_events_total", **labels) == before + 1


def test_refusals_and_limits_are_counted_by_kind(counting):
    taken, limit = {"kind": "SlotTaken"}, {"kind": "limit: book"}
    before = value_of("clinic_refusals_total", **taken), value_of("clinic_refusals_total", **limit)
    scheduling.SlotTaken()
    rate_limits.RateLimitExceeded("book", timedelta(1))
    after = value_of("clinic_refusals_total", **taken), value_of("clinic_refusals_total", **limit)
    assert after == (before[0] + 1, before[1] + 1)


def test_failures_of_the_worker_are_counted(counting):
    before = value_of("clinic_worker_task_failures_total", task="mail")
    task_failed.send_robust(sender=None, task="mail")
    assert value_of("clinic_worker_task_failures_total", task="mail") == before + 1


# Figures from the database


@pytest.fixture
def figures(db, monkeypatch):
    """Return what the exporter reads, by name; the test's connection stays open."""
    monkeypatch.setattr("clinic.ops.metrics.database_figures.connections.close_all", lambda: None)
    registry = CollectorRegistry()
    registry.register(DatabaseFigures())
    return lambda name, **labels: registry.get_sample_value(name, labels)


def test_the_queue_the_worker_and_the_clock_are_read(figures, now):
    for number, fields in enumerate(
        [
            {"due_at": now - timedelta(minutes=7)},
            {"due_at": now - timedelta(minutes=2)},
            {"due_at": now + timedelta(minutes=2)},
            {"due_at": now, "state": "parked"},
        ]
    ):
        Message.objects.create(key=f"contact-{number}", kind="contact", **fields)
    TaskRun.objects.create(name="mail", went_well_at=now, interval=timedelta(seconds=30))
    ClockReading.objects.create(machine="a", read_at=now, checked_at=now, off_by=-timedelta(hours=2))
    assert figures("clinic_messages_due") == 2
    assert figures("clinic_messages_oldest_due_seconds") == 420
    assert figures("clinic_messages", kind="contact", channel="email", state="waiting") == 3
    assert figures("clinic_messages", kind="contact", channel="email", state="parked") == 1
    assert figures("clinic_worker_task_last_success_timestamp_seconds", task="mail") == now.timestamp()
    assert figures("clinic_worker_task_interval_seconds", task="mail") == 30
    assert figures("clinic_clock_offset_seconds") == 7200
    assert figures("clinic_database_up") == 1


def test_an_empty_site_has_figures_as_well(figures):
    assert [figures(name) for name in ("clinic_messages_due", "clinic_messages_oldest_due_seconds")] == [0, 0]
    assert [figures(name) for name in ("clinic_clock_offset_seconds", "clinic_pictures_waiting")] == [0, 0]
    assert figures("clinic_own_calendars_unread") == 0
    assert 0 <= figures("clinic_disk_free_ratio", folder="var") <= 1


def test_own_calendars_that_were_not_read_for_an_hour_are_counted(figures, now):
    for hours in (0.5, 2, 3):
        ExternalCalendar.objects.create(
            practitioner=factories.make_practitioner(),
            secret_address="-",
            added_at=now - timedelta(days=1),
            last_read_at=now - timedelta(hours=hours),
            next_read_at=now,
        )
    assert figures("clinic_own_calendars_unread") == 2


def test_a_database_that_is_away_is_a_figure(figures, monkeypatch):
    from django.db import OperationalError

    def fail():
        raise OperationalError

    monkeypatch.setattr("clinic.ops.metrics.database_figures.messages.oldest_due_at", fail)
    assert figures("clinic_database_up") == 0
    assert figures("clinic_messages_due") is None


# Several processes


def test_files_stay_while_a_process_counts_and_go_when_none_does(tmp_path):
    folder = tmp_path / "commands"
    prepare_folder(folder)
    (folder / f"counter_{os.getpid()}.db").touch()
    (folder / "counter_999999999.db").touch()
    prepare_folder(folder)
    assert len(list(folder.iterdir())) == 2
    (folder / f"counter_{os.getpid()}.db").unlink()
    prepare_folder(folder)
    assert list(folder.iterdir()) == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


ROUTE = "/.well-known/change-password"


def fetch(port: int, path: str) -> tuple[int, str]:
    """Return status and body, once the server listens."""
    end = time.monotonic() + 120
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            connection.connect()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
            continue
        connection.request("GET", path)
        with connection.getresponse() as response:
            return response.status, response.read().decode()


@pytest.mark.prove
@pytest.mark.once
def test_the_counts_of_all_processes_are_added_up_and_a_start_begins_anew(tmp_path):
    """The pages need no database, and there is none: the exporter answers all the same."""
    port, metrics_port = free_port(), free_port()
    inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "EMAIL_URL", "CI"}}
    environ = inherited | {
        "VAR_DIR": str(tmp_path / "var"), "SITE_URL": f"http://127.0.0.1:{port}", "BIND": f"127.0.0.1:{port}",
        "WEB_WORKERS": "2", "METRICS_BIND": f"127.0.0.1:{metrics_port}", "LOG_FORMAT": "json", "ACCESS_LOG": "on",
        "PAGE_CACHE": "off",
    }  # fmt: skip
    (tmp_path / "var" / "static").mkdir(parents=True)  # Else WhiteNoise's warning is a line that is no JSON.
    log = (tmp_path / "log").open("w")
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "clinic/ops/gunicorn.py", "clinic.wsgi"]
    options = {"cwd": ROOT, "env": environ, "stdout": log, "stderr": subprocess.STDOUT}
    exporter = subprocess.Popen([sys.executable, "manage.py", "serve_metrics"], **options)
    try:
        for wanted in (40, 7):
            site = subprocess.Popen(gunicorn, **options)
            try:
                for _ in range(wanted):
                    assert fetch(port, ROUTE)[0] == 302
                text = fetch(metrics_port, "/metrics")[1]
            finally:
                site.terminate()
                site.wait(timeout=60)
            name = f'clinic_request_duration_seconds_count{{method="GET",route="{ROUTE}",status="302"}}'
            [line] = [line for line in text.splitlines() if line.startswith(name)]
            assert float(line.rpartition(" ")[2]) == wanted
            assert "clinic_database_up 0.0" in text
    finally:
        exporter.terminate()
        assert exporter.wait(timeout=60) == 0
    lines = [line for line in (tmp_path / "log").read_text().splitlines() if not line.startswith("Metrics are at")]
    entries = [json.loads(line) for line in lines]
    access = [entry for entry in entries if entry["logger"] == "clinic.access" and entry["route"] == ROUTE]
    assert len(access) == 47
    assert len({entry["request_id"] for entry in access}) == 47
    assert [entry for entry in entries if "exception" in entry] == []


@pytest.mark.once
def test_without_settings_for_it_a_process_loads_neither_metrics_nor_error_reports():
    script = "import sys, clinic.wsgi; print(sorted({'prometheus_client', 'sentry_sdk'} & set(sys.modules)))"
    names = ("METRICS_BIND", "SENTRY_DSN", "DATABASE_URL")
    environ = {name: value for name, value in os.environ.items() if name not in names}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"
