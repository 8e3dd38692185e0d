"""Pictures: accepted uploads, removed metadata, renditions and the picture element."""

import io
import re
from contextlib import suppress

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.template import Context, Template
from PIL import Image

from booking.image_upload import validate_picture
from content.media import renditions, stored_files
from content.media.preparation import prepare_waiting
from content.media.renditions import PictureFiles, PictureSources
from content.models import Picture, PictureFile
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


def sources_of(file):
    return PictureFiles().sources(file)


def files():
    return sorted(stored_files.names_in("renditions"))


@pytest.fixture
def shown_picture():
    picture = make_picture(image=picture_upload(size=(1000, 500)))
    prepare_waiting()
    return picture


def test_an_upload_is_shown_as_its_original_until_the_worker_has_made_renditions():
    picture = make_picture(image=picture_upload(size=(2000, 1000)))
    assert sources_of(picture.image) == PictureSources(picture.image.url, 2000, 1000)
    assert files() == []

    assert prepare_waiting() == "Pictures made ready: 1."

    result = sources_of(picture.image)
    assert [kind for kind, _srcset in result.sources] == ["image/avif", "image/webp"]
    assert [part.split(" ")[1] for part in result.sources[0][1].split(", ")] == ["480w", "720w", "960w", "1600w"]
    assert (result.width, result.height) == (2000, 1000)
    assert result.src.endswith("-960.jpg")
    with default_storage.open(PictureFiles().share_url(picture.image).removeprefix("/media/")) as share:
        assert Image.open(share).size == (1200, 630)


def test_practitioner_photos_get_renditions_too():
    person = factories.make_practitioner(photo=picture_upload("steve.png", kind="PNG", size=(700, 700)))
    before = sources_of(person.photo)
    prepare_waiting()

    assert (before.width, before.height) == (700, 700)
    assert [part.split(" ")[1] for part in sources_of(person.photo).sources[1][1].split(", ")] == ["480w", "700w"]


def test_a_photo_missing_in_the_storage_never_breaks_a_page():
    person = factories.make_practitioner(photo="people/nobody.jpg")

    assert sources_of(person.photo) == PictureSources("/media/people/nobody.jpg", None, None)


def test_make_renditions_restores_lost_renditions(shown_picture):
    before = files()
    stored_files.delete(before)

    call_command("make_renditions")

    assert files() == before


def test_making_all_renditions_again_writes_none_over_a_file_that_browsers_keep(shown_picture):
    before = files()

    call_command("make_renditions", "--again")

    assert len(files()) == len(before)
    assert set(files()) & set(before) == set()
    assert sources_of(shown_picture.image).src.removeprefix("/media/") in files()


def test_replacing_a_picture_deletes_its_files(shown_picture):
    old = [shown_picture.image.name, *files()]

    shown_picture.image = picture_upload(size=(900, 300))
    shown_picture.save()
    prepare_waiting()

    assert [name for name in old if default_storage.exists(name)] == []
    assert sources_of(shown_picture.image).width == 900
    assert PictureFile.objects.count() == 1


def test_deleting_a_picture_deletes_its_files(shown_picture):
    name = shown_picture.image.name

    shown_picture.delete()
    prepare_waiting()

    assert files() == []
    assert not default_storage.exists(name)
    assert not PictureFile.objects.exists()


def test_a_change_that_is_rolled_back_deletes_nothing(shown_picture):
    before = files()
    with suppress(RuntimeError), transaction.atomic():
        shown_picture.delete()
        raise RuntimeError

    prepare_waiting()

    assert files() == before


def test_pictures_with_the_same_name_and_content_share_no_files():
    content = picture_bytes(size=(700, 700))
    picture = make_picture(image=SimpleUploadedFile("a" * 80 + "-steve.png", content))
    person = factories.make_practitioner(photo=SimpleUploadedFile("a" * 80 + "-steve.png", content))
    prepare_waiting()
    result = sources_of(picture.image)

    person.delete()
    prepare_waiting()

    assert sources_of(picture.image) == result
    assert result.src.removeprefix("/media/") in files()


def test_a_new_focal_point_replaces_the_share_crop_and_encodes_nothing_else(shown_picture, monkeypatch):
    written, write = [], renditions.write_rendition
    monkeypatch.setattr(renditions, "write_rendition", lambda *args, **kw: written.append(args) or write(*args, **kw))
    before = sources_of(shown_picture.image)

    shown_picture.focal_x = 10
    shown_picture.save()
    prepare_waiting()

    url = PictureFiles().share_url(shown_picture.image)
    assert "-share-10-50.jpg" in url
    assert [name for name in files() if "-share-" in name] == [url.removeprefix("/media/")]
    assert len(written) == 1
    assert sources_of(shown_picture.image) == before


def test_a_focal_point_that_no_signal_told_is_noticed_by_the_check(shown_picture):
    Picture.objects.update(focal_x=20)

    call_command("work", "--once")

    assert "-share-20-50.jpg" in PictureFiles().share_url(shown_picture.image)


def html(source, **context):
    return " ".join(Template("{% load content_tags %}" + source).render(Context(context)).split())


def test_the_picture_element_has_all_attributes(shown_picture):
    element = html('{% picture p.image alt="A path" sizes="50vw" css="hero" focus=p %}', p=shown_picture)

    assert '<source type="image/avif" srcset="/media/renditions/' in element
    assert 'sizes="50vw"' in element
    assert 'class="hero"' in element
    assert 'alt="A path" width="1000" height="500" loading="lazy" decoding="async"' in element


def test_a_hero_is_preloaded_on_wide_screens_and_lazy_on_phones(shown_picture):
    page, reading = {"hero_picture": shown_picture}, {"hero": shown_picture.image}
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
