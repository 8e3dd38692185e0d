"""Loading the sample clinic into an empty database, and removing it without touching real data."""

import io
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from booking import scheduling
from booking.models import Appointment, Clinic, Patient, Practitioner, PractitionerService, SampleRow, Service
from clinic.ops import sample_data
from content.media.preparation import prepare_waiting
from content.models import Page, Picture
from tests.support.factories import make_appointment, make_clinic, make_location, make_practitioner, make_service

pytestmark = [pytest.mark.django_db, pytest.mark.once]
WATCHED = ("booking", "content")


def run(**options):
    output = io.StringIO()
    options = {"remove": True, "yes": True} | options if options.get("remove") else {"appointments": False} | options
    call_command("load_sample", stdout=output, **options)
    return output.getvalue()


def counts():
    """Count the rows of each model that has any, except those that the site always has."""
    models = [model for label in WATCHED for model in apps.get_app_config(label).get_models()]
    always = {"CancelReason", "ContentVersion", "Menu", "MenuEntry", "MessageWording", "SiteIdentity"}
    models = [model for model in models if model.__name__ not in always]
    return {model.__name__: count for model in models if (count := model._default_manager.count())}


@pytest.fixture
def sample():
    run()


def test_the_sample_is_loaded_into_an_empty_database(sample):
    assert Clinic.objects.get().name == "Dynamic Physiotherapy"
    assert list(Service.objects.values_list("slug", flat=True)) == [
        "physiotherapy-assessment", "back-assessment", "pelvic-health-assessment", "dry-needling",
        "physiotherapy-follow-up",
    ]  # fmt: skip
    assert Practitioner.objects.filter(photo="").count() == 0
    assert Practitioner.objects.count() == 4
    assert Page.objects.filter(kind="treatment").count() == 3


def test_loading_again_adds_nothing(sample):
    before = counts()
    assert "Nothing was missing" in run()
    assert counts() == before


def test_loading_again_keeps_changes_of_staff(sample):
    Practitioner.objects.filter(slug="steve-hansen").update(summary="Our own words")
    run()
    assert Practitioner.objects.get(slug="steve-hansen").summary == "Our own words"


@pytest.mark.parametrize(
    "make_real", [make_clinic, make_location, make_service, make_practitioner, make_appointment],
    ids=["clinic", "location", "service", "practitioner", "appointment"],
)  # fmt: skip
def test_a_database_with_real_data_is_not_touched(make_real):
    make_real()
    before = counts()
    with pytest.raises(CommandError, match="real data"):
        run()
    assert counts() == before


def test_removing_the_sample_leaves_an_empty_database_and_no_files(sample, settings):
    run(remove=True)
    prepare_waiting()  # The worker deletes the files.
    assert counts() == {}


@pytest.mark.django_db(transaction=True)
def test_removing_the_sample_deletes_its_pictures(settings):
    run()
    assert Picture.objects.exists()
    originals = [Path(picture.image.path) for picture in Picture.objects.all()]
    originals += [Path(practitioner.photo.path) for practitioner in Practitioner.objects.all()]
    assert all(path.exists() for path in originals)
    run(remove=True)
    prepare_waiting()  # The worker deletes them.
    assert [path for path in originals if path.exists()] == []


def test_removing_the_sample_keeps_real_rows_and_the_rows_they_need(sample):
    steve = Practitioner.objects.get(slug="steve-hansen")
    back = Service.objects.get(slug="back-assessment")
    real_service = make_service(slug="our-own-service")
    make_appointment(practitioner=steve, service=back, location=steve.working_hours.first().location)
    output = run(remove=True)
    assert "Steve Hansen" in output
    assert list(Practitioner.objects.values_list("slug", flat=True)) == ["steve-hansen"]
    assert set(Service.objects.values_list("slug", flat=True)) == {"back-assessment", real_service.slug}
    assert (Appointment.objects.count(), Patient.objects.count()) == (1, 1)
    assert steve.working_hours.exists()


def test_an_unmarked_row_stays(sample):
    clinic = Clinic.objects.get()
    SampleRow.objects.filter(object_id=clinic.pk, content_type__model="clinic").delete()
    run(remove=True)
    assert Clinic.objects.filter(pk=clinic.pk).exists()


def test_every_loaded_row_is_marked(sample):
    assert sample_data.real_rows() == []


def test_every_sample_service_can_be_booked_and_needling_only_with_the_authorised(sample, now):
    for service in Service.objects.all():
        assert scheduling.next_slot(service=service, now=now, new_patient=False) is not None, service.slug
    needling = scheduling.next_slot_by_practitioner(service=Service.objects.get(slug="dry-needling"), now=now)
    authorised = Practitioner.objects.filter(authorised_for_needling=True)
    assert set(needling) == {person.pk for person in authorised}


def test_the_sample_has_no_credentials_or_register_numbers(sample):
    people = Practitioner.objects.all()
    assert [(person.credentials, person.register_number) for person in people] == [("", "")] * 4
    assert not PractitionerService.objects.exclude(own_price=None).exists()


@pytest.mark.parametrize(
    "address",
    [
        "/", "/treatments/", "/treatments/dry-needling/", "/treatments/dry-needling-for-back-pain/",
        "/treatments/trans-non-binary-intersex-pelvic-health/", "/team/", "/team/steve-hansen/", "/fees/", "/contact/",
        "/about-us/", "/privacy/", "/accessibility/", "/sitemap.xml", "/robots.txt", "/book/", "/book/back-assessment/",
        "/book/dry-needling/", "/book/physiotherapy-assessment/",
    ],
)  # fmt: skip
def test_every_public_page_of_the_sample_answers(sample, client, address):
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    ("page", "label", "target"),
    [
        ("/treatments/dry-needling/", "Schedule Now", "/book/dry-needling/"),
        ("/treatments/dry-needling-for-back-pain/", "Book Your Back Assessment", "/book/back-assessment/"),
    ],
)
def test_the_buttons_of_the_treatment_pages_lead_into_booking(sample, client, page, label, target):
    text = client.get(page).content.decode()
    assert any(target in part.rsplit("<a", 1)[-1] for part in text.split(label)[:-1])
