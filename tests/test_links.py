"""Every link of the sample clinic's pages leads somewhere, and every anchor stands on its page."""

from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

pytestmark = pytest.mark.usefixtures("stopped_clock")
BEGINNINGS = ["/", "/contact/?page=/treatments/dry-needling/", "/contact/sent/", "/robots.txt", "/sitemap.xml"]
ELSEWHERE = ("mailto:", "tel:", "data:")


class Links(HTMLParser):
    """The addresses that a page names, and the ids that stand on it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values["id"]} if "id" in values else set()
        self.addresses += [values[name] for name in ("href", "src") if name in values]
        self.addresses += [part.split()[0] for part in values.get("srcset", "").split(",") if part.strip()]


class Crawl:
    """Opens what it is told and what that leads to. Pages with a question in their address lead no further."""

    def __init__(self, client, site: str) -> None:
        self.client, self.site = client, site
        self.pages: dict[str, Links] = {}
        self.asked_for: set[str] = set()
        self.wrong: set[tuple[str, str]] = set()

    def open(self, address: str, found_on: str = "") -> None:
        if address in self.asked_for:
            return
        self.asked_for.add(address)
        if address.startswith(settings.STATIC_URL):
            # A file of ours: nothing is collected in tests, so it is looked for where it comes from.
            if finders.find(address.removeprefix(settings.STATIC_URL)) is None:
                self.wrong.add((found_on, address))
            return
        response = self.client.get(address, follow=True)
        if response.status_code >= 400:
            self.wrong.add((found_on, f"{address}: {response.status_code}"))
        elif response["Content-Type"].startswith("text/html"):
            self.pages[address] = Links(response.content.decode())
            if "?" not in address or not found_on:
                self.follow(address)

    def follow(self, page: str) -> None:
        for link in self.pages[page].addresses:
            address = self.inside(page, link)
            if address:
                self.open(address, page)

    def inside(self, page: str, link: str) -> str:
        """The address without its anchor, if it is one of ours and not staff's."""
        if link.startswith(ELSEWHERE):
            return ""
        whole = urlsplit(urljoin(self.site + page, urldefrag(link).url))
        ours = f"{whole.scheme}://{whole.netloc}" == self.site and not whole.path.startswith("/admin/")
        return (whole.path + (f"?{whole.query}" if whole.query else "")) if ours else ""

    def lost_anchors(self) -> set[tuple[str, str]]:
        lost = set()
        for page, links in self.pages.items():
            for link in links.addresses:
                anchor, target = urldefrag(link).fragment, self.inside(page, link)
                if anchor and target in self.pages and anchor not in self.pages[target].ids:
                    lost.add((page, link))
        return lost


@pytest.mark.django_db(transaction=True)  # The pictures' renditions are written after the commit.
def test_every_link_leads_somewhere_and_every_anchor_is_there(client):
    call_command("build_static", verbosity=0)
    call_command("load_sample", verbosity=0)
    crawl = Crawl(client, settings.SITE_URL)

    for address in BEGINNINGS:
        crawl.open(address)

    assert crawl.wrong == set()
    assert crawl.lost_anchors() == set()
    for address in ("/treatments/dry-needling/", "/team/jordan-cardinal/", "/book/", "/privacy/"):
        assert address in crawl.pages
    assert "/book/back-assessment/?practitioner=jordan-cardinal" in crawl.pages
    assert {address.rsplit(".", 1)[-1] for address in crawl.asked_for - crawl.pages.keys()} >= {"css", "avif", "webp"}
