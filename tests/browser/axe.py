"""axe: violations of WCAG 2.2 A and AA and of best practices, including target-size, which is off by default."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": TAGS, "rules": {"target-size": {"enabled": True}}}
# The admin's content, without Django's own header, sidebar, search icon and empty column headings.
OFFICE = {"include": ["#content", ".breadcrumbs"], "exclude": ["#searchbar", "th:empty"]}


def axe_violations(page: Page, *, within: Any = None, rules: Any = RULES) -> list[tuple[str, str]]:
    """Return each violated rule with the start of the first element that violates it.

    The page's context needs JavaScript and ``bypass_csp`` to inject axe.
    """
    violations = Axe().run(page, context=within, options=rules).response["violations"]
    return [(violation["id"], violation["nodes"][0]["html"][:160]) for violation in violations]


def page_violations(page: Page, *, within: Any = None) -> list[tuple[str, str]]:
    """Return axe's violations, and one for a page that is wider than its window."""
    width = page.evaluate("document.documentElement.scrollWidth")
    too_wide = [("scrolls sideways", f"{width} px")] if width > page.viewport_size["width"] else []  # type: ignore[index]
    return axe_violations(page, within=within) + too_wide
