"""Every pair of colours that meets on a page can be told apart, by day and by night.

WCAG 2.2: 4.5 for text (1.4.3), 3 for the bounds of controls and for focus (1.4.11, 2.4.13).
"""

import re
from pathlib import Path

import pytest

from clinic import stylesheet

CSS = Path(__file__).resolve().parent.parent / "static" / "css"
GROUNDS = ("paper", "surface", "sunk")
TINTS = ("sky-tint", "meadow-tint", "straw-tint", "rose-tint")

TEXT_PAIRS = [
    *((text, ground) for text in ("ink", "muted", "river", "visited", "rose", "sky", "meadow") for ground in GROUNDS),
    *((text, tint) for text in ("ink", "river", "visited") for tint in TINTS),
    *((tone, f"{tone}-tint") for tone in ("sky", "meadow", "straw", "rose")),
    ("on-spruce", "spruce"),
    ("on-spruce", "spruce-deep"),
    ("on-spruce-muted", "spruce"),
    ("on-spruce-muted", "spruce-deep"),
    ("on-chosen", "chosen"),
    ("on-canola", "canola"),
    ("on-canola", "canola-deep"),
    ("on-fill", "rose-fill"),
    ("on-fill", "sky-fill"),
    ("paper", "ink"),  # the rose button under the pointer
]
CONTROL_PAIRS = [
    *(("edge", ground) for ground in GROUNDS),
    *(("chosen", ground) for ground in GROUNDS),
    *(("focus-line", ground) for ground in GROUNDS),
    *((tone, ground) for tone in ("sky", "meadow", "straw", "rose") for ground in GROUNDS),
    ("button-edge", "paper"),
    ("button-edge", "surface"),
    ("canola", "spruce"),
    ("focus-halo", "spruce"),
    ("on-spruce", "spruce"),
]


def tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))


def schemes() -> dict[str, dict[str, str]]:
    by_day, by_night = (CSS / "tokens.css").read_text().split("@media screen and (prefers-color-scheme: dark)")
    return {"light": tokens(by_day), "dark": tokens(by_day) | tokens(by_night)}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_has_a_contrast_of_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS, ids=lambda name: name)
def test_text_can_be_read_on_its_ground(scheme, text, ground):
    colours = schemes()[scheme]
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("bound", "ground"), CONTROL_PAIRS, ids=lambda name: name)
def test_a_control_and_its_focus_stand_out_from_the_ground(scheme, bound, ground):
    colours = schemes()[scheme]
    assert contrast(colours[bound], colours[ground]) >= 3


def test_the_dark_scheme_sets_every_colour_itself():
    by_day, by_night = (CSS / "tokens.css").read_text().split("@media screen and (prefers-color-scheme: dark)")
    assert set(tokens(by_day)) == set(tokens(by_night))


def sources() -> str:
    css = "\n".join(path.read_text() for path in stylesheet.sources(CSS))
    return re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)


def test_every_custom_property_that_is_used_is_set_somewhere():
    css = sources()
    assert set(re.findall(r"var\(--([\w-]+)", css)) - set(re.findall(r"--([\w-]+):", css)) == set()


def test_components_take_their_colours_from_the_tokens():
    components = "\n".join(path.read_text() for path in sorted((CSS / "components").glob("*.css")))
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*;)", components) == []


def test_the_css_keeps_to_the_house_style():
    css = sources()
    assert "!important" not in css
    assert "data:" not in css
    assert re.findall(r"(?m)^\s*[^@{};]*#[a-z][\w-]*[^;{}]*\{", css) == []
