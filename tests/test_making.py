"""Rule: a page that is made of what was made before is, byte for byte, the page that is made from the ground up."""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import transaction
from django.db.models import F
from django.test import Client

from booking import context, scheduling
from booking.models import (
    Clinic,
    Closure,
    Location,
    OpeningHours,
    Practitioner,
    PractitionerService,
    SampleRow,
    Service,
    WorkingHours,
)
from content import making
from content.models import DefinitionList, Notice, Page, Picture
from content.pictures import make_renditions
from tests import make
from tests.conftest import NOW
from tests.make_content import make_page, make_revision, make_section

pytestmark = pytest.mark.django_db
PAGES = ["/", "/treatments/", "/treatments/dry-needling-for-back-pain/", "/treatments/dry-needling/"]


def new_words(page):
    """The draft of a page gets other words, and readers get them, too."""
    Page.objects.filter(pk=page.pk).update(title="Said anew")
    make_section(page, body="<p>Other words.</p>")
    make_revision(Page.objects.get(pk=page.pk), goes_live_at=NOW)


def treatment():
    return Page.objects.get(slug="dry-needling-for-back-pain")


def taken():
    """Somebody books the time that is free next with everybody."""
    service = Service.objects.get(slug="back-assessment")
    for person, opening in scheduling.next_free_each(service=service, now=NOW).items():
        make.make_appointment(
            practitioner=Practitioner.objects.get(pk=person), service=service,
            location=Location.objects.get(pk=opening.location_id), starts_at=opening.starts_at,
        )  # fmt: skip


def no_renditions():
    for name in default_storage.listdir("renditions")[1]:
        default_storage.delete(f"renditions/{name}")


# None of them tells anybody: update() sends no signal, and the version of what is shown stays the same.
CHANGES = {
    "a price": lambda: Service.objects.update(price=Decimal("77.50")),
    "the name of a service": lambda: Service.objects.update(name="Another visit"),
    "a service is not offered": lambda: Service.objects.update(is_active=False),
    "somebody's own length": lambda: PractitionerService.objects.update(own_duration=timedelta(minutes=35)),
    "nobody offers it": lambda: PractitionerService.objects.all().delete(),
    "somebody's name": lambda: Practitioner.objects.update(name="Robin Moss"),
    "somebody left": lambda: Practitioner.objects.update(is_active=False),
    "may not needle": lambda: Practitioner.objects.update(authorised_for_needling=False),
    "a photo is gone": lambda: Practitioner.objects.update(photo=""),
    "the clinic's phone": lambda: Clinic.objects.update(phone="+14035550199"),
    "the clinic's name": lambda: Clinic.objects.update(name="Foothills Physiotherapy"),
    "parking": lambda: Location.objects.update(parking_notes="Behind the house."),
    "the desk's hours": lambda: OpeningHours.objects.update(closes="19:30"),
    "a closure": lambda: Closure.objects.create(
        location=Location.objects.first(), on=NOW.date() + timedelta(days=3), name="Founders' Day"
    ),
    "a notice": lambda: Notice.objects.bulk_create([Notice(title="The lift is out of order", starts_at=NOW)]),
    "whose picture": lambda: Picture.objects.update(credit="A. Painter"),
    "how it is cut": lambda: Picture.objects.update(focal_x=10),
    "a topic": lambda: Page.objects.update(topic="Everything"),
    "the order": lambda: Page.objects.update(position=1000 - F("position")),
    "new words": lambda: new_words(treatment()),
    "a snippet": lambda: new_words(Page.objects.filter(kind="snippet").first()),
    "a page is hidden": lambda: make_revision(
        Page.objects.get(slug="dry-needling"), goes_live_at=NOW, is_public=False
    ),
    "a new page": lambda: make_page(title="Taping", topic=treatment().topic, position=treatment().position),
    "the same words again": lambda: make_revision(treatment(), goes_live_at=NOW, changed_at=NOW + timedelta(hours=1)),
    "it is no sample": lambda: SampleRow.objects.all().delete(),
    "a time is taken": taken,
    "nobody is there": lambda: WorkingHours.objects.all().delete(),
    "pictures are not ready": no_renditions,
}  # fmt: skip


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def sample(clock):
    call_command("load_sample", verbosity=0)
    making.memory.clear()


@contextmanager
def nothing_remembered(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(making, "memory", making.Memory(0))
        patch.setattr(context, "_latest", [])
        yield


def pages(monkeypatch):
    """Every page, which is the same whatever was made before."""
    found = {address: Client().get(address) for address in PAGES}
    with nothing_remembered(monkeypatch):
        anew = {address: Client().get(address) for address in PAGES}
    for address in PAGES:
        assert found[address].status_code == anew[address].status_code, address
        assert found[address].content.decode() == anew[address].content.decode(), address
    return {address: response.content for address, response in found.items()}


def test_whatever_changes_every_page_is_what_it_would_be_if_nothing_were_remembered(sample, clock, monkeypatch):
    for picture in Picture.objects.all():
        make_renditions(picture.image.name)
    before = pages(monkeypatch)
    for hours in (4, 24 * 30):
        clock.move_to(NOW + timedelta(hours=hours))
        assert pages(monkeypatch) != before
    clock.move_to(NOW)
    assert pages(monkeypatch) == before
    for what, change in CHANGES.items():
        with transaction.atomic():
            change()
            after = pages(monkeypatch)
            transaction.set_rollback(True)
        assert after != before, f"No page shows {what}."


def test_a_page_is_made_once_while_nothing_on_it_changes(sample, monkeypatch, client):
    rendered = []
    html_of = making.html_of
    monkeypatch.setattr(making, "html_of", lambda *asked, **more: rendered.append(1) or html_of(*asked, **more))
    address = treatment().get_absolute_url()
    for _ in range(3):
        client.get(address)
    assert len(rendered) == 1
    taken()
    assert "Next free time" in client.get(address).content.decode()
    assert len(rendered) == 1  # The time that is free next is put into the same page.


def test_a_draft_shows_nowhere(sample, monkeypatch, client):
    page = treatment()
    before = client.get(page.get_absolute_url()).content
    Page.objects.filter(pk=page.pk).update(title="Draft", lede="Draft")
    make_section(page, heading="Draft")
    DefinitionList.objects.filter(parent=page).delete()
    assert client.get(page.get_absolute_url()).content == before


def test_a_made_page_costs_three_queries_besides_the_next_free_time(db, client, django_assert_num_queries):
    page = make_page(title="Words alone")
    for _ in range(2):
        with django_assert_num_queries(3):
            client.get(page.get_absolute_url())


def test_the_memory_holds_so_many_bytes_and_forgets_what_nobody_asked_for_longest(clock, monkeypatch, client):
    made = [make_page() for _ in range(3)]
    for page in made[:2]:
        client.get(page.get_absolute_url())
    monkeypatch.setattr(making, "memory", making.Memory(0))
    client.get(made[0].get_absolute_url())
    assert making.memory.bytes == 0
    monkeypatch.setattr(making, "memory", making.Memory(1 << 20))
    client.get(made[0].get_absolute_url())
    one = making.memory.bytes
    monkeypatch.setattr(making, "memory", making.Memory(one * 5 // 2))
    for page in [*made[:2], made[0], made[2]]:
        client.get(page.get_absolute_url())
    kept = [key[0] for key in making.memory._made]
    assert kept == [made[0].get_absolute_url(), made[2].get_absolute_url()]
    assert making.memory.bytes <= one * 5 // 2
