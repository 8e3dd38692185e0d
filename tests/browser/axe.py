"""What axe finds on a page: WCAG 2.2 A and AA and its best practices, with the size of targets, which it leaves out."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": TAGS, "rules": {"target-size": {"enabled": True}}}
# What frames the office's pages is Django's own, as are a picture for a label and columns without a heading.
OFFICE = {"include": ["#content", ".breadcrumbs"], "exclude": ["#searchbar", "th:empty"]}


def what_axe_finds(page: Page, *, within: Any = None, rules: Any = RULES) -> list[tuple[str, str]]:
    """Each rule that is broken, with the beginning of the first element that breaks it.

    axe is a script from outside the pages' policy: the page's context needs ``bypass_csp``.
    """
    found = Axe().run(page, context=within, options=rules).response["violations"]
    return [(each["id"], each["nodes"][0]["html"][:160]) for each in found]


def what_is_wrong(page: Page, *, within: Any = None) -> list[tuple[str, str]]:
    """What axe finds, and whether the page is wider than its window."""
    width = page.evaluate("document.documentElement.scrollWidth")
    too_wide = [("scrolls sideways", f"{width} px")] if width > page.viewport_size["width"] else []  # type: ignore[index]
    return what_axe_finds(page, within=within) + too_wide
