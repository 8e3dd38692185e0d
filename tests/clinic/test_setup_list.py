"""The set-up list of a new clinic: computed from the data, for owners, until all is done."""

from datetime import time

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core import mail
from django.utils import timezone

from booking.models import OpeningHours, PractitionerService, SampleRow, Service, SetupCheck
from clinic import setup_list
from content.models import Callout, Page, Revision
from content.publishing.publish import PublishingError, publish
from tests.support import content_factories, factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
SETUP = "/admin/setup/"


@pytest.fixture
def owner(client):
    """An owner with an email address, logged in."""
    user = get_user_model().objects.create_user("olga", "olga@clinic.example", "x", is_staff=True, first_name="Olga")
    user.groups.add(Group.objects.get(name="Owner"))
    client.force_login(user)
    return user


def steps(client):
    setup = client.get("/admin/").context["setup"]
    return {step.title: step for step in setup.steps}


def done(client):
    return [title for title, step in steps(client).items() if step.is_done]


def test_an_empty_site_says_what_to_do_and_why_nothing_can_be_booked(client, owner):
    setup = client.get("/admin/").context["setup"]
    assert (setup.done, len(setup.steps)) == (0, 8)
    assert setup.reasons == [
        "The clinic has no name and no phone number.",
        "There is no location.",
        "There is no service that patients can book online.",
        "No one has both working hours and a service that can be booked online.",
    ]
    page = client.get("/admin/").content.decode()
    assert "Nothing can be booked online yet." in page
    assert "0 of 8 done" in page


def test_each_step_is_done_by_the_data_alone(client, owner):
    factories.make_clinic()
    place = factories.make_location()
    assert done(client) == ["The clinic"]
    assert "No opening hours yet: Okotoks." in steps(client)["Location and opening hours"].text
    OpeningHours.objects.create(location=place, weekday=0, opens=time(9), closes=time(17))
    service = factories.make_service(needs_room=True)
    assert steps(client)["Rooms"].why_not == "Your services need a room, and there is none."
    factories.make_room(place)
    assert done(client) == ["The clinic", "Location and opening hours", "Rooms", "Services"]
    maya = factories.make_practitioner(name="Maya Okafor")
    assert "Maya Okafor has no working hours yet." in steps(client)["People with hours and services"].text
    factories.make_hours(maya, place)
    assert "Maya Okafor has no services yet." in steps(client)["People with hours and services"].text
    PractitionerService.objects.create(practitioner=maya, service=service)
    assert "People with hours and services" in done(client)
    assert client.get("/admin/").context["setup"].reasons == []
    Service.objects.update(is_active=False)
    assert "There is no service that patients can book online." in client.get("/admin/").context["setup"].reasons


def test_hours_that_are_over_are_no_hours(client, owner, now):
    place, service = factories.make_location(), factories.make_service()
    maya = factories.make_practitioner([service], name="Maya Okafor")
    factories.make_hours(maya, place, ends_on=now.date())
    assert "People with hours and services" in done(client)
    maya.working_hours.update(ends_on="2026-11-01")
    assert "People with hours and services" not in done(client)


def test_pages_are_done_once_the_needed_ones_are_published(client, owner):
    content_factories.make_site()
    missing = steps(client)["Pages"]
    for kind in (Page.Kind.HOME, Page.Kind.CONTACT, Page.Kind.PRIVACY, Page.Kind.ACCESSIBILITY):
        if not Revision.objects.live(at=timezone.now()).filter(page__kind=kind, is_public=True).exists():
            assert kind.label in missing.text
            page = Page.objects.filter(kind=kind).first() or content_factories.make_page(kind=kind, slug="")
            publish(page, by=owner, now=timezone.now(), override_reason="A test")
    assert "Pages" in done(client)


def test_the_list_goes_when_all_is_done(client, owner, monkeypatch):
    monkeypatch.setattr(setup_list, "booking_steps", list)
    monkeypatch.setattr(setup_list, "page_steps", list)
    client.post(SETUP, {"step": "mail"})
    assert client.get("/admin/").context["setup"].done == 1
    client.post(SETUP, {"step": "backup"})
    assert client.get("/admin/").context["setup"] is None
    assert "Set up your clinic" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("role", ["Front desk", "Editor", "Publisher", "Clinical reviewer", "Privacy officer"])
def test_others_see_no_list_and_do_no_step(client, role):
    user = get_user_model().objects.create_user("sam", "sam@clinic.example", "x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    assert "Set up your clinic" not in client.get("/admin/", follow=True).content.decode()
    assert client.post(SETUP, {"step": "backup"}).status_code == 403
    assert not SetupCheck.objects.exists()


# Mail and backup


def test_a_test_email_goes_to_oneself_and_is_recorded(client, owner, now):
    client.post(SETUP, {"step": "mail"})
    assert mail.outbox[0].to == ["olga@clinic.example"]
    check = SetupCheck.objects.get()
    assert (check.step, check.by, check.at) == ("mail", owner, now)
    assert steps(client)["Email"].text == "Test email sent: Olga, Mon, Nov 23, 2026, 2:00 p.m."


def test_an_email_that_was_not_accepted_is_no_test(client, owner, settings):
    settings.EMAIL_BACKEND = "tests.clinic.test_setup_list.Refusing"
    page = client.post(SETUP, {"step": "mail"}, follow=True).content.decode()
    assert "could not be sent" in page
    assert not SetupCheck.objects.exists()


class Refusing:
    def __init__(self, **kwargs):
        pass

    def send_messages(self, messages):
        raise OSError("refused")


def test_a_site_that_writes_its_mail_to_files_has_no_mail_however_it_was_tested(client, owner, monkeypatch):
    client.post(SETUP, {"step": "mail"})
    monkeypatch.setattr(setup_list, "is_mail_unsent", lambda: True)
    step = steps(client)["Email"]
    assert not step.is_done
    assert "EMAIL_URL" in step.text


def test_a_backup_seen_is_recorded_with_who_and_when(client, owner):
    client.post(SETUP, {"step": "backup"})
    assert "Backup seen: Olga, Mon, Nov 23, 2026" in steps(client)["Backup"].text


@pytest.mark.parametrize("step", ["", "x", "\x00", "setup"])
def test_an_unknown_step_is_refused(client, owner, step):
    assert client.post(SETUP, {"step": step}).status_code == 400


# Legal texts


def test_the_legal_pages_start_as_drafts_that_cannot_be_published_as_they_are(client, owner):
    client.post(SETUP, {"step": "legal"})
    pages = list(Page.objects.order_by("kind"))
    assert [page.kind for page in pages] == ["accessibility", "privacy"]
    assert not Revision.objects.exists()
    assert not SampleRow.objects.exists()
    for page in pages:
        with pytest.raises(PublishingError, match="still the example text"):
            publish(page, by=owner, now=timezone.now())
    assert steps(client)["Pages"].action == ""


def test_an_example_replaces_no_page(client, owner):
    own = content_factories.make_page(kind="privacy", slug="", title="Our privacy")
    client.post(SETUP, {"step": "legal"})
    assert [page.title for page in Page.objects.filter(kind="privacy")] == [own.title]
    assert Page.objects.count() == 2


def test_an_example_without_its_box_is_published(client, owner):
    client.post(SETUP, {"step": "legal"})
    page = Page.objects.get(kind="accessibility")
    Callout.objects.filter(parent=page, heading__startswith="Example text").delete()
    contact = content_factories.make_page(kind="contact", slug="")
    publish(contact, by=owner, now=timezone.now(), override_reason="A test")
    publish(page, by=owner, now=timezone.now())
    assert Revision.objects.live(at=timezone.now()).filter(page=page).exists()


# Copying a service


def test_a_service_is_copied_with_who_offers_it_and_not_offered_yet(client, owner):
    service = factories.make_service(name="Assessment", slug="assessment")
    maya = factories.make_practitioner([service])
    action = {"action": "copy", "_selected_action": [service.pk]}
    response = client.post("/admin/booking/service/", action)
    copy = Service.objects.exclude(pk=service.pk).get()
    assert response["Location"] == f"/admin/booking/service/{copy.pk}/change/"
    assert (copy.name, copy.slug, copy.is_active) == ("Copy of Assessment", "assessment-copy-1", False)
    assert (copy.duration, copy.price) == (service.duration, service.price)
    assert [offer.practitioner for offer in copy.practitioner_services.all()] == [maya]
    assert service.practitioner_services.count() == 1
    client.post("/admin/booking/service/", action)
    assert Service.objects.filter(slug="assessment-copy-2").exists()
