"""Every page of the office that editors use: nothing for axe to find, in both schemes, from 360 px on."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from content.models import Menu, Notice, Picture, Revision, Section
from content.models import Page as Written
from tests import make_content
from tests.browser.axe import OFFICE, what_is_wrong
from tests.browser.test_page_editing import complaints, office  # noqa: F401  (fixtures)

# Each page that editors use, in two schemes: a long walk.
pytestmark = pytest.mark.prove

CONTENT = "/admin/content"


@pytest.fixture
def addresses(site: str) -> list[str]:
    """Of a page whose draft has changed, and of everything else that can be edited."""
    page = Written.objects.get(slug="dry-needling-for-back-pain")
    Section.objects.filter(parent=page, level=2).update(heading="Words of today")
    live = Revision.objects.get(page=page)
    snippet = make_content.make_page(kind="snippet", slug="", title="House rules", lede="")
    make_content.make_section(snippet)
    picture, notice = Picture.objects.get(title="The clinic"), Notice.objects.create(title="Closed on Friday")
    one = f"{CONTENT}/page/{page.pk}"
    steps = [
        "change/",
        "publish/",
        "hide/",
        "preview/",
        "review/",
        "history/",
        "delete/",
        f"restore/?revision={live.pk}",
    ]
    return [
        *(f"{CONTENT}/{name}/" for name in ("page", "snippet", "picture", "menu", "notice", "externallink")),
        *(f"{CONTENT}/{name}/add/" for name in ("page", "snippet", "picture", "notice")),
        *(f"{one}/{step}" for step in steps),
        f"{CONTENT}/snippet/{snippet.pk}/change/",
        f"{CONTENT}/picture/{picture.pk}/change/",
        f"{CONTENT}/menu/{Menu.objects.get(kind='main').pk}/change/",
        f"{CONTENT}/notice/{notice.pk}/change/",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    office: Page,  # noqa: F811
    browser: Browser,
    site: str,
    addresses: list[str],
    scheme: Any,
):
    state = office.context.storage_state()
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, storage_state=state, base_url=site,
        viewport={"width": 360, "height": 800},
    )  # fmt: skip
    page, found = context.new_page(), {}
    for address in addresses:
        answer = page.goto(address)
        assert answer
        assert answer.status == 200, address
        if "/page/" in address or "/snippet/" in address:
            page.wait_for_load_state("load")
            page.wait_for_timeout(50)  # The editor begins after the page has loaded.
        if wrong := what_is_wrong(page, within=OFFICE):
            found[address] = wrong
    context.close()
    assert found == {}
