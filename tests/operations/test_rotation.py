"""Keys, certificates and releases change while people use the site: no request fails, and earlier links still open."""

import re
import ssl
import threading
import time

import pytest
from django.conf import settings as site_settings

from tests.operations import books
from tests.operations.balancer import HAProxy, Nginx
from tests.operations.network import wait_until
from tests.operations.people import Browser, Front, Ledger, Patient, confirm, hold, type_details
from tests.operations.site import Certificate, log_in, run_command

pytestmark = [pytest.mark.prove, pytest.mark.operations]

NEW_KEY = "a-new-key-of-a-test-of-more-than-thirty-two-characters"
READS = 30


def restart(host, **environment):
    host.web.stop()
    host.start_web(**environment)
    host.wait_until_up()


def link_in_the_mail_to(mail, address):
    (found,) = [mail for mail in mail.received if mail["To"] == address]
    text = found.get_body(("plain",)).get_content()
    return re.search(r"https://[^/\s]+(/appointment/\S+)", text)[1]


@pytest.mark.long
def test_links_sessions_and_bookings_go_on_while_the_secret_key_is_rotated(site):
    """First every machine accepts the new key, then one after the other signs with it (several-hosts.md)."""
    one, other = site.hosts
    old = site_settings.SECRET_KEY
    first, second = site.wishes(2)
    booking = Patient(site.front, Ledger()).book(first)
    books.wait_for_mails()
    link = link_in_the_mail_to(site.mail, booking.email)
    begun = site.browser(one, "127.3.10.1", "begun-with-the-old-key")
    assert hold(begun, second[0]).status == 302
    try:
        for host in site.hosts:
            restart(host, SECRET_KEY_FALLBACKS=NEW_KEY)
        restart(one, SECRET_KEY=NEW_KEY, SECRET_KEY_FALLBACKS=old)
        assert type_details(begun).status == 302  # Signed with the new key.
        assert confirm(begun.at(other.front)).status == 302
        assert [site.staff_browser(host).get("/desk/").status for host in (one, other, one)] == [200] * 3
        restart(other, SECRET_KEY=NEW_KEY, SECRET_KEY_FALLBACKS=old)
        for number, host in enumerate(site.hosts):
            assert site.browser(host, f"127.3.10.{2 + number}").get(link, what="link").status == 302
            assert site.staff_browser(host).get("/desk/").status == 200
    finally:
        for host in site.hosts:
            restart(host)
        site.staff_cookies.update(log_in("desk-again"))  # The session was signed with the new key.


@pytest.mark.parametrize("kind", ["nginx", "HAProxy"])
def test_no_request_fails_while_the_certificate_is_renewed(site, tmp_path, kind):
    certificate = Certificate(tmp_path, "127.0.0.1")
    machines = [host.machine for host in site.hosts]
    if kind == "nginx":
        balancer = Nginx(tmp_path, machines, certificate)
    else:
        balancer = HAProxy(tmp_path, machines, certificate, page="Down")
    trusts = certificate.trusted()
    front = Front("127.0.0.1", balancer.port, trusts)
    ledger, first = Ledger(), certificate.chain.read_text()

    def read(number):
        browser = Browser(front, f"127.3.11.{number}", ledger, f"reader {number}")
        for _ in range(READS):
            browser.get("/treatments/", what="read")
            time.sleep(0.1)

    def presented():
        return ssl.get_server_certificate(("127.0.0.1", balancer.port))

    try:
        balancer.start()
        readers = [threading.Thread(target=read, args=(number,)) for number in (1, 2, 3)]
        for reader in readers:
            reader.start()
        assert presented().strip() == first.strip()
        for _ in range(2):
            certificate.renew()
            trusts.load_verify_locations(certificate.chain)
            balancer.reload()
            time.sleep(0.5)
        for reader in readers:
            reader.join()
        assert presented().strip() == certificate.chain.read_text().strip() != first.strip()
    finally:
        balancer.close()
    assert len(ledger.requests) == 3 * READS, ledger.table()
    assert ledger.failures() == []


def wait_for_requests(site, host):
    before = site.balancer.lines()
    wait_until(lambda: site.balancer.requests_to(host.machine, after=before), seconds=20, what="it gets requests")


def test_no_request_fails_while_machines_are_drained_and_stopped_one_by_one(site, report):
    with site.load(40, patients=3) as load:
        load.wait_for_bookings(3)
        for host in site.hosts:
            # The balancer asks every two seconds, and believes the second answer.
            drained = run_command(host, "drain", "--wait=6")
            assert drained.returncode == 0, drained.stderr
            before = site.balancer.lines()
            time.sleep(2)
            assert site.balancer.lines() > before + 10  # The other one is busy.
            assert site.balancer.requests_to(host.machine, after=before) == []
            restart(host)
            wait_for_requests(site, host)
        ledger = load.finish()
    report(f"{len(ledger.booked)} bookings, {len(ledger.requests)} requests, {len(ledger.failures())} failed")
    assert (ledger.failures(), ledger.bugs()) == ([], [])
    assert books.lost_bookings(ledger) == []


@pytest.mark.parametrize("kind", ["nginx", "HAProxy"])
def test_a_stylesheet_that_one_machine_has_not_got_yet_comes_from_another(site, tmp_path, kind):
    """As during an update: a page of the new release, and a machine with the old one."""
    new = site.hosts[0]
    (new.var / "static" / "css" / "new.css").write_text("a { color: blue }")
    restart(new)
    balancer = site.balancer
    if kind == "nginx":
        balancer = Nginx(tmp_path, [host.machine for host in site.hosts], site.certificate)
        balancer.start()
    try:
        browser = Browser(
            Front("127.0.0.1", balancer.port, site.certificate.trusted()), "127.3.13.1", Ledger(), "reader"
        )
        assert site.browser(site.hosts[1], "127.3.13.1").get("/static/css/new.css").status == 404
        wait_until(lambda: browser.get("/static/css/new.css").status == 200, seconds=20, what="it is up")
        assert {browser.get("/static/css/new.css").status for _ in range(20)} == {200}
        assert browser.get("/static/css/nowhere.css").status == 404
    finally:
        if kind == "nginx":
            balancer.close()
