"""The committed fonts are small, contain the characters that the stylesheet declares, and have their licences."""

import json
import re
import runpy
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import find
from fontTools.ttLib import TTFont

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "static"
FONTS = STATIC / "fonts"
BUDGET = 60 * 1024  # bytes, all font files together
FIRST_VISIT = 28 * 1024  # bytes, the three files of nearly every page
MAKER = runpy.run_path(str(ROOT / "content" / "fonts" / "make_fonts.py"))
FACES = ("atkinson-regular", "atkinson-bold", "bricolage")


def unicodes(ranges: str) -> set[int]:
    return set(MAKER["parse_unicodes"](re.sub(r"\s", "", ranges)))


def characters(file: str) -> set[int]:
    return set(TTFont(FONTS / file).getBestCmap())


@pytest.fixture(scope="module")
def rules() -> dict[str, str]:
    """The @font-face rules, by the name of the file that they load."""
    css = (STATIC / "css" / "fonts.css").read_text()
    return {match[1]: rule for rule in css.split("@font-face")[1:] if (match := re.search(r"fonts/([^\"]+)\"", rule))}


def test_the_fonts_weigh_at_most_60_kilobytes():
    sizes = {path.name: path.stat().st_size for path in FONTS.glob("*.woff2")}
    assert sorted(sizes) == sorted(f"{face}{ending}.woff2" for face in FACES for ending in ("", "-extended"))
    assert sum(sizes.values()) <= BUDGET
    assert sum(sizes[f"{face}.woff2"] for face in FACES) <= FIRST_VISIT


def test_the_stylesheet_loads_every_font_file_and_no_other(rules):
    assert sorted(rules) == sorted(path.name for path in FONTS.glob("*.woff2"))


@pytest.mark.parametrize("face", FACES)
def test_each_character_is_in_the_one_file_that_the_stylesheet_declares(rules, face):
    declared = {
        ending: unicodes(re.search(r"unicode-range:([^;]+);", rules[f"{face}{ending}.woff2"])[1])
        for ending in ("", "-extended")
    }
    assert not declared[""] & declared["-extended"]
    assert characters(f"{face}.woff2") == declared[""]
    assert characters(f"{face}-extended.woff2") <= declared["-extended"]


@pytest.mark.parametrize("face", FACES)
def test_the_fonts_cover_canadian_names(face):
    basic = characters(f"{face}.woff2")
    assert not [letter for letter in "AZaz09áéèçñü“”‘’–—…×·" if ord(letter) not in basic]
    letters = "Àâæçéèêëîïñôœùûüÿ«»“”‘’–—…½×°•ŁłŚśŠšŽžČčĆćĐđŐőŘřĀāĒē"
    assert not [letter for letter in letters if ord(letter) not in basic | characters(f"{face}-extended.woff2")]


def test_the_heading_font_has_one_bold_weight_without_synthetic_bold():
    font = TTFont(FONTS / "bricolage.woff2")
    assert "fvar" not in font
    assert font["OS/2"].usWeightClass >= 600


def test_the_committed_files_are_those_that_make_fonts_writes(tmp_path):
    for face in MAKER["FACES"]:
        for ending, ranges in MAKER["RANGES"].items():
            name = f"{face.name}{ending}.woff2"
            MAKER["write"](face, ranges, tmp_path / name)
            made, committed = TTFont(tmp_path / name), TTFont(FONTS / name)
            assert made.getBestCmap() == committed.getBestCmap()
            assert made["hmtx"].metrics == committed["hmtx"].metrics


def test_the_list_of_characters_is_that_of_the_fonts_of_share_cards():
    files = MAKER["CARD_FONT"], MAKER["OTHER_FONT"]
    assert json.loads(MAKER["COVERAGE"].read_text()) == MAKER["coverage"](*files)
    heading = characters("bricolage.woff2") | characters("bricolage-extended.woff2")
    assert set(TTFont(files[0]).getBestCmap()) == heading  # Headings of pages are marked by the same list.


def test_the_licences_are_in_the_fonts_folder():
    for name in ("atkinson-hyperlegible-licence.txt", "bricolage-grotesque-licence.txt"):
        assert "SIL OPEN FONT LICENSE" in (FONTS / name).read_text().upper()


@pytest.mark.parametrize("address", ["fonts/atkinson-regular.woff2", "fonts/bricolage.woff2"])
@pytest.mark.django_db
def test_every_page_preloads_the_fonts_of_its_first_screen(client, address):
    html = client.get("/").content.decode()
    assert f'<link rel="preload" href="/static/{address}" as="font" type="font/woff2" crossorigin>' in html
    assert find(address)
