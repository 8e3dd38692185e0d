"""Web fonts cause no layout shift on the first screen."""

from collections.abc import Iterator

import pytest
import time_machine
from playwright.sync_api import Browser, BrowserContext

from tests.conftest import NOW

PHONE = {"width": 412, "height": 823}
# The position of each text node on the first screen, within an element of the page.
POSITIONS = """(part) => {
    const found = {}, walker = document.createTreeWalker(document.querySelector(part), NodeFilter.SHOW_TEXT);
    for (let node, number = 0; (node = walker.nextNode()); number++) {
        const range = document.createRange();
        range.selectNodeContents(node);
        const box = range.getClientRects()[0];
        if (node.data.trim() && box && box.top < innerHeight)
            found[`${number} ${node.data.trim().slice(0, 60)}`] = [box.left, box.top];
    }
    return found;
}"""
FALLBACKS = ":root { --font-text: 'Atkinson Fallback' !important; --font-heading: 'Bricolage Fallback' !important; }"
TOLERANCE = 3  # pixels; smaller moves are no layout shift. Source: the Layout Instability specification.


@pytest.fixture(autouse=True)
def fixed_morning() -> Iterator[None]:
    """Start at NOW: the text of the next free slot depends on the date, and may be too long for one line."""
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone with JavaScript and bypass_csp, for measuring and for injecting styles."""
    context = browser.new_context(
        viewport=PHONE, device_scale_factor=1.75, is_mobile=True, locale="en-CA", bypass_csp=True
    )
    yield context
    context.close()


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/", "body"),
        ("/treatments/dry-needling-for-back-pain/", "body"),
        # The days and times below are different each day.
        ("/book/back-assessment/?visit=new", ".booking__top"),
        ("/book/back-assessment/?visit=new", ".times__service"),
    ],
)
def test_nothing_moves_when_web_fonts_replace_their_fallbacks(phone, site, path, part):
    page = phone.new_page()
    page.goto(site + path)
    page.evaluate("() => Promise.all([...document.fonts].map(face => face.load().catch(() => null)))")
    states = "() => [...document.fonts].filter(face => face.family.includes('Fallback')).map(face => face.status)"
    assert "loaded" in page.evaluate(states), "No Arial, Liberation Sans or Helvetica is installed."
    after = page.evaluate(POSITIONS, part)
    page.add_style_tag(content=FALLBACKS)
    before = page.evaluate(POSITIONS, part)
    moved = {
        words: (before[words], place)
        for words, place in after.items()
        if words in before and max(abs(was - now) for was, now in zip(before[words], place, strict=True)) >= TOLERANCE
    }
    assert after
    assert moved == {}
