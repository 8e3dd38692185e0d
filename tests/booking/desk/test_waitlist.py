"""The waitlist in the admin: list, entry page, ending entries, and the note on the start page."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.models import Appointment, Clinic, Message, Practitioner, SampleRow, Service, WaitlistEntry, WaitlistOffer
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


def test_the_list_shows_entries_with_their_state(admin_client, clinic):
    join(clinic, "Alice Martin", practitioner=clinic.steve, parts=frozenset({"morning"}))
    join(clinic, "Bob Berg", practitioner=clinic.steve, parts=frozenset({"evening"}))
    scheduling.offer_available_slots(now=NOW)
    page = words_of(admin_client.get(LIST))
    for words in ("Alice Martin", "403-555-0123", "Steve Hansen", "Mon, Nov 23, 2026 to Mon, Dec 7, 2026",
                  "Mornings (before 12:00 p.m.)",
                  "Has an offer until Mon, Nov 23, 2026, 9:00 a.m.", "Waiting"):  # fmt: skip
        assert words in page


def test_ended_entries_are_shown_on_request(admin_client, clinic):
    scheduling.leave(entry=join(clinic, "Alice Martin"), by=scheduling.Actor.patient(), now=NOW)
    assert "Alice Martin" not in words_of(admin_client.get(LIST))
    for query in ("?state=left", "?state=all"):
        assert "Left the list, Mon, Nov 23, 2026, 8:00 a.m." in words_of(admin_client.get(LIST + query))
    assert "Alice Martin" not in words_of(admin_client.get(LIST + "?state=booked"))


def test_the_query_count_does_not_grow_with_entries(admin_client, clinic):
    counts = []
    for names in (["Alice Martin"], ["Bob Berg", "Cleo Chan", "Dan Dubois"]):
        for name in names:
            join(clinic, name)
        scheduling.offer_available_slots(now=NOW)
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(LIST).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_ending_an_entry_releases_its_offer(admin_client, clinic):
    entry = join(clinic, "Alice Martin")
    scheduling.offer_available_slots(now=NOW)
    data = {"action": "end_entries", "_selected_action": [entry.pk]}
    page = admin_client.post(LIST, data, follow=True)
    assert "1 taken off the list." in words_of(page)
    entry.refresh_from_db()
    assert (entry.outcome, WaitlistOffer.objects.get().state) == ("staff", "withdrawn")
    assert Appointment.objects.get().events.last().actor.username == "admin"
    assert "None of these people were still on the list." in words_of(admin_client.post(LIST, data, follow=True))


def test_ending_needs_the_permission_to_change_entries(clinic):
    entry = join(clinic, "Alice Martin")
    viewer = member_of_staff("view_waitlistentry")
    assert "Alice Martin" in words_of(viewer.get(LIST))
    viewer.post(LIST, {"action": "end_entries", "_selected_action": [entry.pk]})
    assert WaitlistEntry.objects.get().is_waiting


def test_an_entrys_page_lists_its_offers_and_is_read_only(admin_client, clinic):
    entry = join(clinic, "Alice Martin")
    scheduling.offer_available_slots(now=NOW)
    address = f"{LIST}{entry.pk}/change/"
    page = words_of(admin_client.get(address))
    for words in ("alice@patients.example", "Mon, Nov 23, 2026, 11:15 a.m.", "Waiting for an answer"):
        assert words in page
    assert admin_client.post(address, {"name": "Eve"}).status_code == 403
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.get(f"{LIST}{entry.pk}/delete/").status_code == 403


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


def test_the_diary_shows_to_whom_a_hold_is_offered(admin_client, clinic):
    join(clinic, "Alice Martin")
    assert scheduling.offer_available_slots(now=NOW) == 1
    offer = WaitlistOffer.objects.select_related("appointment").get()
    day = offer.appointment.local_on.isoformat()
    diary = f"/admin/booking/appointment/?status=held&day={day}"
    assert "Offered to Alice Martin, on the waitlist" in words_of(admin_client.get(diary))
    scheduling.decline(offer=offer, by=scheduling.Actor.patient(), now=NOW)
    assert "Offered to Alice Martin" not in words_of(admin_client.get(diary))
