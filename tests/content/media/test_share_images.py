"""Share images (og:image): one for each published page and person, never stale."""

import io
import re
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone
from PIL import Image

from booking.models import Clinic, current_content_version
from content.media import share_images, stored_files, typefaces
from content.media.share_images import ShareImage, create_missing, draw
from content.models import PictureFile
from tests.support import factories
from tests.support.content_factories import make_page, make_picture, make_revision, picture_upload

pytestmark = pytest.mark.django_db


def og_image(client, address):
    html = client.get(address).content.decode()
    (link,) = re.findall(r'<meta property="og:image" content="http://127.0.0.1:8000([^"]*)">', html)
    (alt,) = re.findall(r'<meta property="og:image:alt" content="([^"]*)">', html)
    return link, alt


def test_every_page_and_person_gets_its_own_share_image(client):
    factories.make_clinic(name="Dynamic Physiotherapy")
    person = factories.make_practitioner(name="Amara Okafor", photo=picture_upload("amara.png", kind="PNG"))
    with_hero = make_page(title="Needling", hero_picture=make_picture(), hero_alt="A path in the hills")
    plain = make_page(title="Back pain")

    call_command("work", "--once")

    links = [og_image(client, subject.get_absolute_url()) for subject in (with_hero, plain, person)]
    assert [alt for _link, alt in links] == [
        "Needling, Dynamic Physiotherapy. A path in the hills",
        "Back pain, Dynamic Physiotherapy",
        "Amara Okafor, Dynamic Physiotherapy",
    ]
    assert len({link for link, _alt in links}) == 3
    for link, _alt in links:
        with default_storage.open(link.removeprefix("/media/")) as file, Image.open(file) as card:
            assert (card.size, card.format) == ((1200, 630), "JPEG")


def test_new_share_images_invalidate_cached_pages():
    make_page()
    before = current_content_version()

    assert create_missing() == "Pictures for shared links made: 1."
    assert current_content_version() > before
    assert create_missing() == ""


def test_a_stale_share_image_is_never_used(client):
    factories.make_clinic(name="Dynamic Physiotherapy")
    picture = make_picture()
    page = make_page(title="Needling", hero_picture=picture, hero_is_decorative=True)
    create_missing()
    links_by_version = [og_image(client, page.get_absolute_url())[0]]

    for change in (
        lambda: (setattr(page, "title", "Dry needling"), page.save(), make_revision(page)),
        lambda: Clinic.objects.update(name="Foothills Physiotherapy"),
        lambda: (setattr(picture, "focal_x", 10), picture.save()),
        lambda: (setattr(picture, "image", picture_upload("other.png", kind="PNG")), picture.save()),
    ):
        change()
        assert "/share/" not in og_image(client, page.get_absolute_url())[0]
        create_missing()
        links_by_version.append(og_image(client, page.get_absolute_url())[0])

    assert len(set(links_by_version)) == 5


def test_drafts_snippets_and_hidden_pages_get_no_share_image():
    make_page(is_published=False)
    make_page(kind="snippet")
    hidden = make_page()
    make_revision(hidden, is_public=False, head={}, blocks=[])

    assert create_missing() == ""


def test_a_scheduled_page_gets_its_share_image_in_advance(now):
    make_page(goes_live_at=timezone.now() + timedelta(days=1))

    assert create_missing() == "Pictures for shared links made: 1."


def cards():
    return PictureFile.objects.filter(kind=PictureFile.Kind.SHARE_CARD)


def test_stale_share_images_are_deleted_after_a_day(now):
    page = make_page()
    create_missing()
    (old,) = stored_files.names_in("share")
    page.title = "Another"
    page.save()
    make_revision(page)

    create_missing()
    assert old in stored_files.names_in("share")
    create_missing(now + timedelta(days=2))

    (current,) = stored_files.names_in("share")
    assert current != old
    assert [card.name for card in cards()] == [current]


def test_a_share_image_that_an_earlier_release_has_drawn_is_adopted(client, monkeypatch):
    factories.make_clinic()
    page = make_page()
    create_missing()
    address = og_image(client, page.get_absolute_url())
    cards().delete()
    monkeypatch.setattr(share_images, "draw", lambda image: pytest.fail("It was drawn."))

    assert [create_missing(), create_missing()] == ["", ""]
    assert og_image(client, page.get_absolute_url()) == address


def test_two_workers_draw_a_share_image_once(monkeypatch):
    make_page()
    drawn, draw_one = [], share_images.draw
    monkeypatch.setattr(share_images, "draw", lambda image: drawn.append(create_missing()) or draw_one(image))

    assert create_missing() == "Pictures for shared links made: 1."
    assert drawn == [""]  # What the other worker said.


@pytest.mark.parametrize(
    "title",
    ["Needling", "W" * 120, "Transgender, non-binary and intersex pelvic health: what we offer and whom to ask " * 1,
     "Łódź naïve – “quotes”", "物理治療", ""],
    ids=["short", "one endless word", "long", "accents", "other script", "empty"],
)  # fmt: skip
def test_any_title_can_be_drawn(title):
    with Image.open(io.BytesIO(draw(ShareImage(title, "Dynamic Physiotherapy")))) as card:
        assert card.size == (1200, 630)


def text_of_card(title):
    """The left side of the image, where the text is."""
    with Image.open(io.BytesIO(draw(ShareImage(title, "")))) as card:
        return card.crop((0, 0, share_images.TEXT_WIDTH, 630)).tobytes()


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Needling \U0001f4aa", "Needling"),
        ("Back\u2764\ufe0f pain", "Back pain"),
        ("物理治療", ""),
        ("Needling 針", "Needling"),
    ],
)
def test_emoji_and_words_that_no_face_has_are_left_out(title, plain):
    assert text_of_card(title) == text_of_card(plain)


@pytest.mark.parametrize("word", ["Tsuut\u02bcina", "ᐊᓄᕆ", "Ковальчук", "Παπαδοπούλου", "X̱wíɬt̓", "Səlilwətaɬ"])
def test_a_word_with_a_letter_that_the_heading_face_lacks_is_set_wholly_in_the_other(word):
    assert typefaces.drawable_words(f"Needling {word}")[1][1] == typefaces.OTHER
    assert text_of_card(word) != text_of_card("")


@pytest.mark.parametrize("word", ["Nguyễn", "Māori", "Łódź", "“quotes”"])
def test_a_word_that_the_heading_face_has_is_set_in_it(word):
    assert typefaces.drawable_words(word) == [(word, typefaces.HEADING)]


def test_a_title_stays_within_the_text_column():
    for title in ("Pelvic health for trans, non-binary and intersex people", "Dry needling for back pain"):
        with Image.open(io.BytesIO(draw(ShareImage(title, "Dynamic Physiotherapy")))) as card:
            edge = card.crop((share_images.TEXT_WIDTH - 40, 0, share_images.TEXT_WIDTH - 4, 630))
            assert max(high for _low, high in edge.getextrema()) < 110  # Background only: no light letters.


def test_an_unreadable_picture_is_replaced_by_the_drawing():
    default_storage.save("pictures/broken.jpg", io.BytesIO(b"not a picture"))

    assert draw(ShareImage("Needling", "", "pictures/broken.jpg")) == draw(ShareImage("Needling", ""))
