"""Contrast of every pair of colours that is used together, in the light and the dark scheme.

WCAG 2.2: 4.5 for text (1.4.3), 3 for the borders of controls and for focus (1.4.11, 2.4.13).
"""

import re
from pathlib import Path

import pytest

from clinic.management.commands import build_static

CSS = Path(__file__).resolve().parents[3] / "static" / "css"
BACKGROUNDS = ("paper", "surface", "sunk")
TINTS = ("sky-tint", "meadow-tint", "straw-tint", "rose-tint")

TEXT_PAIRS = [
    *(
        (text, background)
        for text in ("ink", "muted", "river", "visited", "rose", "sky", "meadow")
        for background in BACKGROUNDS
    ),
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
    ("paper", "ink"),  # the rose button on hover
]
CONTROL_PAIRS = [
    *(("edge", background) for background in BACKGROUNDS),
    *(("chosen", background) for background in BACKGROUNDS),
    *(("focus-line", background) for background in BACKGROUNDS),
    *((tone, background) for tone in ("sky", "meadow", "straw", "rose") for background in BACKGROUNDS),
    ("button-edge", "paper"),
    ("button-edge", "surface"),
    ("canola", "spruce"),
    ("focus-halo", "spruce"),
    ("on-spruce", "spruce"),
]


def tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))


def schemes() -> dict[str, dict[str, str]]:
    light, dark = (CSS / "tokens.css").read_text().split("@media screen and (prefers-color-scheme: dark)")
    return {"light": tokens(light), "dark": tokens(light) | tokens(dark)}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_has_a_contrast_of_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "background"), TEXT_PAIRS, ids=lambda name: name)
def test_text_has_enough_contrast(scheme, text, background):
    colours = schemes()[scheme]
    assert contrast(colours[text], colours[background]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("border", "background"), CONTROL_PAIRS, ids=lambda name: name)
def test_controls_and_focus_have_enough_contrast(scheme, border, background):
    colours = schemes()[scheme]
    assert contrast(colours[border], colours[background]) >= 3


def test_the_dark_scheme_sets_every_colour():
    light, dark = (CSS / "tokens.css").read_text().split("@media screen and (prefers-color-scheme: dark)")
    assert set(tokens(light)) == set(tokens(dark))


def sources() -> str:
    css = "\n".join(path.read_text() for path in build_static.sources(CSS))
    return re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)


def test_every_used_custom_property_is_defined():
    css = sources()
    assert set(re.findall(r"var\(--([\w-]+)", css)) - set(re.findall(r"--([\w-]+):", css)) == set()


def test_components_take_their_colours_from_the_tokens():
    components = "\n".join(path.read_text() for path in sorted((CSS / "components").glob("*.css")))
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*;)", components) == []


def test_the_css_follows_the_style_guide():
    css = sources()
    assert "!important" not in css
    assert "data:" not in css
    assert re.findall(r"(?m)^\s*[^@{};]*#[a-z][\w-]*[^;{}]*\{", css) == []
