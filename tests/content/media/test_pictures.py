"""Pictures: accepted uploads, removed metadata, renditions and the picture element."""

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

from booking.image_upload import validate_picture
from content.media import renditions
from content.models import Picture
from tests.support import factories
from tests.support.content_factories import make_picture, picture_bytes, picture_upload

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def validation_message(content: bytes, name: str = "x.jpg") -> str:
    with pytest.raises(ValidationError) as error:
        validate_picture(SimpleUploadedFile(name, content))
    return error.value.messages[0]


def encoded(size, kind):
    content = io.BytesIO()
    Image.new("RGB", size).save(content, kind)
    return content.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_jpeg_png_and_webp_are_accepted_whatever_their_extension(kind):
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
def test_other_file_types_are_refused(content):
    assert validation_message(content) == "This is not a JPEG, PNG or WebP picture."


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_small_file_with_too_many_pixels_is_refused_before_it_is_decoded(kind, monkeypatch):
    content = encoded((6000, 5000), kind)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("It was decoded."))

    assert "30 megapixels" in validation_message(content)


def test_a_truncated_file_is_refused():
    content = picture_bytes(size=(900, 900))

    assert validation_message(content[: len(content) // 2]).startswith("This picture is damaged or cut off.")


def test_a_huge_file_is_refused(monkeypatch):
    monkeypatch.setattr("booking.image_upload.LARGEST_FILE", 100)

    assert (
        validation_message(picture_bytes()) == "This picture is larger than 15 MB: save a smaller one and choose that."
    )


def test_exif_and_comments_are_removed():
    exif = Image.Exif()
    exif[0x010F] = "Camera of Steve"
    exif[0x8825] = {1: "N", 2: (50.0, 43.0, 30.0)}
    content = picture_bytes(exif=exif, comment=b"at home")

    stored = make_picture(image=picture_upload(content=content)).image.read()

    assert b"Steve" not in stored
    assert b"at home" not in stored
    assert dict(Image.open(io.BytesIO(stored)).getexif()) == {}


def test_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # Rotate by 90 degrees clockwise.

    picture = make_picture(image=picture_upload(size=(600, 300), exif=exif))

    assert (picture.width, picture.height) == (300, 600)
    assert Image.open(picture.image).size == (300, 600)


def test_the_file_extension_follows_the_content():
    png = picture_upload("holiday.jpg", kind="PNG")

    name = make_picture(image=png).image.name

    assert name.startswith("pictures/holiday-")
    assert name.endswith(".png")


def test_renditions_are_made_after_the_commit(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        picture = make_picture(image=picture_upload(size=(2000, 1000)))
        assert renditions.picture_sources(picture.image).sources == ()

    result = renditions.picture_sources(picture.image)
    assert len(callbacks) == 1
    assert [kind for kind, _srcset in result.sources] == ["image/avif", "image/webp"]
    assert [part.split(" ")[1] for part in result.sources[0][1].split(", ")] == ["480w", "720w", "960w", "1600w"]
    assert (result.width, result.height) == (2000, 1000)
    assert result.src.endswith("-960.jpg")
    with default_storage.open(renditions.share_url(picture.image).removeprefix("/media/")) as share:
        assert Image.open(share).size == (1200, 630)


def test_practitioner_photos_get_renditions_too(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        person = factories.make_practitioner(photo=picture_upload("steve.png", kind="PNG", size=(700, 700)))

    assert [part.split(" ")[1] for part in renditions.picture_sources(person.photo).sources[1][1].split(", ")] == [
        "480w",
        "700w",
    ]


@pytest.fixture
def shown_picture(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        return make_picture(image=picture_upload(size=(1000, 500)))


def files():
    _folders, names = default_storage.listdir("renditions")
    return sorted(f"renditions/{name}" for name in names)


def test_a_missing_rendition_is_left_out(shown_picture):
    for name in files():
        if name.endswith(("-480.avif", ".webp", ".jpg")):
            default_storage.delete(name)

    result = renditions.picture_sources(shown_picture.image)

    assert [part.split(" ")[1] for part in result.sources[0][1].split(", ")] == ["720w", "960w", "1000w"]
    assert len(result.sources) == 1
    assert result.src == shown_picture.image.url
    assert renditions.share_url(shown_picture.image) == ""


@pytest.mark.parametrize("manifest", [b"", b"[]", b"not json", b'{"avif": []}'])
def test_a_broken_manifest_never_breaks_a_page(shown_picture, manifest):
    for name in files():
        if name.endswith(".json"):
            renditions.store(name, manifest)

    result = renditions.picture_sources(shown_picture.image)

    assert (result.src, result.width, result.height) == (shown_picture.image.url, 1000, 500)


def test_a_photo_missing_on_disk_never_breaks_a_page():
    person = factories.make_practitioner(photo="people/nobody.jpg")

    assert renditions.picture_sources(person.photo) == renditions.PictureSources("/media/people/nobody.jpg", None, None)


def test_make_renditions_restores_lost_renditions(shown_picture):
    before = files()
    for name in before:
        default_storage.delete(name)

    call_command("make_renditions")

    assert files() == before


def test_replacing_a_picture_deletes_its_files(shown_picture, django_capture_on_commit_callbacks):
    old = [shown_picture.image.name, *files()]

    with django_capture_on_commit_callbacks(execute=True):
        shown_picture.image = picture_upload(size=(900, 300))
        shown_picture.save()

    assert [name for name in old if default_storage.exists(name)] == []
    assert renditions.picture_sources(shown_picture.image).width == 900


def test_deleting_a_picture_deletes_its_files(shown_picture, django_capture_on_commit_callbacks):
    name = shown_picture.image.name

    with django_capture_on_commit_callbacks(execute=True):
        shown_picture.delete()

    assert files() == []
    assert not default_storage.exists(name)


def test_pictures_with_the_same_name_and_content_share_no_files(django_capture_on_commit_callbacks):
    content = picture_bytes(size=(700, 700))
    with django_capture_on_commit_callbacks(execute=True):
        picture = make_picture(image=SimpleUploadedFile("a" * 80 + "-steve.png", content))
        person = factories.make_practitioner(photo=SimpleUploadedFile("a" * 80 + "-steve.png", content))
    result = renditions.picture_sources(picture.image)

    with django_capture_on_commit_callbacks(execute=True):
        person.delete()

    assert renditions.picture_sources(picture.image) == result


def test_a_new_focal_point_replaces_the_share_crop(shown_picture, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        Picture.objects.update(focal_x=10)
        picture = Picture.objects.get()
        picture.save()

    manifest = json.loads(default_storage.open(renditions.manifest_name(picture.image.name)).read())
    assert manifest["focus"] == [10, 50]
    assert "-share-10-50.jpg" in renditions.share_url(picture.image)
    assert [name for name in files() if "-share-" in name] == [manifest["share"]]


def html(source, **context):
    return " ".join(Template("{% load content_tags %}" + source).render(Context(context)).split())


def test_the_picture_element_has_all_attributes(shown_picture):
    element = html('{% picture p.image alt="A path" sizes="50vw" css="hero" focus=p %}', p=shown_picture)

    assert '<source type="image/avif" srcset="/media/renditions/' in element
    assert 'sizes="50vw"' in element
    assert 'class="hero"' in element
    assert 'alt="A path" width="1000" height="500" loading="lazy" decoding="async"' in element


def test_a_hero_is_preloaded_on_wide_screens_and_lazy_on_phones(shown_picture):
    page, reading = {"hero_picture": shown_picture}, {"hero": renditions.picture_sources(shown_picture.image)}
    ahead = html('{% fetch_picture_ahead reading.hero "25rem" %}', reading=reading)
    element = html('{% include "content/_hero_picture.html" with width="25rem" %}', page=page, reading=reading)
    source = re.search(r'<source type="image/avif" srcset="([^"]+)" sizes="([^"]+)">', element)

    assert 'media="(min-width: 40rem)" fetchpriority="high"' in ahead
    assert f'imagesrcset="{source[1]}" imagesizes="{source[2]}"' in ahead
    assert 'loading="lazy"' in element
    assert "fetchpriority" not in element


def test_without_a_hero_nothing_is_preloaded():
    assert html('{% fetch_picture_ahead reading.hero "25rem" %}', reading=None) == ""


def test_an_eager_picture_has_high_fetch_priority(shown_picture):
    element = html("{% picture p.image eager=True %}", p=shown_picture)

    assert 'fetchpriority="high"' in element
    assert "lazy" not in element


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
def test_the_focal_point_is_rendered_as_css_classes(x, y, css):
    picture = make_picture(focal_x=x, focal_y=y)
    rules = (settings.BASE_DIR / "static/css/components/picture.css").read_text()

    assert (re.findall(r'class="([^"]*)"', html("{% picture p.image focus=p %}", p=picture)) or [""]) == [css]
    assert [name for name in css.split() if f".{name} {{" not in rules] == []


def test_no_picture_renders_nothing():
    assert html("{% picture p.photo %}", p=factories.make_practitioner()).strip() == ""
