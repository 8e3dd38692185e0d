"""Troubles of one machine: a full or read-only disk, no mail server, a wrong clock. Nothing is lost."""

import os
import sqlite3
import subprocess
from contextlib import closing, suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection

from booking.models import Message
from tests.operations import alone, books
from tests.operations.database import PostgresServer
from tests.operations.network import wait_until
from tests.operations.people import Ledger, Patient
from tests.proofs import race_site
from tests.support import mail_server
from tests.support.mail_server import HANG_UP

pytestmark = [pytest.mark.prove, pytest.mark.operations]

DAY = timedelta(days=1)
HOURS = timedelta(hours=2)


@pytest.fixture
def mounts(tmp_path):
    if not alone.can_mount(tmp_path):
        pytest.skip("A small disk can only be mounted by root.")


def try_to_book(patient, wishes):
    """Book as a patient who gives up at the first error. Returns the status of what failed, or 302."""
    try:
        patient.book(wishes)
    except (AssertionError, KeyError):
        return patient.ledger.requests[-1].status
    return 302


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("tests.operations.people.PATIENCE", 0)


def check(ledger):
    assert books.lost_bookings(ledger) == []
    assert books.doubled_bookings() == []


def test_a_full_disk_under_sqlite_loses_nothing(site, prepared, mounts, tmp_path, impatient, report):
    ledger = Ledger()
    with alone.small_disk(tmp_path / "var", megabytes=64) as var:
        url = alone.furnish(var, site, prepared)
        host = alone.lonely(site.hosts[0], var, DATABASE_URL=url)
        host.logs = tmp_path  # Not on the disk that fills up.
        with race_site.connected(url), alone.up(host):
            patient = Patient(host.front, ledger)
            before, *meanwhile, after = site.wishes(6)
            assert try_to_book(patient, before) == 302
            with alone.filled(var):
                statuses = [try_to_book(patient, wishes) for wishes in meanwhile]
                page = site.browser(host, "127.3.9.1").try_once("GET", "/")
                home, health = page.status, site.browser(host, "127.3.9.1").try_once("GET", "/healthz/")
            assert try_to_book(patient, after) == 302
            check(ledger)
        with closing(sqlite3.connect(var / "clinic.sqlite3")) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    report(f"forms {statuses}, home page {home}, /healthz/ {health.status} {health.text.strip()!r}")
    assert home == 200
    assert set(statuses) <= {302, 503}
    assert 503 in statuses, "The disk was not full."
    assert ledger.failures_without_phone() == []
    assert (health.status, "is full" in health.text) == (503, True)


def use_what_is_reserved():
    """Write until PostgreSQL has no room left, neither in its tables' files nor in its write-ahead log."""
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE filler (text text)")
        for _ in range(200):
            cursor.execute(
                "INSERT INTO filler SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 30000)"
            )
    connection.close()


@pytest.mark.long
def test_a_full_disk_under_postgresql_loses_nothing(site, mounts, tmp_path_factory, tmp_path, impatient, report):
    ledger = Ledger()
    shared = tmp_path_factory.getbasetemp().parent.parent / f"clinic-disk-{os.getpid()}"  # Where PostgreSQL may enter.
    with alone.small_disk(shared, megabytes=110) as disk:
        os.chmod(disk, 0o777)
        database = PostgresServer(parent=disk)
        try:
            database.start()
            database.create("clinic")
            url = database.url("clinic", address="127.0.0.1")
            copy = subprocess.Popen(["pg_dump", site.database.url("clinic").split("?")[0]], stdout=subprocess.PIPE)
            subprocess.run(["psql", "-q", url.split("?")[0]], stdin=copy.stdout, check=True, stdout=subprocess.DEVNULL)
            assert copy.wait() == 0
            var = tmp_path / "var"
            var.mkdir()
            alone.furnish(var, site)
            host = alone.lonely(site.hosts[0], var, DATABASE_URL=url)
            with race_site.connected(url), alone.up(host):
                patient = Patient(host.front, ledger)
                before, *meanwhile, after = site.wishes(8)
                assert try_to_book(patient, before) == 302
                with alone.filled(disk):
                    use_what_is_reserved()
                    statuses = [try_to_book(patient, wishes) for wishes in meanwhile]
                    alive = database.service.is_running
                if not alive:
                    database.start()
                wait_until(lambda: try_to_book(patient, after) == 302, seconds=20, what="a booking succeeds again")
                check(ledger)
        finally:
            database.close()
    assert set(statuses) != {302}, "The disk was not full."
    report(f"forms {statuses}; PostgreSQL {'went on' if alive else 'stopped, and was started again'}")


def test_a_machine_with_a_read_only_disk_answers_as_the_others(site, mounts, tmp_path, impatient):
    ledger = Ledger()
    var = tmp_path / "var"
    var.mkdir()
    alone.furnish(var, site)
    (var / "build").mkdir(exist_ok=True)
    host = alone.lonely(site.hosts[0], var, DATABASE_URL=site.database.url("clinic", address="127.0.0.1"))
    host.logs = tmp_path
    with alone.read_only(var), alone.up(host):
        (wishes,) = site.wishes(1)
        assert try_to_book(Patient(host.front, ledger), wishes) == 302
        assert site.browser(host, "127.3.9.2").get("/treatments/").status == 200
        assert site.staff_browser(host).get("/desk/").status == 200
    check(ledger)


@pytest.mark.long
def test_with_the_mail_server_away_for_a_day_every_mail_comes_once(site, prepared, tmp_path, impatient, report):
    ledger = Ledger()
    url = alone.furnish(tmp_path, site, prepared)
    with mail_server.running() as mail:
        host = alone.lonely(site.hosts[0], tmp_path, DATABASE_URL=url, EMAIL_URL=f"smtp://127.0.0.1:{mail.port}")

        def work(*, ahead=timedelta(0)):
            return alone.manage(host, "work", "--once", ahead=ahead)

        with race_site.connected(url):
            with alone.up(host):
                patient = Patient(host.front, ledger)
                assert {try_to_book(patient, wishes) for wishes in site.wishes(3)} == {302}
            mail.at["MAIL"] = lambda address: HANG_UP
            for hours in (0, 1, 12, 23):
                assert work(ahead=timedelta(hours=hours)).returncode != 0
            assert mail.received == []
            waiting = Message.objects.filter(kind="confirmation")
            assert set(waiting.values_list("state", flat=True)) == {"waiting"}
            mail.at.clear()
            last = work(ahead=DAY)
            report(f"{len(mail.received)} mails after a day; the worker: {last.stderr.strip()[-200:]}")
            assert last.returncode == 0, last.stderr
            assert set(waiting.values_list("state", flat=True)) == {"sent"}
            assert books.lost_mails(mail) == set()
            assert books.repeated_mails(mail) == {}
            check(ledger)


@pytest.mark.long
@pytest.mark.parametrize("step", [HOURS, -HOURS], ids=["ahead", "behind"])
def test_a_machine_whose_clock_is_two_hours_off_loses_and_doubles_no_booking(site, step, report):
    host = site.hosts[1]
    clock = str(float(host.environment["TEST_CLOCK_AHEAD"]) + step.total_seconds())
    try:
        host.web.kill()
        host.start_web(TEST_CLOCK_AHEAD=clock)
        host.wait_until_up()
        with site.load(20) as load:
            ledger = load.finish()
    finally:
        host.web.kill()
        host.start_web()
        host.wait_until_up()
    report(f"{len(ledger.booked)} bookings, {len(ledger.failures())} failures; {ledger.gave_up}")
    check(ledger)
    assert ledger.failures() == []
