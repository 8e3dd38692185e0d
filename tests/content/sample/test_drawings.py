"""Every drawing of the sample clinic has a picture of limited size."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from PIL import Image

from content.media import preparation, renditions
from content.models import Picture, PictureFile
from content.sample.loader import FOLDER, RENDITIONS

ROOT = Path(__file__).resolve().parents[3]
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
def test_a_drawing_contains_only_shapes(drawing):
    for element in ElementTree.parse(drawing).iter():
        assert element.tag.removeprefix(SVG) not in {"script", "style", "image", "foreignObject", "text"}
        assert not {"style", "onload", "href"} & set(element.attrib)


def test_the_share_picture_has_the_size_that_networks_ask_for():
    with Image.open(ROOT / "static" / "img" / "share.png") as image:
        assert image.size == (1200, 630)


def test_the_icon_holds_three_sizes():
    with Image.open(ROOT / "static" / "img" / "favicon.ico") as image:
        assert image.info["sizes"] == {(16, 16), (32, 32), (48, 48)}


@pytest.mark.django_db
def test_the_sample_brings_its_renditions_and_none_is_encoded_at_the_first_start(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("A picture was encoded: run `make pictures`.")

    monkeypatch.setattr(Image.Image, "save", refuse)
    call_command("load_sample", verbosity=0)

    stored = sorted(default_storage.open(name).read() for name in preparation.used_pictures())
    assert stored == sorted(path.read_bytes() for path in FOLDER.iterdir())
    assert sorted(default_storage.listdir("renditions")[1]) == sorted(path.name for path in RENDITIONS.iterdir())
    assert (preparation.check_files(), preparation.prepare_waiting()) == ("", "")
    assert set(PictureFile.objects.values_list("state", flat=True)) == {PictureFile.State.READY}
    for picture in Picture.objects.all():
        sources = renditions.PictureFiles().sources(picture.image).sources
        assert [kind for kind, _srcset in sources] == ["image/avif", "image/webp"]
        assert [srcset.count("w,") + 1 for _kind, srcset in sources] == [len(renditions.WIDTHS)] * 2
        assert renditions.PictureFiles().share_url(picture.image)


def test_the_shipped_renditions_have_the_widths_that_they_are_named_for():
    for path in [*RENDITIONS.glob("*.avif"), *RENDITIONS.glob("*.webp")]:
        with Image.open(path) as rendition:
            assert str(rendition.width) == path.stem.rpartition("-")[2]
