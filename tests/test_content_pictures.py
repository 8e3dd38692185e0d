"""Pictures: what is taken, what is thrown away, and what a page shows."""

import io
import json
import re

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.template import Context, Template
from PIL import Image

from booking.pictures import validate_picture
from content import pictures
from content.models import Picture
from tests import make
from tests.make_content import make_picture, picture_bytes, picture_upload

pytestmark = pytest.mark.django_db


def refusal(content: bytes, name: str = "x.jpg") -> str:
    with pytest.raises(ValidationError) as refused:
        validate_picture(SimpleUploadedFile(name, content))
    return refused.value.messages[0]


def encoded(size, kind):
    content = io.BytesIO()
    Image.new("RGB", size).save(content, kind)
    return content.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_three_types_are_taken_whatever_they_are_called(kind):
    assert validate_picture(SimpleUploadedFile("x.gif", picture_bytes(kind=kind))) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        encoded((300, 300), "GIF"),
        encoded((300, 300), "TIFF"),
    ],
    ids=["empty", "text", "SVG", "GIF", "TIFF"],
)
def test_anything_else_is_refused(content):
    assert refusal(content) == "This is not a JPEG, PNG or WebP picture."


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_small_file_with_too_many_pixels_is_refused_before_it_is_decoded(kind, monkeypatch):
    content = encoded((6000, 5000), kind)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("It was decoded."))

    assert "30 megapixels" in refusal(content)


def test_a_file_that_is_cut_off_is_refused():
    content = picture_bytes(size=(900, 900))

    assert refusal(content[: len(content) // 2]).startswith("This picture is damaged or cut off.")


def test_a_huge_file_is_refused(monkeypatch):
    monkeypatch.setattr("booking.pictures.LARGEST_FILE", 100)

    assert refusal(picture_bytes()) == "This picture is larger than 15 MB. Save a smaller one and choose it again."


def test_where_it_was_taken_is_thrown_away():
    exif = Image.Exif()
    exif[0x010F] = "Camera of Steve"
    exif[0x8825] = {1: "N", 2: (50.0, 43.0, 30.0)}
    content = picture_bytes(exif=exif, comment=b"at home")

    stored = make_picture(image=picture_upload(content=content)).image.read()

    assert b"Steve" not in stored
    assert b"at home" not in stored
    assert dict(Image.open(io.BytesIO(stored)).getexif()) == {}


def test_a_picture_held_sideways_is_stored_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn it a quarter to the right.

    picture = make_picture(image=picture_upload(size=(600, 300), exif=exif))

    assert (picture.width, picture.height) == (300, 600)
    assert Image.open(picture.image).size == (300, 600)


def test_the_name_says_what_is_inside():
    png = picture_upload("holiday.jpg", kind="PNG")

    name = make_picture(image=png).image.name

    assert name.startswith("pictures/holiday-")
    assert name.endswith(".png")


def test_renditions_are_made_after_the_commit(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        picture = make_picture(image=picture_upload(size=(2000, 1000)))
        assert pictures.show(picture.image).sources == ()

    shown = pictures.show(picture.image)
    assert len(callbacks) == 1
    assert [kind for kind, _srcset in shown.sources] == ["image/avif", "image/webp"]
    assert [part.split(" ")[1] for part in shown.sources[0][1].split(", ")] == ["480w", "720w", "960w", "1600w"]
    assert (shown.width, shown.height) == (2000, 1000)
    assert shown.src.endswith("-960.jpg")
    with default_storage.open(pictures.share_url(picture.image).removeprefix("/media/")) as share:
        assert Image.open(share).size == (1200, 630)


def test_practitioners_photos_are_treated_alike(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        person = make.make_practitioner(photo=picture_upload("steve.png", kind="PNG", size=(700, 700)))

    assert [part.split(" ")[1] for part in pictures.show(person.photo).sources[1][1].split(", ")] == ["480w", "700w"]


@pytest.fixture
def shown_picture(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        return make_picture(image=picture_upload(size=(1000, 500)))


def files():
    _folders, names = default_storage.listdir("renditions")
    return sorted(f"renditions/{name}" for name in names)


def test_a_rendition_that_is_missing_is_left_out(shown_picture):
    for name in files():
        if name.endswith(("-480.avif", ".webp", ".jpg")):
            default_storage.delete(name)

    shown = pictures.show(shown_picture.image)

    assert [part.split(" ")[1] for part in shown.sources[0][1].split(", ")] == ["720w", "960w", "1000w"]
    assert len(shown.sources) == 1
    assert shown.src == shown_picture.image.url
    assert pictures.share_url(shown_picture.image) == ""


@pytest.mark.parametrize("manifest", [b"", b"[]", b"not json", b'{"avif": []}'])
def test_a_broken_manifest_never_breaks_a_page(shown_picture, manifest):
    for name in files():
        if name.endswith(".json"):
            pictures.store(name, manifest)

    shown = pictures.show(shown_picture.image)

    assert (shown.src, shown.width, shown.height) == (shown_picture.image.url, 1000, 500)


def test_a_photo_that_is_gone_from_disk_never_breaks_a_page():
    person = make.make_practitioner(photo="people/nobody.jpg")

    assert pictures.show(person.photo) == pictures.Shown("/media/people/nobody.jpg", None, None)


def test_lost_renditions_can_be_made_again(shown_picture):
    before = files()
    for name in before:
        default_storage.delete(name)

    call_command("make_renditions")

    assert files() == before


def test_a_replaced_picture_leaves_nothing_behind(shown_picture, django_capture_on_commit_callbacks):
    old = [shown_picture.image.name, *files()]

    with django_capture_on_commit_callbacks(execute=True):
        shown_picture.image = picture_upload(size=(900, 300))
        shown_picture.save()

    assert [name for name in old if default_storage.exists(name)] == []
    assert pictures.show(shown_picture.image).width == 900


def test_a_deleted_picture_leaves_nothing_behind(shown_picture, django_capture_on_commit_callbacks):
    name = shown_picture.image.name

    with django_capture_on_commit_callbacks(execute=True):
        shown_picture.delete()

    assert files() == []
    assert not default_storage.exists(name)


def test_two_pictures_of_one_name_share_no_file(django_capture_on_commit_callbacks):
    content = picture_bytes(size=(700, 700))
    with django_capture_on_commit_callbacks(execute=True):
        kept = make_picture(image=SimpleUploadedFile("a" * 80 + "-steve.png", content))
        person = make.make_practitioner(photo=SimpleUploadedFile("a" * 80 + "-steve.png", content))
    shown = pictures.show(kept.image)

    with django_capture_on_commit_callbacks(execute=True):
        person.delete()

    assert pictures.show(kept.image) == shown


def test_a_new_focal_point_cuts_the_shared_picture_anew(shown_picture, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        Picture.objects.update(focal_x=10)
        picture = Picture.objects.get()
        picture.save()

    manifest = json.loads(default_storage.open(pictures._manifest_name(picture.image.name)).read())
    assert manifest["focus"] == [10, 50]
    assert "-share-10-50.jpg" in pictures.share_url(picture.image)
    assert [name for name in files() if "-share-" in name] == [manifest["share"]]


def html(source, **context):
    return " ".join(Template("{% load content_tags %}" + source).render(Context(context)).split())


def test_a_picture_element_says_all_a_browser_needs(shown_picture):
    shown = html('{% picture p.image alt="A path" sizes="50vw" css="hero" focus=p %}', p=shown_picture)

    assert '<source type="image/avif" srcset="/media/renditions/' in shown
    assert 'sizes="50vw"' in shown
    assert 'class="hero"' in shown
    assert 'alt="A path" width="1000" height="500" loading="lazy" decoding="async"' in shown


def test_a_hero_is_fetched_ahead_where_the_screen_is_wide_and_waits_for_the_words_on_a_phone(shown_picture):
    ahead = html('{% fetch_picture_ahead p.image "25rem" %}', p=shown_picture)
    shown = html('{% include "content/_hero_picture.html" with width="25rem" %}', page={"hero_picture": shown_picture})
    told = re.search(r'<source type="image/avif" srcset="([^"]+)" sizes="([^"]+)">', shown)

    assert 'media="(min-width: 40rem)" fetchpriority="high"' in ahead
    assert f'imagesrcset="{told[1]}" imagesizes="{told[2]}"' in ahead
    assert 'loading="lazy"' in shown
    assert "fetchpriority" not in shown


def test_no_hero_is_not_fetched_ahead():
    assert html('{% fetch_picture_ahead p.image "25rem" %}', p=None) == ""


def test_a_portrait_at_the_head_is_fetched_at_once(shown_picture):
    shown = html("{% picture p.image eager=True %}", p=shown_picture)

    assert 'fetchpriority="high"' in shown
    assert "lazy" not in shown


@pytest.mark.parametrize(
    ("x", "y", "css"),
    [
        (50, 50, ""),
        (46, 54, ""),
        (10, 50, "focus focus-x-10"),
        (50, 96, "focus focus-y-100"),
        (94, 5, "focus focus-x-90 focus-y-10"),
        (4, 100, "focus focus-x-0 focus-y-100"),
    ],
)
def test_the_focal_point_becomes_classes_of_the_style_sheet(x, y, css):
    picture = make_picture(focal_x=x, focal_y=y)
    rules = (settings.BASE_DIR / "static/css/components/picture.css").read_text()

    assert (re.findall(r'class="([^"]*)"', html("{% picture p.image focus=p %}", p=picture)) or [""]) == [css]
    assert [name for name in css.split() if f".{name} {{" not in rules] == []


def test_no_picture_shows_nothing():
    assert html("{% picture p.photo %}", p=make.make_practitioner()).strip() == ""
