"""Two machines are one site: what begins on one goes on on the other, and both show and count the same."""

import re

import pytest
from django.conf import settings as site_settings

from content.models import Page
from tests.operations.people import Browser, confirm, hold, type_details
from tests.operations.site import log_in

pytestmark = [pytest.mark.prove, pytest.mark.operations]

PAGES = [
    "/",
    "/treatments/",
    "/treatments/dry-needling/",
    "/treatments/dry-needling-for-back-pain/",
    "/team/",
    "/fees/",
    "/contact/",
    "/search/?q=back",
    "/search/?q=pelvic",
    "/sitemap.xml",
]
TREATMENT = "/treatments/dry-needling/"


def pictures_of(html: str) -> set[str]:
    """The addresses of the pictures and of the share card of a page."""
    addresses = set(re.findall(r'(?:src|content)="([^"]*/media/[^"]+)"', html))
    for found in re.findall(r'srcset="([^"]+)"', html):
        addresses |= {part.split()[0] for part in found.split(",") if "/media/" in part}
    return {"/media/" + address.split("/media/")[1] for address in addresses}


def test_a_booking_begun_on_one_machine_goes_on_on_the_other(site):
    one, other = site.hosts
    (wishes,) = site.wishes(1)
    browser = site.browser(one, "127.3.1.1", "traveller")
    assert hold(browser, wishes[0]).status == 302
    assert type_details(browser.at(other.front)).status == 302
    assert confirm(browser.at(one.front)).status == 302
    assert browser.at(other.front).get("/book/done/").status == 200


def test_a_time_held_on_one_machine_is_taken_on_the_other(site):
    one, other = site.hosts
    (wishes,) = site.wishes(1)
    assert hold(site.browser(one, "127.3.2.1", "first"), wishes[0]).status == 302
    assert hold(site.browser(other, "127.3.2.2", "second"), wishes[0]).status == 409


def test_a_staff_login_holds_on_both_machines_and_ends_on_both(site):
    cookies = log_in("second-desk")
    one, other = (site.browser(host, "127.3.3.1", "staff", **cookies) for host in site.hosts)
    assert [one.get("/desk/").status, other.get("/desk/").status] == [200, 200]
    token = one.get("/staff/logout/").fields["csrfmiddlewaretoken"]
    assert one.post("/staff/logout/", {"csrfmiddlewaretoken": token}, what="log out").status == 302
    assert other.get("/desk/").location.startswith("/staff/login/")


def test_machines_count_rate_limits_together(site):
    amount, _window = site_settings.BOOKING_LIMITS["link"]
    browsers = [site.browser(host, "127.3.4.1") for host in site.hosts]
    statuses = [
        browsers[number % 2].get("/appointment/" + "A" * 43 + "/", what="wrong link").status
        for number in range(amount + 4)
    ]
    assert statuses == [410] * amount + [429] * 4


def test_an_edit_published_on_one_machine_shows_on_the_other_at_its_next_request(site):
    one, other = site.hosts
    staff, reader = site.staff_browser(one), site.browser(other, "127.3.5.1", "reader")
    page = Page.objects.get(kind=Page.Kind.TREATMENT, slug="dry-needling")
    for title in ("Needling, edited once", "Needling, edited twice"):
        assert title not in reader.get(TREATMENT).text  # And now it is in the other machine's cache.
        page.title = title
        page.save()
        address = f"/admin/content/page/{page.pk}/publish/"
        fields = staff.get(address).fields | {"note": "", "goes_live_at": "", "override_reason": "A proof"}
        assert staff.post(address, fields, what="publish").status == 302
        assert title in reader.get(TREATMENT).text


@pytest.mark.parametrize("path", PAGES)
def test_machines_show_the_same_pages(site, path):
    answers = [site.browser(host, "127.3.6.1").get(path) for host in site.hosts]
    assert [answer.status for answer in answers] == [200, 200]
    one, other = (re.sub(r'nonce="[^"]*"|value="[^"]{40,}"', "", answer.text) for answer in answers)
    assert one == other


def test_machines_show_the_same_pictures_and_share_cards(site):
    """From a folder that they share. Those of an object store are fetched from it (test_object_store.py)."""
    browsers = [site.browser(host, "127.3.7.1") for host in site.hosts]
    addresses = {address for path in PAGES for browser in browsers for address in pictures_of(browser.get(path).text)}
    assert any("share" in address for address in addresses), addresses
    for address in sorted(addresses):
        one, other = (browser.get(address, what="picture") for browser in browsers)
        assert (one.status, other.status) == (200, 200), address
        assert one.text == other.text


def test_visitors_cannot_choose_their_address_behind_the_balancer(site):
    """What a patient claims in X-Forwarded-For does not count: the balancer replaces it."""
    amount, _window = site_settings.BOOKING_LIMITS["link"]
    browser = Browser(site.front, "127.3.8.1", site.browser(site.hosts[0], "127.3.8.1").ledger, "forger")
    browser.forged = {"X-Forwarded-For": "127.3.8.2", "Forwarded": "for=127.3.8.3"}
    statuses = {browser.get("/appointment/" + "B" * 43 + "/").status for _ in range(amount + 1)}
    assert statuses == {410, 429}
    browser.forged = {}
    assert browser.get("/appointment/" + "B" * 43 + "/").status == 429
