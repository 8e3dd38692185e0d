"""The sample clinic comes into an empty database, and goes without taking anything real along."""

import io
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from booking import scheduling
from booking.models import Appointment, Clinic, Patient, Practitioner, PractitionerService, SampleRow, Service
from clinic.management.commands import load_sample
from content.models import Page, Picture
from tests.make import make_appointment, make_clinic, make_location, make_practitioner, make_service

pytestmark = pytest.mark.django_db
WATCHED = ("booking", "content")


def run(**options):
    said = io.StringIO()
    call_command("load_sample", stdout=said, **options)
    return said.getvalue()


def counts():
    """How many rows each of our tables holds, empty ones left out, and those that the site itself needs."""
    models = [model for label in WATCHED for model in apps.get_app_config(label).get_models()]
    models = [
        model for model in models if model.__name__ not in {"Menu", "MenuEntry", "MessageWording", "ShownVersion"}
    ]
    return {model.__name__: count for model in models if (count := model._default_manager.count())}


@pytest.fixture
def sample():
    run()


def test_an_empty_database_gets_the_whole_clinic(sample):
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


def test_loading_again_keeps_what_staff_have_changed(sample):
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
    assert counts() == {}


@pytest.mark.django_db(transaction=True)
def test_removing_the_sample_deletes_its_pictures(settings):
    run()
    assert Picture.objects.exists()
    originals = [Path(picture.image.path) for picture in Picture.objects.all()]
    originals += [Path(practitioner.photo.path) for practitioner in Practitioner.objects.all()]
    assert all(path.exists() for path in originals)
    run(remove=True)
    assert [path for path in originals if path.exists()] == []


def test_removing_the_sample_keeps_what_is_real_and_what_it_needs(sample):
    steve = Practitioner.objects.get(slug="steve-hansen")
    back = Service.objects.get(slug="back-assessment")
    real_service = make_service(slug="our-own-service")
    make_appointment(practitioner=steve, service=back, location=steve.working_hours.first().location)
    said = run(remove=True)
    assert "Steve Hansen" in said
    assert list(Practitioner.objects.values_list("slug", flat=True)) == ["steve-hansen"]
    assert set(Service.objects.values_list("slug", flat=True)) == {"back-assessment", real_service.slug}
    assert (Appointment.objects.count(), Patient.objects.count()) == (1, 1)
    assert steve.working_hours.exists()


def test_a_row_that_staff_made_their_own_stays(sample):
    clinic = Clinic.objects.get()
    SampleRow.objects.filter(object_id=clinic.pk, content_type__model="clinic").delete()
    run(remove=True)
    assert Clinic.objects.filter(pk=clinic.pk).exists()


def test_everything_that_stands_by_itself_is_marked(sample):
    assert load_sample.real_rows() == []


def test_every_sample_service_can_be_booked_and_needling_only_with_the_authorised(sample, now):
    for service in Service.objects.all():
        assert scheduling.next_free(service=service, now=now, new_patient=False) is not None, service.slug
    needling = scheduling.next_free_each(service=Service.objects.get(slug="dry-needling"), now=now)
    authorised = Practitioner.objects.filter(authorised_for_needling=True)
    assert set(needling) == {person.pk for person in authorised}


def test_no_credential_or_register_number_is_pretended(sample):
    people = Practitioner.objects.all()
    assert [(person.credentials, person.register_number) for person in people] == [("", "")] * 4
    assert not PractitionerService.objects.exclude(own_price=None).exists()


@pytest.mark.parametrize(
    "address",
    [
        "/", "/treatments/", "/treatments/dry-needling/", "/treatments/dry-needling-for-back-pain/",
        "/treatments/trans-non-binary-intersex-pelvic-health/", "/team/", "/team/steve-hansen/", "/fees/", "/contact/",
        "/privacy/", "/accessibility/", "/sitemap.xml", "/robots.txt", "/book/", "/book/back-assessment/",
        "/book/dry-needling/", "/book/physiotherapy-assessment/",
    ],
)  # fmt: skip
def test_every_address_of_the_contract_answers(sample, client, address):
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
