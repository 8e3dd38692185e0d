"""The waitlist in the admin: the note on the start page, the outbox, the diary, and the old addresses."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from booking import scheduling
from booking.models import Clinic, Message, Practitioner, SampleRow, Service, WaitlistEntry, WaitlistOffer
from tests.conftest import NOW
from tests.support import factories
from tests.support.journey import make_small_clinic, words_of
from tests.support.sample import load_sample, remove_sample

LIST = "/admin/booking/waitlistentry/"


@pytest.fixture
def clinic(db):
    return make_small_clinic()


def join(clinic, name, **fields):
    who = {"name": name, "email": f"{name.split()[0].lower()}@patients.example"}
    return scheduling.join(wish=factories.make_wish(clinic.assessment, clinic.location, **(who | fields)), now=NOW)


def member_of_staff(*permissions):
    user = get_user_model().objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_the_old_addresses_lead_to_the_desk(admin_client, clinic):
    entry = join(clinic, "Alice Martin")
    assert admin_client.get(LIST)["Location"] == "/desk/waitlist/"
    for old in (f"{LIST}{entry.pk}/change/", f"{LIST}{entry.pk}/"):
        assert "alice@patients.example" in words_of(admin_client.get(old, follow=True))


def test_the_start_page_counts_entries_by_permission(admin_client, clinic):
    assert "on the waitlist" not in words_of(admin_client.get("/admin/"))
    join(clinic, "Alice Martin")
    assert "1 person on the waitlist" in words_of(admin_client.get("/admin/"))
    join(clinic, "Bob Berg")
    scheduling.offer_available_slots(now=NOW)
    assert "2 people on the waitlist" in words_of(admin_client.get("/admin/"))
    assert "2 offered a time right now." in words_of(admin_client.get("/admin/"))
    assert "on the waitlist" not in words_of(member_of_staff("view_appointment").get("/admin/"))


def test_the_outbox_names_the_person_of_the_entry(admin_client, clinic):
    join(clinic, "Alice Martin")
    scheduling.offer_available_slots(now=NOW)
    page = words_of(admin_client.get("/admin/booking/message/"))
    assert page.count("Alice Martin, Physiotherapy assessment") == 2
    assert "Alice Martin" in words_of(admin_client.get("/admin/booking/message/?q=alice"))


@pytest.mark.parametrize(("value", "is_valid"), [("0:30:00", True), ("0:10:00", False), ("5:00:00", False)])
def test_the_duration_of_an_offer_is_validated(admin_client, clinic, value, is_valid):
    address = "/admin/booking/clinic/1/change/"
    form = admin_client.get(address).context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    response = admin_client.post(address, data | {"waitlist_offer_lasts": value})
    assert response.status_code == (302 if is_valid else 200)
    assert (str(Clinic.objects.get().waitlist_offer_lasts) == value) is is_valid


def test_removing_the_sample_keeps_real_entries_and_their_service(db):
    load_sample()
    service = Service.objects.get(slug="physiotherapy-assessment")
    location = service.practitioner_services.first().practitioner.working_hours.first().location
    scheduling.join(wish=factories.make_wish(service, location), now=NOW)
    remove_sample()
    assert WaitlistEntry.objects.get().service.slug == "physiotherapy-assessment"
    assert Service.objects.count() == 1
    assert Message.objects.count() == 1
    assert SampleRow.objects.exists()
    assert not Practitioner.objects.exists()


def test_the_calendar_shows_to_whom_a_hold_is_offered(admin_client, clinic):
    join(clinic, "Alice Martin")
    assert scheduling.offer_available_slots(now=NOW) == 1
    offer = WaitlistOffer.objects.select_related("appointment").get()
    day = offer.appointment.local_on.isoformat()
    calendar = f"/desk/?day={day}"
    assert "On offer Alice Martin" in words_of(admin_client.get(calendar))
    scheduling.decline(offer=offer, by=scheduling.Actor.patient(), now=NOW)
    assert "On offer" not in words_of(admin_client.get(calendar))
