"""The picture of a shared link: made for each page and person, of what readers see, and never out of date."""

import io
import os
import re
import time
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone
from PIL import Image

from booking.models import Clinic, shown_version
from content import share_cards
from content.share_cards import Card, catch_up, draw
from tests import make
from tests.make_content import make_page, make_picture, make_revision, picture_upload

pytestmark = pytest.mark.django_db


def shared(client, address):
    html = client.get(address).content.decode()
    (link,) = re.findall(r'<meta property="og:image" content="http://127.0.0.1:8000([^"]*)">', html)
    (alt,) = re.findall(r'<meta property="og:image:alt" content="([^"]*)">', html)
    return link, alt


def test_every_page_and_person_gets_a_card_of_its_own(client):
    make.make_clinic(name="Dynamic Physiotherapy")
    person = make.make_practitioner(name="Amara Okafor", photo=picture_upload("amara.png", kind="PNG"))
    with_hero = make_page(title="Needling", hero_picture=make_picture(), hero_alt="A path in the hills")
    plain = make_page(title="Back pain")

    call_command("work", "--once")

    links = [shared(client, one.get_absolute_url()) for one in (with_hero, plain, person)]
    assert [alt for _link, alt in links] == [
        "Needling, Dynamic Physiotherapy. A path in the hills",
        "Back pain, Dynamic Physiotherapy",
        "Amara Okafor, Dynamic Physiotherapy",
    ]
    assert len({link for link, _alt in links}) == 3
    for link, _alt in links:
        with default_storage.open(link.removeprefix("/media/")) as file, Image.open(file) as card:
            assert (card.size, card.format) == ((1200, 630), "JPEG")


def test_pages_that_are_kept_hear_of_their_new_cards():
    make_page()
    before = shown_version()

    assert catch_up() == "Pictures for shared links made: 1."
    assert shown_version() > before
    assert catch_up() == ""


def test_a_card_is_never_out_of_date(client):
    make.make_clinic(name="Dynamic Physiotherapy")
    picture = make_picture()
    page = make_page(title="Needling", hero_picture=picture, hero_is_decorative=True)
    catch_up()
    found = [shared(client, page.get_absolute_url())[0]]

    for change in (
        lambda: (setattr(page, "title", "Dry needling"), page.save(), make_revision(page)),
        lambda: Clinic.objects.update(name="Foothills Physiotherapy"),
        lambda: (setattr(picture, "focal_x", 10), picture.save()),
        lambda: (setattr(picture, "image", picture_upload("other.png", kind="PNG")), picture.save()),
    ):
        change()
        assert "/share/" not in shared(client, page.get_absolute_url())[0]
        catch_up()
        found.append(shared(client, page.get_absolute_url())[0])

    assert len(set(found)) == 5


def test_drafts_snippets_and_hidden_pages_get_none():
    make_page(is_published=False)
    make_page(kind="snippet")
    hidden = make_page()
    make_revision(hidden, is_public=False, head={}, blocks=[])

    assert catch_up() == ""


def test_a_page_that_goes_live_tomorrow_has_its_card_ready(now):
    make_page(goes_live_at=timezone.now() + timedelta(days=1))

    assert catch_up() == "Pictures for shared links made: 1."


def test_yesterday_s_cards_are_forgotten():
    page = make_page()
    catch_up()
    (old,) = default_storage.listdir("share")[1]
    page.title = "Another"
    page.save()
    make_revision(page)

    catch_up()
    assert old in default_storage.listdir("share")[1]
    long_ago = time.time() - 100_000
    for name in default_storage.listdir("share")[1]:
        os.utime(default_storage.path(f"share/{name}"), (long_ago, long_ago))
    catch_up()

    (kept,) = default_storage.listdir("share")[1]
    assert kept != old


@pytest.mark.parametrize(
    "title",
    ["Needling", "W" * 120, "Transgender, non-binary and intersex pelvic health: what we offer and whom to ask " * 1,
     "Łódź naïve – “quotes”", "物理治療", ""],
    ids=["short", "one endless word", "long", "accents", "other script", "empty"],
)  # fmt: skip
def test_any_title_can_be_drawn(title):
    with Image.open(io.BytesIO(draw(Card(title, "Dynamic Physiotherapy")))) as card:
        assert card.size == (1200, 630)


def test_a_title_keeps_inside_its_half():
    for title in ("Pelvic health for trans, non-binary and intersex people", "Dry needling for back pain"):
        with Image.open(io.BytesIO(draw(Card(title, "Dynamic Physiotherapy")))) as card:
            edge = card.crop((share_cards.WORDS_WIDTH - 40, 0, share_cards.WORDS_WIDTH - 4, 630))
            assert max(high for _low, high in edge.getextrema()) < 110  # Spruce alone: no light letters.


def test_a_picture_that_cannot_be_read_gives_way_to_the_drawing():
    default_storage.save("pictures/broken.jpg", io.BytesIO(b"not a picture"))

    assert draw(Card("Needling", "", "pictures/broken.jpg")) == draw(Card("Needling", ""))
