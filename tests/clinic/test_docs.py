"""The docs: links lead somewhere, and papers about the law say that they are no advice."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors_of(page: Path) -> set[str]:
    """The anchors that code hosts make of a page's headings."""
    headings = _HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> Iterator[str]:
    """Links to files of the project that do not exist, or to headings that their page does not have."""
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            yield link


def test_links_between_the_docs_lead_somewhere():
    broken = {str(page.relative_to(ROOT)): found for page in PAGES if (found := list(broken_links(page)))}
    assert broken == {}


def test_the_check_sees_a_missing_file_and_a_missing_heading(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# The head\n[a](other.md) [b](#the-head) [c](page.md#foot) [d](https://example.ca/)")
    assert list(broken_links(page)) == ["other.md", "page.md#foot"]


def test_papers_about_privacy_say_that_they_are_no_advice():
    papers = sorted((ROOT / "docs" / "privacy").glob("*.md"))
    assert papers
    assert [
        paper.name
        for paper in papers
        if not re.match(r"# .+\n\nAs we understand it; confirm with counsel\.", paper.read_text(encoding="utf-8"))
    ] == []
