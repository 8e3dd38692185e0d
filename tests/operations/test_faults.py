"""Two machines under load: whatever is killed, no booking is lost, none is made twice, and no mail comes twice.

A request may fail only if it was being answered by what was killed. Patients then send it again.
"""

import time
from collections import Counter

import pytest
from django.db import connection

from tests.operations import books
from tests.operations.network import wait_until
from tests.operations.people import NO_ANSWER, Browser, Ledger
from tests.operations.site import WEB_WORKERS
from tests.operations.test_agreement import TREATMENT

pytestmark = [pytest.mark.prove, pytest.mark.operations]

BOOKINGS = 20  # In each test.
MANY, FAULTS = 200, 14
# For how many seconds after it began a request may still meet a fault: until the balancer leaves a machine out
# (deploy/haproxy.cfg), and until the site is back after the database's return.
MEETS = {"machine": 6.0, "database": 10.0}


@pytest.fixture
def check(site, report):
    """A function that compares the books after a load, and reports the figures."""

    def compare(ledger, *, bookings=BOOKINGS, moments=(), until=0.3, repeats=0, note=""):
        """``until``: for how many seconds after a moment a request may still meet what is being killed."""
        books.wait_for_mails()
        lost, doubled = books.lost_bookings(ledger), books.doubled_bookings()
        failures, repeated = ledger.failures(), books.repeated_mails(site.mail)
        outside = books.not_in_flight(failures, moments, until=until)
        report(
            f"{len(ledger.booked)} bookings, {len(ledger.requests)} requests, {len(failures)} failed in flight"
            f" ({len(outside)} others), {len(lost)} lost, {len(doubled)} doubled,"
            f" {sum(repeated.values())} mails sent again. {note}"
        )
        assert lost == []
        assert doubled == []
        assert ledger.bugs() == []
        assert ledger.failures_without_phone() == []
        assert len(ledger.booked) == bookings, ledger.table()
        assert [f"{request} {[request.started - moment for moment in moments]}" for request in outside] == []
        assert books.lost_mails(site.mail) == set()
        assert books.mails_with_two_ids(site.mail) == []
        site.mail.received = list({mail["Message-ID"]: mail for mail in site.mail.received}.values())
        assert sum(repeated.values()) <= repeats, repeated

    return compare


@pytest.mark.long
def test_without_a_fault_no_request_fails(site, check):
    with site.load(BOOKINGS) as load:
        ledger = load.finish()
    check(ledger)


def test_a_web_server_that_is_killed_with_all_its_processes_loses_no_booking(site, check):
    moments, host = [], site.hosts[0]
    with site.load(BOOKINGS) as load:
        for count in (3, 9):
            load.wait_for_bookings(count)
            moments.append(time.monotonic())
            host.web.kill()
            time.sleep(2)  # As a service that is restarted.
            host.start_web()
            host.wait_until_up()
        ledger = load.finish()
    check(ledger, moments=moments)


@pytest.mark.long
def test_a_killed_process_of_a_web_server_loses_no_booking(site, check):
    moments = []
    with site.load(BOOKINGS) as load:
        for count, host in enumerate([*site.hosts, *site.hosts], start=1):
            load.wait_for_bookings(3 * count)
            moments.append(time.monotonic())
            host.web.kill_child()
            host.wait_until_up()
        ledger = load.finish()
    check(ledger, moments=moments)


@pytest.mark.parametrize(("command", "repeats"), [pytest.param("RCPT", 0, marks=pytest.mark.long), ("DATA", 1)])
def test_workers_killed_while_they_send_lose_no_mail(site, check, command, repeats):
    """At RCPT the mail server has nothing yet. At DATA it takes the mail, and the worker dies before it is told so."""
    killed = []

    def kill_workers(address):
        if not killed:
            killed.append(address)
            for host in site.hosts:
                host.worker.signal_all(9)

    with site.load(BOOKINGS) as load:
        load.wait_for_bookings(3)
        site.mail.at[command] = kill_workers
        wait_until(lambda: killed, seconds=60, what="a worker sends a mail")
        del site.mail.at[command]
        for host in site.hosts:
            host.worker.kill()
            host.start_worker()
        ledger = load.finish()
    check(ledger, repeats=repeats * len(site.hosts))


def test_a_machine_that_is_cut_off_loses_no_booking(site, check):
    """It is left out within six seconds (deploy/haproxy.cfg), and comes back by itself."""
    host = site.hosts[1]
    with site.load(BOOKINGS) as load:
        load.wait_for_bookings(3)
        cut_at = time.monotonic()
        host.machine.cut_off()
        time.sleep(20)
        host.machine.rejoin()
        host.wait_until_up()
        ledger = load.finish()
    check(ledger, moments=[cut_at], until=MEETS["machine"])


def test_the_site_is_back_within_ten_seconds_of_the_databases_return(site, check):
    """Meanwhile patients read pages that were kept, and else whom to call. The log has a few lines."""
    reader = Browser(site.front, "127.3.14.1", Ledger(), "reader")
    for _ in range(20):
        reader.get(TREATMENT)  # Some processes keep it: the kernel chooses which.
    with site.load(BOOKINGS) as load:
        load.wait_for_bookings(3)
        stopped_at, said = time.monotonic(), len(site.log().splitlines())
        site.database.stop_hard()
        time.sleep(8)
        lines = site.log().splitlines()[said:]
        read = [reader.try_once("GET", TREATMENT, what="kept page") for _ in range(20)]
        site.database.start()
        connection.close()  # This process's own, which was cut, too.
        started_at = time.monotonic()
        count = len(load.ledger.booked)
        load.wait_for_bookings(count + 1)
        for host in site.hosts:
            host.wait_until_up()
        back = time.monotonic() - started_at
        ledger = load.finish()
    late = max((request.ended for request in ledger.failures()), default=stopped_at) - started_at
    check(
        ledger,
        moments=[stopped_at],
        until=started_at - stopped_at + MEETS["database"],
        repeats=len(site.hosts),
        note=f"Back {back:.1f} s after its return; the last error {late:.1f} s after it; {len(lines)} lines logged.",
    )
    assert {request.status for request in ledger.failures()} <= {NO_ANSWER, 502, 503}
    assert {answer.status for answer in read} in ({200}, {200, 503})
    assert all("Online booking is down just now" in answer.text for answer in read)
    assert len(lines) <= 2 * sum(WEB_WORKERS + 1 for _ in site.hosts), lines
    assert back < 10
    assert late < 10


@pytest.mark.long
def test_a_reloaded_balancer_fails_no_request(site, check):
    with site.load(BOOKINGS) as load:
        for count in (3, 6, 9):
            load.wait_for_bookings(count)
            site.balancer.reload()
        ledger = load.finish()
    check(ledger)


def strike(site, kind, host):
    if kind == "web server":
        host.web.kill()
        host.start_web()
    elif kind == "process":
        host.web.kill_child()
    elif kind == "worker":
        host.worker.kill()
        host.start_worker()
    elif kind == "machine":
        host.machine.cut_off()
        time.sleep(10)
        host.machine.rejoin()
    elif kind == "database":
        site.database.stop_hard()
        site.database.start()
        connection.close()
    else:
        site.balancer.reload()


@pytest.mark.long
def test_two_hundred_bookings_through_every_fault(site, report):
    """One load, and a fault after every twelfth booking, the next one when all is well again."""
    kinds = ["web server", "process", "worker", "machine", "database", "balancer"]
    faults = []  # What, when, and for how many seconds a request may meet it.
    back = {}  # By kind, after how many seconds at most all machines were ready again.
    with site.load(MANY, patients=16) as load:
        for number in range(FAULTS):
            load.wait_for_bookings(12 * (number + 1))
            kind, host = kinds[number % len(kinds)], site.hosts[number // len(kinds) % 2]
            at = time.monotonic()
            strike(site, kind, host)
            took = time.monotonic() - at if kind == "database" else 0.0
            faults.append((kind, at, took + MEETS.get(kind, 0.3)))
            for each in site.hosts:
                each.wait_until_up()
            back[kind] = max(back.get(kind, 0.0), round(time.monotonic() - at - took, 1))
        ledger = load.finish(seconds=400)
    books.wait_for_mails()
    failures = ledger.failures()
    for _kind, at, seconds in faults:
        failures = books.not_in_flight(failures, [at], until=seconds)
    lost, doubled, repeated = books.lost_bookings(ledger), books.doubled_bookings(), books.repeated_mails(site.mail)
    report(
        f"{len(ledger.booked)} bookings, {len(ledger.requests)} requests, {len(faults)} faults,"
        f" {len(ledger.failures())} failed in flight ({len(failures)} others),"
        f" {len(lost)} lost, {len(doubled)} doubled, {sum(repeated.values())} mails sent again;"
        f" failed {dict(Counter(request.status for request in ledger.failures()))}; seconds until back: {back}"
    )
    assert (lost, doubled, failures) == ([], [], [])
    assert (ledger.bugs(), ledger.failures_without_phone()) == ([], [])
    assert len(ledger.booked) == MANY, ledger.table()
    assert books.lost_mails(site.mail) == set()
    assert books.mails_with_two_ids(site.mail) == []
    assert sum(repeated.values()) <= sum(kind in {"worker", "database"} for kind, _, _ in faults)
