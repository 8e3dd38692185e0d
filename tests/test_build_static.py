"""The stylesheet is one file, the fonts are small, and building again costs nothing."""

import base64
import re
from pathlib import Path, PurePosixPath

import brotli
import pytest
from django.core.management import call_command
from fontTools.ttLib import TTFont

from clinic import stand_ins, stylesheet, typefaces
from clinic.management.commands import build_static

STATIC = Path(__file__).resolve().parent.parent / "static"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A build folder, made once: cutting the fonts takes some seconds."""
    folder = tmp_path_factory.mktemp("build")
    call_command("build_static", into=folder, verbosity=0)
    return folder


def test_everything_is_in_one_stylesheet_and_the_layers_are_declared_first(built):
    css = (built / "css" / "site.css").read_text()
    assert css.startswith("@layer reset, tokens, elements, layout, components;\n")
    assert "@import" not in css
    for source in stylesheet.sources(STATIC / "css"):
        assert source.exists(), source


def test_every_address_in_the_stylesheet_leads_to_a_file(built):
    css = (built / "css" / "site.css").read_text()
    found = {match["address"] for match in stylesheet._url.finditer(css)}
    addresses = {address for address in found if not address.startswith("data:")}
    assert addresses
    for address in addresses:
        assert (STATIC / "css" / address).resolve().exists() or (built / "css" / address).resolve().exists(), address


@pytest.mark.parametrize(
    ("written", "rebased"),
    [
        ('url("../../img/hills.svg")', 'url("../img/hills.svg")'),
        ("url('mark.svg')", 'url("components/mark.svg")'),
        ('url("/static/img/hills.svg")', 'url("/static/img/hills.svg")'),
        ('url("#hill")', 'url("#hill")'),
    ],
    ids=["up and over", "beside", "from the root", "inside the page"],
)
def test_addresses_are_rewritten_to_the_place_of_the_one_file(written, rebased):
    assert stylesheet.rebased(written, PurePosixPath("css/components/hero.css")) == rebased


def test_squeezing_takes_comments_and_indentation_and_nothing_else():
    assert stylesheet.squeezed("/* why\n  so */\na {\n\n  color: red; /* yes */\n}\n") == "a {\ncolor: red;\n}\n"


def test_the_fonts_weigh_at_most_60_kilobytes(built):
    files = list((built / "fonts").glob("*.woff2"))
    names = ["atkinson-bold", "atkinson-regular", "bricolage"]
    assert sorted(file.stem for file in files) == sorted(names + [f"{name}-rare" for name in names])
    assert sum(file.stat().st_size for file in files) <= build_static.FONT_BUDGET


def test_the_stylesheet_carries_the_common_letters_and_leads_to_the_rare_ones(built):
    css = (built / "css" / "site.css").read_text()
    for face in typefaces.FACES:
        inside = base64.b64encode((built / "fonts" / f"{face.name}.woff2").read_bytes()).decode()
        assert f"data:font/woff2;base64,{inside}" in css
        assert f'url("../fonts/{face.name}.woff2")' not in css
        assert f'url("../fonts/{face.name}-rare.woff2")' in css


def test_the_stylesheet_with_its_fonts_stays_small_when_packed(built):
    assert len(brotli.compress((built / "css" / "site.css").read_bytes())) <= 33 * 1024


@pytest.mark.parametrize("face", typefaces.FACES, ids=lambda face: face.name)
def test_each_letter_is_in_one_file_and_the_stylesheet_says_in_which(built, face):
    common, rare = (set(TTFont(built / "fonts" / file).getBestCmap()) for file in face.files())
    assert not common & rare
    assert common == set(face.common)
    assert rare <= set(face.rare)
    for letter in "AZaz09áéèçñü“”‘’–—…×·":
        assert ord(letter) in common, letter
    for letter in "Àâæçéèêëîïñôœùûüÿ«»“”‘’–—…½×°•":
        assert ord(letter) in common | rare, letter


def test_letters_are_listed_as_css_lists_them():
    assert typefaces.ranges((0x41, 0x42, 0x43, 0xE9, 0xB7)) == "U+41-43, U+B7, U+E9"


def test_the_heading_font_is_of_one_weight_that_no_browser_thickens(built):
    font = TTFont(built / "fonts" / "bricolage.woff2")
    assert "fvar" not in font
    assert font["OS/2"].usWeightClass >= 600


def test_the_licences_lie_beside_the_fonts(built):
    for name in ("atkinson_hyperlegible-licence.txt", "bricolage_grotesque-licence.txt"):
        assert "SIL OPEN FONT LICENSE" in (built / "fonts" / name).read_text().upper()


def test_a_stand_in_has_the_lines_of_the_face():
    face = typefaces.FACES[0]
    # The line box of Atkinson Hyperlegible is 0.95 em above the line and 0.29 em below, however wide Arial is set.
    for rule in stand_ins.css(face, TTFont(face.source_path())).split("@font-face")[1:]:
        size, above, below = (
            float(re.search(rf"{name}: ([\d.]+)%", rule)[1])
            for name in ("size-adjust", "ascent-override", "descent-override")
        )
        assert (size * above / 1e4, size * below / 1e4) == (
            pytest.approx(0.95, abs=0.001),
            pytest.approx(0.29, abs=0.001),
        )


@pytest.mark.parametrize(
    ("letters", "arial", "listed"),  # the widths that Arial itself has
    [
        pytest.param("0123456789", (1139,) * 10, "U+30-39", id="figures"),
        pytest.param(" ", (569,), "U+20", id="space"),
    ],
)
@pytest.mark.parametrize("face", typefaces.FACES, ids=lambda face: face.name)
def test_a_stand_in_is_as_wide_as_the_face_in_every_kind_of_letter(face, letters, arial, listed):
    font = TTFont(face.source_path())
    rules = stand_ins.css(face, font).split("@font-face")[1:]
    rule = next(rule for rule in rules if f"unicode-range: {listed}" in rule)
    stretched = float(re.search(r"size-adjust: ([\d.]+)%", rule)[1]) / 100 * sum(arial) / 2048
    glyphs, widths = font.getBestCmap(), font["hmtx"].metrics
    ours = sum(widths[glyphs[ord(letter)]][0] for letter in letters) / font["head"].unitsPerEm
    assert stretched == pytest.approx(ours, abs=0.0005 * len(letters))


def test_every_kind_of_letter_has_arial_s_widths():
    for kind in stand_ins.KINDS:
        assert len(kind.regular) == len(kind.bold) == len(kind.letters)
    letters = "".join(kind.letters for kind in stand_ins.KINDS)
    assert len(letters) == len(set(letters))


def test_building_again_writes_nothing(built):
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*") if path.is_file()}
    call_command("build_static", into=built, verbosity=0)
    assert {path: path.stat().st_mtime_ns for path in built.rglob("*") if path.is_file()} == before


def test_the_same_sources_give_the_same_bytes(built):
    file, letters = next(iter(typefaces.FACES[0].files().items()))
    assert typefaces.written(typefaces.cut(typefaces.FACES[0], letters)) == (built / "fonts" / file).read_bytes()


def test_a_font_file_that_was_spoilt_is_made_again(built, monkeypatch):
    monkeypatch.setattr(typefaces, "FACES", typefaces.FACES[:1])
    file = built / "fonts" / f"{typefaces.FACES[0].name}.woff2"
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    build_static.font_faces(built / "fonts")
    assert file.read_bytes() == whole
