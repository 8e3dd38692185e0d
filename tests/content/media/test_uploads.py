"""Malformed and hostile uploads: error messages, and what is stored of accepted ones."""

import io
import struct
import zlib
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from booking.models import Practitioner, PractitionerDraft, current_content_version
from booking.staff.page_drafts import publish_draft, version_of
from content.blocks.page_content import PageContent
from content.media import preparation, stored_files
from content.media.preparation import prepare_waiting
from content.media.renditions import PictureFiles
from content.models import Picture
from content.publishing.checks.rules import check_page
from tests.support import factories
from tests.support.content_factories import make_page, make_picture, picture_bytes, picture_upload
from tests.support.odd_exif import SHAPES, exif_block, odd_picture

pytestmark = [pytest.mark.django_db, pytest.mark.once]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
WRONG_TYPE = "This is not a JPEG, PNG or WebP picture."
ANIMATED = "This picture is animated: save a still picture and choose that."
DAMAGED = "This picture is damaged or cut off. Save it again and choose it once more."
HEIC = "On an iPhone, open it in Photos, choose Share, then Options"


def encoded(picture, kind, **options):
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def animated(kind):
    frames = [Image.new("RGB", (200, 200), colour) for colour in ("red", "blue")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def png_that_claims(width, height):
    """Return a small PNG whose header claims this size (a decompression bomb)."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture
def staff_client(client):
    client.force_login(get_user_model().objects.create_superuser("steve", "steve@example.com", "canola-foothills-42"))
    return client


def upload(staff_client, content, name="x.jpg"):
    data = {"title": "A path", "image": SimpleUploadedFile(name, content), "focal_x": "50", "focal_y": "50"}
    response = staff_client.post("/admin/content/picture/add/", data)
    return [] if response.status_code == 302 else response.context["adminform"].form.errors.get("image", [])


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (SVG, "x.svg", WRONG_TYPE),
        (SVG, "x.png", WRONG_TYPE),
        (b"<html><script>alert(1)</script></html>", "x.jpg", WRONG_TYPE),
        (b"GIF89a" + b"\0" * 300, "x.gif", WRONG_TYPE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 300 300\n", "x.jpg", WRONG_TYPE),
        (animated("GIF"), "x.gif", WRONG_TYPE),
        (animated("PNG"), "x.png", ANIMATED),
        (animated("WEBP"), "x.webp", ANIMATED),
        (picture_bytes(size=(900, 900))[:5000], "x.jpg", DAMAGED),
        (picture_bytes(size=(900, 900), kind="PNG")[:1000], "x.png", DAMAGED),
        (png_that_claims(300, 300), "x.png", DAMAGED),
        (png_that_claims(9000, 9000), "x.png", "81 megapixels"),
        (png_that_claims(60_000, 60_000), "x.png", "too many pixels"),
        (picture_bytes(size=(90, 300)), "x.jpg", "This picture is too small: each side needs at least 100 pixels."),
        (picture_bytes(size=(120, 16_384), kind="PNG"), "x.png", "This picture is 16,384 pixels long."),
        (picture_bytes(size=(20_000, 100), kind="JPEG"), "x.jpg", "Up to 16,383 on each side are fine"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 300, "IMG_0001.jpg", HEIC),
        (b"\0\0\0\x18ftypmif1" + b"\0" * 300, "IMG_0001.HEIC", HEIC),
        (b"\0\0\0\x1cftypmsf1" + b"\0" * 300, "burst.heics", HEIC),
        (b"\0\0\0\x1cftypavif" + b"\0" * 300, "x.avif", "This is an AVIF picture"),
    ],
    ids=[
        "SVG", "SVG named PNG", "HTML", "broken GIF", "PostScript", "moving GIF", "moving PNG", "moving WebP",
        "half a JPEG", "half a PNG", "too few pixels inside", "81 megapixels", "3600 megapixels", "tiny",
        "too tall", "too wide", "HEIC named JPEG", "HEIF", "HEIF burst", "AVIF",
    ],
)  # fmt: skip
def test_the_admin_refuses_it_with_a_helpful_message(staff_client, content, name, message):
    (error,) = upload(staff_client, content, name)

    assert message in error
    assert not Picture.objects.exists()
    assert not default_storage.exists("pictures") or default_storage.listdir("pictures")[1] == []


@pytest.mark.parametrize("name", ["holiday.jpeg", "holiday.exe", "holiday", "holiday.svg", "ho<b>li.php.jpg"])
def test_the_file_name_does_not_matter(staff_client, name):
    assert upload(staff_client, picture_bytes(kind="PNG"), name) == []
    assert Picture.objects.get().image.name.endswith(".png")


@pytest.mark.parametrize("shape", SHAPES)
def test_malformed_metadata_is_ignored(staff_client, shape):
    assert upload(staff_client, odd_picture(shape)) == []
    prepare_waiting()

    picture = Picture.objects.get()
    assert (picture.width, picture.height) == (400, 600)
    assert len(PictureFiles().sources(picture.image).sources) == 2


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_malformed_metadata_is_ignored_in_every_format(staff_client, kind):
    for shape in SHAPES:
        assert upload(staff_client, odd_picture(shape, kind=kind)) == [], shape
        picture = Picture.objects.get()
        assert (picture.width, picture.height) == (400, 600), shape
        picture.delete()


def test_a_portrait_and_a_replaced_picture_with_malformed_metadata_are_taken(staff_client):
    picture = make_picture()
    practitioner = factories.make_practitioner()
    for number, shape in enumerate(SHAPES):
        content = odd_picture(shape)
        replaced = {"title": picture.title, "focal_x": "50", "focal_y": "50"}
        replaced["image"] = SimpleUploadedFile(f"{number}.jpg", content)
        assert staff_client.post(f"/admin/content/picture/{picture.pk}/change/", replaced).status_code == 302, shape
        picture.refresh_from_db()
        assert (picture.width, picture.height) == (400, 600), shape
        assert picture.image.name.startswith(f"pictures/{number}-")

        practitioner.photo = SimpleUploadedFile(f"{number}.jpg", content)
        practitioner.full_clean()
        practitioner.save()
        assert Image.open(practitioner.photo).size == (400, 600), shape


@pytest.mark.parametrize("shape", ["resolution not a number", "width as text", "place negative"])
def test_a_portrait_with_malformed_metadata_is_taken_in_the_admin(staff_client, shape):
    practitioner = factories.make_practitioner()
    address = f"/admin/booking/practitioner/{practitioner.pk}/change/"
    form = staff_client.get(address).context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    for prefix in ("practitioner_services", "breaks", "working_hours"):
        data |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    data["photo"] = SimpleUploadedFile("me.jpg", odd_picture(shape))
    assert staff_client.post(address, data).status_code == 302
    practitioner.refresh_from_db()
    assert Image.open(practitioner.photo).size == (400, 600)


@pytest.mark.parametrize(
    "stem", ["a" * 101, "x" * 250, "\u5c71" * 80, "\U0001e900" * 60], ids=["long", "longest", "Chinese", "four bytes"]
)
def test_a_long_file_name_is_cut(staff_client, stem):
    assert upload(staff_client, picture_bytes(), f"{stem}.jpg") == []
    prepare_waiting()
    picture = Picture.objects.get()
    assert len(picture.image.name) <= 100
    assert picture.image.name.startswith(f"pictures/{stem[:20]}")
    assert default_storage.exists(picture.image.name)


@pytest.mark.parametrize("orientation", [0, 9, 0xFFFF])
def test_an_invalid_orientation_is_ignored(staff_client, orientation):
    assert upload(staff_client, picture_bytes(size=(600, 400), exif=exif_block(orientation=orientation))) == []
    assert (Picture.objects.get().width, Picture.objects.get().height) == (600, 400)


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_all_eight_orientations_are_applied(number, kind):
    exif = Image.Exif()
    exif[0x0112] = number
    content = picture_bytes(size=(240, 160), kind=kind, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")

    image = stored_image(content)

    assert image.size == expected.size
    assert all(is_close(image.getpixel(at), expected.getpixel(at)) for at in [(9, 9), (9, 150), (150, 9), (150, 150)])


@pytest.mark.parametrize("size", [(100, 16_383), (16_383, 100)])
def test_the_longest_accepted_picture_gets_renditions(staff_client, size):
    assert upload(staff_client, picture_bytes(size=size, kind="PNG")) == []
    prepare_waiting()

    assert len(PictureFiles().sources(Picture.objects.get().image).sources) == 2


def stored_image(content, name="x.jpg"):
    picture = make_picture(image=picture_upload(name, content=content))
    return Image.open(io.BytesIO(picture.image.read()))


def is_close(colour, expected, tolerance=12):
    return all(abs(a - b) <= tolerance for a, b in zip(colour, expected, strict=True))


@pytest.mark.parametrize(
    ("picture", "kind", "mode", "corner"),
    [
        (Image.new("CMYK", (200, 200), (0, 255, 255, 0)), "JPEG", "RGB", (255, 0, 0)),
        (Image.new("L", (200, 200), 128), "JPEG", "RGB", (128, 128, 128)),
        (Image.new("1", (200, 200), 1), "PNG", "RGB", (255, 255, 255)),
        (Image.new("I;16", (200, 200), 0x8000), "PNG", "RGB", (128, 128, 128)),
        (Image.new("LA", (200, 200), (128, 0)), "PNG", "RGBA", (128, 128, 128, 0)),
        (Image.new("RGBA", (200, 200), (255, 0, 0, 100)), "WEBP", "RGBA", (255, 0, 0, 100)),
    ],
    ids=["CMYK", "grey", "black and white", "16 bits of grey", "grey with transparency", "WebP with transparency"],
)
def test_every_colour_mode_is_converted_as_browsers_show_it(picture, kind, mode, corner):
    image = stored_image(encoded(picture, kind))

    assert image.mode == mode
    assert is_close(image.getpixel((5, 5)), corner)


def test_a_palette_with_a_transparent_colour_stays_transparent():
    palette = Image.new("P", (200, 200), 1)
    palette.putpalette([0, 0, 0, 200, 30, 30])
    palette.paste(0, (0, 0, 100, 200))
    picture = make_picture(image=picture_upload("x.png", content=encoded(palette, "PNG", transparency=0)))
    prepare_waiting()

    sources = PictureFiles().sources(picture.image)

    with default_storage.open(sources.src.removeprefix("/media/")) as file:
        image = Image.open(file).convert("RGBA")
        assert image.getpixel((10, 10))[3] == 0
        assert is_close(image.getpixel((190, 10)), (200, 30, 30, 255))


def test_colour_profiles_are_converted_to_srgb():
    """Colours are converted to sRGB, and the profile is removed."""
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    red = Image.new("RGB", (200, 200), (200, 30, 30))

    image = stored_image(encoded(red, "JPEG", quality=95, icc_profile=srgb))
    odd = stored_image(encoded(red, "JPEG", icc_profile=linear))

    assert is_close(image.getpixel((5, 5)), (200, 30, 30))
    assert "icc_profile" not in image.info
    assert "icc_profile" not in odd.info


def served_files(folder):
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".json"]


SECRET = b"50.7255,-113.9749"


def with_secrets(kind):
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x8825] = {1: "N", 2: (50.0, 43.0, 30.0)}
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {"exif": exif, "icc_profile": icc}
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", SECRET.decode())
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode())
    else:
        options["xmp"] = xmp
    # Data after the end of the picture: a script, an archive.
    return picture_bytes(size=(1700, 900), kind=kind, **options) + b"<script>" + SECRET + b"</script>PK\x03\x04"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_hidden_data_in_an_upload_is_never_served(kind, settings):
    content = with_secrets(kind)
    assert SECRET in content
    make_picture(image=picture_upload("x", content=content))
    prepare_waiting()

    files = served_files(settings.MEDIA_ROOT)

    assert len(files) == 1 + 4 + 4 + 1 + 1  # The re-encoded original, AVIF, WebP, the fallback, and the share crop.
    for path in files:
        image = path.read_bytes()
        assert SECRET not in image
        assert b"<script>" not in image
        with Image.open(path) as opened:
            opened.load()
            assert dict(opened.getexif()) == {}
            assert {"exif", "xmp", "icc_profile", "comment"} & set(opened.info) == set()


def test_the_uploaded_bytes_are_not_stored(settings):
    content = picture_bytes(size=(300, 200), kind="PNG")

    make_picture(image=picture_upload("x.png", content=content + b"trailing"))

    files = [path.read_bytes() for path in served_files(settings.MEDIA_ROOT)]
    assert len(files) == 1
    assert b"trailing" not in files[0]


def test_the_worker_creates_renditions_missed_after_a_crash():
    picture, broken = make_picture(), make_picture()
    stored_files.store(broken.image.name, b"not a picture any more")
    assert PictureFiles().sources(picture.image).sources == ()

    call_command("work", "--once")

    assert len(PictureFiles().sources(picture.image).sources) == 2
    assert prepare_waiting() == ""


@pytest.mark.parametrize(
    "content", [b"not a picture any more", picture_bytes(size=(120, 20_000), kind="PNG")], ids=["broken", "too tall"]
)
def test_a_picture_whose_renditions_fail_is_shown_as_its_original_and_retried_a_day_later(
    content, caplog, stopped_clock
):
    picture = make_picture()
    stored_files.store(picture.image.name, content)

    assert [prepare_waiting() for _ in range(3)] == ["", "", ""]

    assert caplog.text.count("cannot be made ready") == 1
    assert PictureFiles().sources(picture.image).src == picture.image.url
    with time_machine.travel(stopped_clock + timedelta(days=1, minutes=1)):
        prepare_waiting()
    assert caplog.text.count("cannot be made ready") == 2


def test_the_task_stops_after_its_time_slice_and_continues_in_the_next_run(monkeypatch):
    for _ in range(3):
        make_picture()
    monkeypatch.setattr(preparation, "SLICE", 0.0)

    assert [prepare_waiting() for _ in range(4)] == ["Pictures made ready: 1."] * 3 + [""]


def test_new_renditions_invalidate_cached_pages():
    make_picture()
    before = current_content_version()

    prepare_waiting()
    after = current_content_version()
    prepare_waiting()

    assert after > before
    assert current_content_version() == after


def test_rewriting_a_rendition_replaces_its_file():
    for content in (b"one", b"two"):
        stored_files.store("renditions/x.jpg", content)

    assert default_storage.listdir("renditions")[1] == ["x.jpg"]
    assert default_storage.open("renditions/x.jpg").read() == b"two"


def test_a_replaced_picture_changes_every_page_at_once(client, staff_client):
    picture = make_picture(title="A path")
    pages = [make_page(hero_picture=picture, hero_alt="A path") for _ in range(2)]
    data = {"title": "A path", "focal_x": "50", "focal_y": "50", "image": picture_upload("new.png", kind="PNG")}

    saved = staff_client.post(f"/admin/content/picture/{picture.pk}/change/", data, follow=True).content.decode()
    prepare_waiting()

    assert "Check that the descriptions still fit" in saved
    for page in pages:
        html = client.get(page.get_absolute_url()).content.decode()
        assert "renditions/new-" in html
        assert "renditions/drawing-" not in html


def test_the_credit_of_a_hero_is_shown_escaped(client):
    page = make_page(hero_picture=make_picture(credit="Ana <b>Silva</b>"), hero_is_decorative=True)

    html = client.get(page.get_absolute_url()).content.decode()

    assert html.count("Picture: Ana &lt;b&gt;Silva&lt;/b&gt;") == 1


@pytest.mark.parametrize(
    ("alt", "is_decorative", "is_refused"),
    [("", False, True), ("A path", True, True), ("A path", False, False), ("", True, False)],
    ids=["neither", "both", "alt text", "decorative"],
)
def test_publishing_requires_alt_text_or_decorative(alt, is_decorative, is_refused, now):
    """Forms and constraints check this too; the publishing check covers every other way of writing."""
    picture = make_picture()
    head = {"title": "Needling", "lede": "Few words.", "hero_picture": picture.pk}
    head |= {"hero_alt": alt, "hero_is_decorative": is_decorative}
    fields = {"picture": picture.pk, "alt": alt, "is_decorative": is_decorative, "caption": ""}
    block = {"kind": "placedpicture", "id": 7, "region": "main", "fields": fields}

    issues = check_page(make_page(kind="fees", is_published=False), PageContent(head, [block]), now=now)

    blocking = {(issue.block, issue.message) for issue in issues if issue.blocks}
    expected = {
        (("placedpicture", 7), "Describe the picture, or tick that it's only decoration."),
        (None, "Describe the picture at the top, or tick that it's only decoration."),
    }
    assert blocking == (expected if is_refused else set())


def test_a_practitioner_whose_photo_file_is_missing_can_be_saved():
    person = factories.make_practitioner(photo=picture_upload())
    default_storage.delete(person.photo.name)
    person = Practitioner.objects.get()

    person.name = "Steve Hansen"
    person.full_clean()
    person.save()

    assert Practitioner.objects.get().name == "Steve Hansen"
    assert Practitioner.objects.get().photo.name == person.photo.name


def test_a_picture_whose_file_is_missing_can_be_changed_in_the_admin(staff_client):
    picture = make_picture()
    default_storage.delete(picture.image.name)
    form = {"title": "A new title", "focal_x": 20, "focal_y": 50, "credit": ""}

    response = staff_client.post(f"/admin/content/picture/{picture.pk}/change/", form)

    assert response.status_code == 302
    saved = Picture.objects.get()
    assert (saved.title, saved.image.name, saved.width) == ("A new title", picture.image.name, picture.width)


def test_a_photo_of_a_practitioners_draft_loses_its_metadata_too_and_is_published_as_it_is(settings):
    person = factories.make_practitioner(photo=picture_upload("old.jpg"))
    draft = PractitionerDraft.objects.create(
        practitioner=person, photo=picture_upload(content=with_secrets("JPEG")), edited_at=timezone.now(), state="sent"
    )
    prepare_waiting()
    assert [path for path in served_files(settings.MEDIA_ROOT) if SECRET in path.read_bytes()] == []

    publish_draft(draft, seen=version_of(draft), by=get_user_model().objects.create_user("office"))
    prepare_waiting()

    photo = Practitioner.objects.get().photo
    assert photo.name == draft.photo.name
    assert default_storage.exists(photo.name)
    assert len(PictureFiles().sources(photo).sources) == 2
