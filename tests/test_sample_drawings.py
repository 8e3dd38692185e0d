"""Every drawing of the sample clinic has its picture, light enough for a telephone."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
DRAWINGS = sorted((ROOT / "content" / "sample" / "drawings").glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"


def test_there_are_scenes_and_portraits():
    assert {path.stem for path in DRAWINGS} >= {"home", "clinic-front", "hero-back-pain", "steve-hansen"}


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_has_a_picture_of_its_shape_and_at_most_200_kilobytes(drawing):
    picture = ROOT / "content" / "sample" / "pictures" / f"{drawing.stem}.webp"
    assert picture.stat().st_size <= 200 * 1024
    with Image.open(picture) as image:
        assert image.size in {(1600, 1067), (800, 800)}


@pytest.mark.parametrize("drawing", [*DRAWINGS, *sorted((ROOT / "static" / "img").glob("*.svg"))], ids=lambda p: p.stem)
def test_a_drawing_holds_shapes_only(drawing):
    for element in ElementTree.parse(drawing).iter():
        assert element.tag.removeprefix(SVG) not in {"script", "style", "image", "foreignObject", "text"}
        assert not {"style", "onload", "href"} & set(element.attrib)


def test_the_share_picture_has_the_size_that_networks_ask_for():
    with Image.open(ROOT / "static" / "img" / "share.png") as image:
        assert image.size == (1200, 630)


def test_the_icon_holds_three_sizes():
    with Image.open(ROOT / "static" / "img" / "favicon.ico") as image:
        assert image.info["sizes"] == {(16, 16), (32, 32), (48, 48)}
