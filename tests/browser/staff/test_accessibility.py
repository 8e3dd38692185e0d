"""Every admin page of editors has no axe violations, in both colour schemes, from 360 px."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from content.models import DefinitionList, Menu, Notice, Picture, Revision, Section
from content.models import Page as Written
from tests.browser.axe import OFFICE, page_violations
from tests.support import content_factories

# Slow: every admin page of editors, in two colour schemes.
pytestmark = pytest.mark.prove

CONTENT = "/admin/content"


@pytest.fixture
def addresses(site: str) -> list[str]:
    """The admin URLs of a page with a changed draft, and of every other editable model."""
    page = Written.objects.get(slug="dry-needling-for-back-pain")
    Section.objects.filter(parent=page, level=2).update(heading="Words of today")
    live = Revision.objects.get(page=page)
    snippet = content_factories.make_page(kind="snippet", slug="", title="House rules", lede="")
    content_factories.make_section(snippet)
    picture, notice = Picture.objects.get(title="The clinic"), Notice.objects.create(title="Closed on Friday")
    page_url = f"{CONTENT}/page/{page.pk}"
    section, terms = Section.objects.filter(parent=page).first(), DefinitionList.objects.filter(parent=page).first()
    assert section
    assert terms
    steps = [
        "change/",
        f"change/?block=definitionlist-{terms.pk}",
        f"copy-block/?block=section-{section.pk}",
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
        *(f"{page_url}/{step}" for step in steps),
        f"{CONTENT}/snippet/{snippet.pk}/change/",
        f"{CONTENT}/picture/{picture.pk}/change/",
        f"{CONTENT}/menu/{Menu.objects.get(kind='main').pk}/change/",
        f"{CONTENT}/notice/{notice.pk}/change/",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_there_are_no_axe_violations_and_no_horizontal_scrolling(
    office: Page,
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
    page, violations_by_page = context.new_page(), {}
    for address in addresses:
        response = page.goto(address)
        assert response
        assert response.status == 200, address
        if "/page/" in address or "/snippet/" in address:
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(1000)  # The editor is initialised after the load event, its rich texts after that.
        if wrong := page_violations(page, within=OFFICE):
            violations_by_page[address] = wrong
    context.close()
    assert violations_by_page == {}
