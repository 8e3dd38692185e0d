"""Crawl the sample clinic: no broken links, no missing anchors."""

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

from tests.support.sample import load_sample

pytestmark = [pytest.mark.usefixtures("stopped_clock"), pytest.mark.once]
START_PAGES = ["/", "/contact/?page=/treatments/dry-needling/", "/contact/sent/", "/robots.txt", "/sitemap.xml"]
OTHER_SCHEMES = ("mailto:", "tel:", "data:")


class Links(HTMLParser):
    """The links, sources and ids of a page."""

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
    """Fetch pages and everything that they link to. Linked pages with a query string are not followed further."""

    def __init__(self, client, site: str) -> None:
        self.client, self.site = client, site
        self.pages: dict[str, Links] = {}
        self.visited: set[str] = set()
        self.broken: set[tuple[str, str]] = set()

    def open(self, address: str, found_on: str = "") -> None:
        if address in self.visited:
            return
        self.visited.add(address)
        if address.startswith(settings.STATIC_URL):
            # Static files are not collected in tests: look for the source.
            if finders.find(address.removeprefix(settings.STATIC_URL)) is None:
                self.broken.add((found_on, address))
            return
        response = self.client.get(address, follow=True)
        if response.status_code >= 400:
            self.broken.add((found_on, f"{address}: {response.status_code}"))
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
        """Return the path and query of a link within the site, outside the admin; otherwise "".

        Without ``from``, the page that a booking link names: its target is the same from everywhere.
        """
        if link.startswith(OTHER_SCHEMES):
            return ""
        whole = urlsplit(urljoin(self.site + page, urldefrag(link).url))
        is_internal = f"{whole.scheme}://{whole.netloc}" == self.site and not whole.path.startswith("/admin/")
        query = urlencode([pair for pair in parse_qsl(whole.query) if pair[0] != "from"], safe=":/")
        return (whole.path + (f"?{query}" if query else "")) if is_internal else ""

    def missing_anchors(self) -> set[tuple[str, str]]:
        missing = set()
        for page, links in self.pages.items():
            for link in links.addresses:
                anchor, target = urldefrag(link).fragment, self.inside(page, link)
                if anchor and target in self.pages and anchor not in self.pages[target].ids:
                    missing.add((page, link))
        return missing


@pytest.mark.django_db
def test_every_link_leads_somewhere_and_every_anchor_is_there(client):
    call_command("build_static", verbosity=0)
    load_sample()
    crawl = Crawl(client, settings.SITE_URL)

    for address in START_PAGES:
        crawl.open(address)

    assert crawl.broken == set()
    assert crawl.missing_anchors() == set()
    for address in ("/treatments/dry-needling/", "/team/jordan-cardinal/", "/book/", "/privacy/"):
        assert address in crawl.pages
    assert "/book/back-assessment/?practitioner=jordan-cardinal" in crawl.pages
    assert {address.rsplit(".", 1)[-1] for address in crawl.visited - crawl.pages.keys()} >= {"css", "avif", "webp"}
