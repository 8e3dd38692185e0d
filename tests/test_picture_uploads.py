"""Strange, broken and hostile pictures: what is refused and in which words, and what is left of the rest."""

import io
import struct
import zlib

import pytest
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from PIL import Image, ImageCms, PngImagePlugin

from booking.models import shown_version
from content import pictures
from content.models import Picture
from content.proofing import proof
from content.snapshot import Words
from tests.make_content import make_page, make_picture, picture_bytes, picture_upload

pytestmark = pytest.mark.django_db
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
NOT_ONE = "This is not a JPEG, PNG or WebP picture."
MOVES = "This picture moves. Save one moment of it as a still picture and choose that."
DAMAGED = "This picture is damaged or cut off. Save it again and choose it once more."


def encoded(picture, kind, **options):
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def moving(kind):
    frames = [Image.new("RGB", (200, 200), colour) for colour in ("red", "blue")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def png_that_claims(width, height):
    """A few bytes that say they are a picture of this size, and unpack to zeros."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture
def office(client):
    client.force_login(get_user_model().objects.create_superuser("steve", "steve@example.com", "canola-foothills-42"))
    return client


def upload(office, content, name="x.jpg"):
    sent = {"title": "A path", "image": SimpleUploadedFile(name, content), "focal_x": "50", "focal_y": "50"}
    response = office.post("/admin/content/picture/add/", sent)
    return [] if response.status_code == 302 else response.context["adminform"].form.errors.get("image", [])


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (SVG, "x.svg", NOT_ONE),
        (SVG, "x.png", NOT_ONE),
        (b"<html><script>alert(1)</script></html>", "x.jpg", NOT_ONE),
        (b"GIF89a" + b"\0" * 300, "x.gif", NOT_ONE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 300 300\n", "x.jpg", NOT_ONE),
        (moving("GIF"), "x.gif", NOT_ONE),
        (moving("PNG"), "x.png", MOVES),
        (moving("WEBP"), "x.webp", MOVES),
        (picture_bytes(size=(900, 900))[:5000], "x.jpg", DAMAGED),
        (picture_bytes(size=(900, 900), kind="PNG")[:1000], "x.png", DAMAGED),
        (png_that_claims(300, 300), "x.png", DAMAGED),
        (png_that_claims(9000, 9000), "x.png", "81 megapixels"),
        (png_that_claims(60_000, 60_000), "x.png", "too many pixels"),
        (picture_bytes(size=(90, 300)), "x.jpg", "This picture is too small: each side needs at least 100 pixels."),
    ],
    ids=[
        "SVG", "SVG named PNG", "HTML", "broken GIF", "PostScript", "moving GIF", "moving PNG", "moving WebP",
        "half a JPEG", "half a PNG", "too few pixels inside", "81 megapixels", "3600 megapixels", "tiny",
    ],
)  # fmt: skip
def test_the_office_refuses_it_in_words_that_help(office, content, name, message):
    (said,) = upload(office, content, name)

    assert message in said
    assert not Picture.objects.exists()
    assert not default_storage.exists("pictures") or default_storage.listdir("pictures")[1] == []


@pytest.mark.parametrize("name", ["holiday.jpeg", "holiday.exe", "holiday", "holiday.svg", "ho<b>li.php.jpg"])
def test_a_name_decides_nothing(office, name):
    assert upload(office, picture_bytes(kind="PNG"), name) == []
    assert Picture.objects.get().image.name.endswith(".png")


def stored(content, name="x.jpg"):
    picture = make_picture(image=picture_upload(name, content=content))
    return Image.open(io.BytesIO(picture.image.read()))


def near(colour, wanted, by=12):
    return all(abs(one - other) <= by for one, other in zip(colour, wanted, strict=True))


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
def test_every_kind_of_colour_is_kept_as_a_browser_shows_it(picture, kind, mode, corner):
    found = stored(encoded(picture, kind))

    assert found.mode == mode
    assert near(found.getpixel((5, 5)), corner)


def test_a_palette_with_a_transparent_colour_stays_transparent(django_capture_on_commit_callbacks):
    palette = Image.new("P", (200, 200), 1)
    palette.putpalette([0, 0, 0, 200, 30, 30])
    palette.paste(0, (0, 0, 100, 200))
    with django_capture_on_commit_callbacks(execute=True):
        picture = make_picture(image=picture_upload("x.png", content=encoded(palette, "PNG", transparency=0)))

    shown = pictures.show(picture.image)

    with default_storage.open(shown.src.removeprefix("/media/")) as file:
        found = Image.open(file).convert("RGBA")
        assert found.getpixel((10, 10))[3] == 0
        assert near(found.getpixel((190, 10)), (200, 30, 30, 255))


def test_colours_of_another_profile_become_what_a_browser_expects():
    """In Lab-like profiles the numbers differ from sRGB's: they are worked out, and the profile is left away."""
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    red = Image.new("RGB", (200, 200), (200, 30, 30))

    found = stored(encoded(red, "JPEG", quality=95, icc_profile=srgb))
    odd = stored(encoded(red, "JPEG", icc_profile=linear))

    assert near(found.getpixel((5, 5)), (200, 30, 30))
    assert "icc_profile" not in found.info
    assert "icc_profile" not in odd.info


def everything_served(folder):
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
    # What follows the picture's end is a hiding place, too: a page, a script, an archive.
    return picture_bytes(size=(1700, 900), kind=kind, **options) + b"<script>" + SECRET + b"</script>PK\x03\x04"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_hidden_in_a_file_is_ever_served(kind, settings, django_capture_on_commit_callbacks):
    content = with_secrets(kind)
    assert SECRET in content
    with django_capture_on_commit_callbacks(execute=True):
        make_picture(image=picture_upload("x", content=content))

    files = everything_served(settings.MEDIA_ROOT)

    assert len(files) == 1 + 4 + 4 + 1 + 1  # The clean copy, AVIF, WebP, the fallback, and the one for shared links.
    for path in files:
        found = path.read_bytes()
        assert SECRET not in found
        assert b"<script>" not in found
        with Image.open(path) as opened:
            opened.load()
            assert dict(opened.getexif()) == {}
            assert {"exif", "xmp", "icc_profile", "comment"} & set(opened.info) == set()


def test_what_was_uploaded_is_kept_nowhere(settings):
    content = picture_bytes(size=(300, 200), kind="PNG")

    make_picture(image=picture_upload("x.png", content=content + b"trailing"))

    files = [path.read_bytes() for path in everything_served(settings.MEDIA_ROOT)]
    assert len(files) == 1
    assert b"trailing" not in files[0]


def test_a_stop_between_the_commit_and_the_renditions_is_caught_up_by_the_worker():
    picture, broken = make_picture(), make_picture()
    pictures.store(broken.image.name, b"not a picture any more")
    assert pictures.show(picture.image).sources == ()

    call_command("work", "--once")

    assert len(pictures.show(picture.image).sources) == 2
    assert pictures.catch_up() == ""


def test_a_page_made_before_the_renditions_is_made_again(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        make_picture()
    before = shown_version()

    for callback in callbacks:
        callback()

    assert shown_version() > before


def test_writing_a_rendition_again_leaves_one_file():
    for content in (b"one", b"two"):
        pictures.store("renditions/x.jpg", content)

    assert default_storage.listdir("renditions")[1] == ["x.jpg"]
    assert default_storage.open("renditions/x.jpg").read() == b"two"


def test_a_replaced_picture_is_new_on_every_page_at_once(client, office, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        picture = make_picture(title="A path")
    pages = [make_page(hero_picture=picture, hero_alt="A path") for _ in range(2)]
    sent = {"title": "A path", "focal_x": "50", "focal_y": "50", "image": picture_upload("new.png", kind="PNG")}

    with django_capture_on_commit_callbacks(execute=True):
        saved = office.post(f"/admin/content/picture/{picture.pk}/change/", sent, follow=True).content.decode()

    assert "Check that what is said of it still fits" in saved
    for page in pages:
        html = client.get(page.get_absolute_url()).content.decode()
        assert "renditions/new-" in html
        assert "renditions/drawing-" not in html


def test_the_credit_stands_below_a_picture_at_the_head(client):
    page = make_page(hero_picture=make_picture(credit="Ana <b>Silva</b>"), hero_is_decorative=True)

    html = client.get(page.get_absolute_url()).content.decode()

    assert html.count("Picture: Ana &lt;b&gt;Silva&lt;/b&gt;") == 1


@pytest.mark.parametrize(
    ("alt", "is_decorative", "is_refused"),
    [("", False, True), ("A path", True, True), ("A path", False, False), ("", True, False)],
    ids=["neither", "both", "alt text", "decorative"],
)
def test_publishing_asks_what_each_picture_says(alt, is_decorative, is_refused, now):
    """The draft's forms and the database ask as well; this holds what came by any other way."""
    picture = make_picture()
    head = {"title": "Needling", "lede": "Few words.", "hero_picture": picture.pk}
    head |= {"hero_alt": alt, "hero_is_decorative": is_decorative}
    fields = {"picture": picture.pk, "alt": alt, "is_decorative": is_decorative, "caption": ""}
    block = {"kind": "placedpicture", "id": 7, "region": "main", "fields": fields}

    found = proof(make_page(kind="fees", is_published=False), Words(head, [block]), now=now)

    said = {(finding.block, finding.message) for finding in found if finding.blocks}
    refused = {
        (("placedpicture", 7), "Say what the picture shows, or tick that it only decorates."),
        (None, "Say what the picture at the head shows, or tick that it only decorates."),
    }
    assert said == (refused if is_refused else set())
