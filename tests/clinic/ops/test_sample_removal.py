"""Removing the sample keeps changed rows and the rows that they need, and lists both beforehand."""

import io
import logging
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from booking import scheduling
from booking.models import (
    Appointment,
    Break,
    Clinic,
    Closure,
    HoursOverride,
    Location,
    Patient,
    Practitioner,
    PractitionerService,
    Room,
    SampleRow,
    Service,
    TimeOff,
)
from booking.sample_clinic import load_clinic
from clinic.ops import sample_data, sample_fingerprints
from content.media.preparation import prepare_waiting
from content.models import Menu, MenuEntry, Notice, Page, Picture, PlaceMap, Section
from content.publishing.publish import publish
from tests.conftest import NOW
from tests.support import factories
from tests.support.content_factories import picture_bytes
from tests.support.sample import load_sample

pytestmark = [pytest.mark.django_db, pytest.mark.once]
KINDS = (Clinic, Location, Service, Practitioner, Picture, Page, PlaceMap, Patient, Appointment)


@pytest.fixture(autouse=True)
def _clock(stopped_clock):
    """Monday, November 23, 2026, 8:00 a.m. in Alberta."""


@pytest.fixture
def sample():
    load_sample()


def load_clinic_alone():
    sample_data.mark(list(load_clinic(timezone.localdate())))


@pytest.fixture
def clinic_alone():
    """The sample without pages and pictures, which are slow to load."""
    load_clinic_alone()


def remove(**options):
    output = io.StringIO()
    call_command("load_sample", **{"stdout": output, "remove": True, "yes": True} | options)
    return output.getvalue()


def remaining():
    """Return the names of the remaining rows, by model."""
    return {model.__name__: {str(row) for row in rows} for model in KINDS if (rows := model._default_manager.all())}


def steve():
    return Practitioner.objects.get(slug="steve-hansen")


def back_pain():
    return Page.objects.get(slug="dry-needling-for-back-pain")


# Changed rows


def test_an_unchanged_sample_is_removed_completely(sample):
    remove()
    assert remaining() == {}
    assert not SampleRow.objects.exists()


def test_changed_rows_stay_and_the_site_still_works(sample, client):
    Clinic.objects.update(name="Foothills Physio")
    Location.objects.update(street="48 McRae Street")
    steve_hansen = steve()
    steve_hansen.name = "Sofia Hansen"
    steve_hansen.save()
    page = back_pain()
    page.title = "Back pain, and what helps"
    page.save()
    publish(page, by=None, now=timezone.now())

    output = remove()

    rows = remaining()
    assert rows["Clinic"] == {"Foothills Physio"}
    assert rows["Practitioner"] == {"Sofia Hansen"}
    assert Location.objects.get().street == "48 McRae Street"
    assert "Back pain, and what helps" in rows["Page"]
    assert {"Physiotherapy assessment", "Dry needling"} <= rows["Service"]
    assert "Transgender, non-binary and intersex pelvic health" not in rows["Page"]
    assert "Sofia Hansen" in output
    assert "changed since it was loaded" in output
    home = client.get("/")
    assert home.status_code == 503  # Without a home page, the site is being set up.
    assert "Foothills Physio" in home.content.decode()
    for address in ("/treatments/dry-needling-for-back-pain/", "/book/", "/book/back-assessment/"):
        assert client.get(address).status_code == 200, address
    assert scheduling.next_slot(service=Service.objects.get(slug="back-assessment"), now=timezone.now())


def test_no_menu_links_to_a_removed_page(sample, client):
    Clinic.objects.update(name="Foothills Physio")
    remove()
    page = client.get("/").content.decode()
    links = {part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("/") and "/static/" not in part}
    assert {link: code for link in links if (code := client.get(link).status_code) not in {200, 302}} == {"/": 503}


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (lambda: Section.objects.filter(parent=back_pain()).first().delete(), "Page"),
        (lambda: Section.objects.filter(parent=back_pain()).update(heading="Our own words"), "Page"),
        (lambda: Section.objects.create(parent=back_pain(), region="main", ordering=999, body="<p>New</p>"), "Page"),
        (lambda: Page.objects.filter(pk=back_pain().pk).update(topic="Backs"), "Page"),
        (lambda: publish(back_pain(), by=None, now=timezone.now()), "Page"),
        (lambda: PlaceMap.objects.update(caption="Ring the bell."), "PlaceMap"),
        (lambda: Picture.objects.filter(title="The clinic").update(focal_x=20), "Picture"),
    ],
    ids=["block deleted", "block", "block added", "topic", "published again", "map", "focal point"],
)
def test_a_change_keeps_the_page_or_picture_that_it_belongs_to(sample, change, kept):
    change()
    remove()
    assert kept in remaining()
    assert "Clinic" not in remaining()


@pytest.mark.parametrize(
    "change",
    [
        lambda: steve().working_hours.filter(weekday=0).update(end_time="15:00"),
        lambda: steve().working_hours.first().delete(),
        lambda: Break.objects.create(practitioner=steve(), weekday=4, start_time="10:00", end_time="10:15"),
        lambda: HoursOverride.objects.create(practitioner=steve(), location=Location.objects.get(), on="2026-12-01"),
        lambda: TimeOff.objects.create(practitioner=steve(), starts_on="2026-12-01", ends_on="2026-12-02"),
        lambda: PractitionerService.objects.filter(practitioner=steve()).update(own_price=Decimal(90)),
        lambda: PractitionerService.objects.filter(practitioner=steve()).first().delete(),
    ],
    ids=["hours", "hours deleted", "break added", "hours for one date", "time off", "own price", "service deleted"],
)
def test_a_changed_part_keeps_its_practitioner_with_all_that_they_offer(clinic_alone, change):
    change()
    remove()
    rows = remaining()
    assert rows["Practitioner"] == {"Steve Hansen"}
    assert rows["Location"] == {"Okotoks"}
    assert rows["Service"] >= {str(service) for service in steve().services.all()}
    assert "Pelvic health assessment" not in rows["Service"]
    assert "Clinic" not in rows


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (lambda: Service.objects.filter(slug="back-assessment").update(price=Decimal(150)), "Service"),
        (lambda: Room.objects.create(location=Location.objects.get(), name="Third room"), "Location"),
        (lambda: Room.objects.first().delete(), "Location"),
        (
            lambda: Closure.objects.create(location=Location.objects.get(), on="2027-02-15", name="Family Day"),
            "Location",
        ),
        (lambda: Clinic.objects.update(fees_note="Cash only."), "Clinic"),
    ],
    ids=["price", "room added", "room deleted", "closure added", "fees"],
)
def test_a_changed_row_of_the_clinic_keeps_no_other_row(clinic_alone, change, kept):
    change()
    remove()
    assert {kind: len(rows) for kind, rows in remaining().items()} == {kept: 1}


def test_an_uploaded_photo_keeps_its_practitioner_and_its_file(clinic_alone):
    person = steve()
    person.photo.save("me.jpg", ContentFile(picture_bytes()))
    name = person.photo.name
    remove()
    assert steve().photo.name == name
    assert Path(steve().photo.path).exists()


def test_a_changed_page_keeps_its_pictures_services_and_the_pages_it_leads_to(sample):
    home = Page.objects.get(kind="home")
    home.title = "Our own title"
    home.save()
    remove()
    home.refresh_from_db()
    assert home.hero_picture.title == "On the path"
    assert home.service.slug == "physiotherapy-assessment"
    assert Page.objects.filter(slug="dry-needling").exists()


def test_rows_that_only_the_live_revision_refers_to_are_kept(sample):
    home = Page.objects.get(kind="home")
    home.hero_picture, home.hero_alt = None, ""  # In the draft; the live revision still has the picture.
    home.save()
    remove()
    assert Picture.objects.filter(title="On the path").exists()


def test_an_unchanged_practitioner_who_is_needed_does_not_keep_their_services(clinic_alone):
    back = Service.objects.get(slug="back-assessment")
    factories.make_appointment(practitioner=steve(), service=back, location=Location.objects.get())
    remove()
    assert set(Service.objects.values_list("slug", flat=True)) == {"back-assessment"}
    assert steve().working_hours.exists()


def test_a_menu_entry_and_a_notice_keep_the_pages_they_link_to(sample):
    MenuEntry.objects.create(menu=Menu.objects.first(), page=back_pain(), label="Backs")
    fees = Page.objects.get(kind="fees")
    Notice.objects.create(title="New fees", link_label="See them", page=fees)
    output = remove()
    assert set(Page.objects.filter(kind__in=["treatment", "fees"])) == {back_pain(), fees}
    assert MenuEntry.objects.filter(page=back_pain()).exists()
    assert "“Backs” needs it" in output


def test_an_unmarked_part_keeps_its_owner(clinic_alone):
    hours = steve().working_hours.first()
    kind = ContentType.objects.get_for_model(hours)
    SampleRow.objects.filter(content_type=kind, object_id=hours.pk).delete()
    remove()
    assert remaining()["Practitioner"] == {"Steve Hansen"}


def test_changed_rows_are_unmarked_and_needed_rows_stay_marked(clinic_alone):
    Practitioner.objects.filter(slug="steve-hansen").update(name="Sofia Hansen")
    remove()
    marked = {str(mark.content_type.get_object_for_this_type(pk=mark.object_id)) for mark in SampleRow.objects.all()}
    assert "Sofia Hansen" not in marked
    assert {"Okotoks", "Physiotherapy assessment"} <= marked


def test_removing_twice_changes_nothing_more(clinic_alone):
    Clinic.objects.update(name="Foothills Physio")
    Service.objects.filter(slug="dry-needling").update(price=Decimal(99))
    remove()
    once = remaining()
    remove()
    assert remaining() == once
    assert set(once) == {"Clinic", "Service"}
    assert once["Service"] == {
        "Dry needling",
        "Physiotherapy assessment",
    }  # The changed service refers to the other as first visit.


def test_saving_without_a_change_changes_nothing(sample):
    for model in (Clinic, Location, Service, Practitioner, Picture, Page):
        for row in model.objects.all():
            row.save()
    remove()
    assert remaining() == {}


@pytest.mark.django_db(transaction=True)
def test_only_the_files_of_removed_rows_are_deleted():
    load_sample()
    Practitioner.objects.filter(slug="steve-hansen").update(name="Sofia Hansen")
    kept, gone = steve().photo.path, Practitioner.objects.get(slug="amara-okafor").photo.path
    remove()
    prepare_waiting()  # The worker deletes them.
    assert (Path(kept).exists(), Path(gone).exists()) == (True, False)


# Rows of releases without stored fingerprints


@pytest.fixture
def loaded_by_earlier_release(monkeypatch):
    """The sample as an earlier release loaded it: without fingerprints, and with EARLIER computed in another year."""
    with time_machine.travel(NOW - timedelta(days=300), tick=False):
        load_clinic_alone()
        rows = [row for row in sample_data.plan().going if isinstance(row, sample_data.INDEPENDENT)]
        portable = sample_fingerprints.fingerprints(rows, loaded_on=timezone.localdate())
        sample_data.remove()
    monkeypatch.setattr(sample_fingerprints, "EARLIER", frozenset(portable.values()))
    load_clinic_alone()
    SampleRow.objects.update(fingerprint="")


def test_unchanged_rows_of_an_earlier_release_are_removed(loaded_by_earlier_release):
    remove()
    assert remaining() == {}


def test_pages_of_an_earlier_release_are_recognised_by_their_content(monkeypatch, sample):
    rows = sample_data.plan().going
    assert {type(row) for row in rows} >= {Page, Picture, PlaceMap}
    portable = sample_fingerprints.fingerprints(rows, loaded_on=timezone.localdate())
    remove()
    monkeypatch.setattr(sample_fingerprints, "EARLIER", frozenset(portable.values()))
    with time_machine.travel(NOW + timedelta(days=9), tick=False):
        load_sample()  # Other primary keys and dates, and one changed page.
        SampleRow.objects.update(fingerprint="")
        Section.objects.filter(parent=back_pain()).update(heading="Our own words")
        kept = {str(kept.row) for kept in sample_data.plan().kept if kept.reason == sample_data.IN_DOUBT}
    assert kept == {"Dry needling for back pain"}


@pytest.mark.parametrize(
    "change",
    [
        lambda: Practitioner.objects.filter(slug="mei-lin-tran").update(summary="Our own"),
        lambda: TimeOff.objects.update(ends_on="2026-12-20"),
        lambda: TimeOff.objects.all().delete(),
    ],
    ids=["changed", "a part changed", "a part deleted"],
)
def test_changed_rows_of_an_earlier_release_stay(loaded_by_earlier_release, change):
    change()
    output = remove()
    assert "loaded by an earlier release" in output
    assert remaining()["Practitioner"] == {"Mei Lin Tran"}
    assert "Pelvic health assessment" in remaining()["Service"]
    assert SampleRow.objects.filter(object_id=Practitioner.objects.get().pk).exists()  # It may still be sample data.


def test_a_default_of_an_earlier_release_is_no_change(sample):
    fees = Page.objects.get(kind=Page.Kind.FEES)
    serialized = []
    for label in ("Book this visit", Page._meta.get_field("booking_label").default, "Ask us"):
        fees.booking_label = label
        serialized.append(sample_fingerprints.Serializer().fields(fees))
    assert serialized[0] == serialized[1]
    assert serialized[0] != serialized[2]


def test_unknown_rows_of_an_earlier_release_stay(loaded_by_earlier_release, monkeypatch):
    before = remaining()
    monkeypatch.setattr(sample_fingerprints, "EARLIER", frozenset())
    remove()
    assert remaining() == before


# The command


def test_a_dry_run_lists_removed_and_kept_rows_and_changes_nothing(clinic_alone):
    Clinic.objects.update(name="Foothills Physio")
    before = remaining()
    output = remove(dry_run=True, yes=False)
    assert remaining() == before
    going, staying = output.split("Staying:")
    assert "4 practitioners: Steve Hansen" in going
    assert "clinic “Foothills Physio”: changed since it was loaded" in staying


def test_without_a_terminal_it_requires_the_yes_option(clinic_alone):
    before = remaining()
    with pytest.raises(CommandError, match=r"no terminal.*--dry-run.*--yes"):
        remove(yes=False)
    assert remaining() == before


@pytest.mark.parametrize(("answer", "is_gone"), [("y", True), ("Yes", True), ("", False), ("n", False), ("all", False)])
def test_it_asks_for_confirmation(clinic_alone, monkeypatch, answer, is_gone):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _question: answer)
    remove(yes=False)
    assert (remaining() == {}) is is_gone


def test_there_may_be_nothing_to_remove(db):
    assert "no sample data" in remove()


# The admin page


@pytest.fixture
def page():
    return reverse("admin:remove_sample")


def test_an_owner_sees_the_plan_and_removes_the_sample(clinic_alone, admin_client, page, caplog):
    Clinic.objects.update(name="Foothills Physio")
    shown = admin_client.get(page)
    text = shown.content.decode()
    assert "4 practitioners: Steve Hansen" in text
    assert "<strong>Foothills Physio</strong>: changed since it was loaded" in text
    with caplog.at_level(logging.INFO, "clinic.accounts"):
        done = admin_client.post(page, {"seen": shown.context["plan"].digest}, follow=True)
    assert set(remaining()) == {"Clinic"}
    assert "Sample data is removed" in done.content.decode()
    assert "removed the sample clinic" in caplog.text


def test_a_plan_that_has_changed_is_a_conflict(clinic_alone, admin_client, page):
    seen = admin_client.get(page).context["plan"].digest
    Clinic.objects.update(name="Foothills Physio")
    before = remaining()
    for sent in ({"seen": seen}, {"seen": ""}, {}):
        refused = admin_client.post(page, sent)
        assert refused.status_code == 409
        assert "Foothills Physio" in refused.content.decode()
    assert remaining() == before


def test_removal_requires_the_permission_to_delete_sample_data(clinic_alone, client, django_user_model, page):
    person = django_user_model.objects.create_user("bob", password="x", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_samplerow"))
    client.force_login(person)
    assert client.get(page).status_code == 403
    assert client.post(page, {"seen": sample_data.plan().digest}).status_code == 403
    note = next(note for note in client.get("/admin/").context["notes"] if "sample" in note.heading)
    assert note.link == reverse("admin:booking_samplerow_changelist")
    assert "Remove sample data" not in client.get(note.link).content.decode()


def test_the_start_page_and_the_list_link_to_the_removal_page(clinic_alone, admin_client, page):
    note = next(note for note in admin_client.get("/admin/").context["notes"] if "sample" in note.heading)
    assert (note.link, note.link_text) == (page, "Remove sample data")
    assert f'<a href="{page}">Remove sample data</a>' in admin_client.get("/admin/booking/samplerow/").content.decode()
