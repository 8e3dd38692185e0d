"""What a page shows first stays where it is when its typefaces come."""

from collections.abc import Iterator

import pytest
import time_machine
from playwright.sync_api import Browser, BrowserContext

from tests.conftest import NOW

PHONE = {"width": 412, "height": 823}
# Where each piece of text on the first screen begins, in the part of the page that is asked about.
BEGINNINGS = """(part) => {
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
STAND_IN = ":root { --font-text: 'Atkinson Fallback' !important; --font-heading: 'Bricolage Fallback' !important; }"
NOTICED = 3  # pixels: what moves less is no layout shift. Source: the Layout Instability specification.


@pytest.fixture(autouse=True)
def one_morning() -> Iterator[None]:
    """On other days the next free time is of other words, a few of them too long for one line."""
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone that we may ask where things stand, and dress otherwise."""
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
        # Below that come days and times, which are others each day.
        ("/book/back-assessment/?visit=new", ".booking__top"),
        ("/book/back-assessment/?visit=new", ".booking__so-far"),
    ],
)
def test_nothing_moves_when_the_typefaces_take_over_from_their_stand_ins(phone, site, path, part):
    page = phone.new_page()
    page.goto(site + path)
    page.evaluate("() => Promise.all([...document.fonts].map(face => face.load().catch(() => null)))")
    states = "() => [...document.fonts].filter(face => face.family.includes('Fallback')).map(face => face.status)"
    assert "loaded" in page.evaluate(states), "No Arial, Liberation Sans or Helvetica is installed."
    after = page.evaluate(BEGINNINGS, part)
    page.add_style_tag(content=STAND_IN)
    before = page.evaluate(BEGINNINGS, part)
    moved = {
        words: (before[words], place)
        for words, place in after.items()
        if words in before and max(abs(was - now) for was, now in zip(before[words], place, strict=True)) >= NOTICED
    }
    assert after
    assert moved == {}
