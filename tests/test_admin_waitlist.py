"""Staff see who waits and for what, and take people off the list; the rest goes by itself."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.models import Appointment, Clinic, Message, Practitioner, SampleRow, Service, WaitlistEntry, WaitlistOffer
from tests import make
from tests.conftest import NOW
from tests.journey import make_small_clinic, words_of

pytestmark = pytest.mark.usefixtures("stopped_clock")
LIST = "/admin/booking/waitlistentry/"


@pytest.fixture
def clinic(db):
    return make_small_clinic()


def join(clinic, name, **fields):
    who = {"name": name, "email": f"{name.split()[0].lower()}@patients.example"}
    return scheduling.join(wish=make.make_wish(clinic.assessment, clinic.location, **(who | fields)), now=NOW)


def member_of_staff(*permissions):
    user = get_user_model().objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_the_list_says_who_waits_for_what_and_how_it_stands(admin_client, clinic):
    join(clinic, "Alice Martin", practitioner=clinic.steve, parts=frozenset({"morning"}))
    join(clinic, "Bob Berg", practitioner=clinic.steve, parts=frozenset({"evening"}))
    scheduling.offer_freed_times(now=NOW)
    page = words_of(admin_client.get(LIST))
    for words in ("Alice Martin", "403-555-0123", "Steve Hansen", "Mon 23 Nov 2026 to Mon 7 Dec 2026",
                  "Mornings (before noon)", "Has an offer until Mon 23 Nov 2026, 9:00 am", "Waits"):  # fmt: skip
        assert words in page


def test_who_has_left_is_shown_on_request(admin_client, clinic):
    scheduling.leave(entry=join(clinic, "Alice Martin"), by=scheduling.Actor.patient(), now=NOW)
    assert "Alice Martin" not in words_of(admin_client.get(LIST))
    for query in ("?state=left", "?state=all"):
        assert "Left the list, Mon 23 Nov 2026, 8:00 am" in words_of(admin_client.get(LIST + query))
    assert "Alice Martin" not in words_of(admin_client.get(LIST + "?state=booked"))


def test_how_many_wait_changes_no_number_of_queries(admin_client, clinic):
    counts = []
    for names in (["Alice Martin"], ["Bob Berg", "Cleo Chan", "Dan Dubois"]):
        for name in names:
            join(clinic, name)
        scheduling.offer_freed_times(now=NOW)
        with CaptureQueriesContext(connection) as asked:
            assert admin_client.get(LIST).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_staff_take_somebody_off_the_list_and_what_they_were_offered_is_free(admin_client, clinic):
    entry = join(clinic, "Alice Martin")
    scheduling.offer_freed_times(now=NOW)
    sent = {"action": "end_entries", "_selected_action": [entry.pk]}
    page = admin_client.post(LIST, sent, follow=True)
    assert "1 taken off the list." in words_of(page)
    entry.refresh_from_db()
    assert (entry.outcome, WaitlistOffer.objects.get().state) == ("staff", "withdrawn")
    assert Appointment.objects.get().events.last().actor.username == "admin"
    assert "Nobody of these was on the list any more." in words_of(admin_client.post(LIST, sent, follow=True))


def test_who_may_only_look_takes_nobody_off(clinic):
    entry = join(clinic, "Alice Martin")
    reader = member_of_staff("view_waitlistentry")
    assert "Alice Martin" in words_of(reader.get(LIST))
    reader.post(LIST, {"action": "end_entries", "_selected_action": [entry.pk]})
    assert WaitlistEntry.objects.get().is_waiting


def test_an_entrys_page_tells_its_offers_and_changes_nothing(admin_client, clinic):
    entry = join(clinic, "Alice Martin")
    scheduling.offer_freed_times(now=NOW)
    address = f"{LIST}{entry.pk}/change/"
    page = words_of(admin_client.get(address))
    for words in ("alice@patients.example", "Mon 23 Nov 2026, 11:15 am", "Waits for an answer"):
        assert words in page
    assert admin_client.post(address, {"name": "Eve"}).status_code == 403
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.get(f"{LIST}{entry.pk}/delete/").status_code == 403


def test_the_start_page_says_how_many_wait_to_those_who_may_know(admin_client, clinic):
    assert "on the waitlist" not in words_of(admin_client.get("/admin/"))
    join(clinic, "Alice Martin")
    assert "1 person on the waitlist" in words_of(admin_client.get("/admin/"))
    join(clinic, "Bob Berg")
    scheduling.offer_freed_times(now=NOW)
    assert "2 people on the waitlist" in words_of(admin_client.get("/admin/"))
    assert "2 with a time on offer just now." in words_of(admin_client.get("/admin/"))
    assert "on the waitlist" not in words_of(member_of_staff("view_appointment").get("/admin/"))


def test_the_outbox_names_the_person_who_waits(admin_client, clinic):
    join(clinic, "Alice Martin")
    scheduling.offer_freed_times(now=NOW)
    page = words_of(admin_client.get("/admin/booking/message/"))
    assert page.count("Alice Martin, Physiotherapy assessment") == 2
    assert "Alice Martin" in words_of(admin_client.get("/admin/booking/message/?q=alice"))


@pytest.mark.parametrize(("typed", "is_good"), [("0:30:00", True), ("0:10:00", False), ("5:00:00", False)])
def test_how_long_an_offer_lasts_is_the_clinics_to_say(admin_client, clinic, typed, is_good):
    address = "/admin/booking/clinic/1/change/"
    form = admin_client.get(address).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    response = admin_client.post(address, sent | {"waitlist_offer_lasts": typed})
    assert response.status_code == (302 if is_good else 200)
    assert (str(Clinic.objects.get().waitlist_offer_lasts) == typed) is is_good


def test_removing_the_sample_leaves_who_really_waits_and_what_they_wait_for(db):
    call_command("load_sample", verbosity=0)
    service = Service.objects.get(slug="physiotherapy-assessment")
    place = service.practitioner_services.first().practitioner.working_hours.first().location
    scheduling.join(wish=make.make_wish(service, place), now=NOW)
    call_command("load_sample", remove=True, verbosity=0)
    assert WaitlistEntry.objects.get().service.slug == "physiotherapy-assessment"
    assert Service.objects.count() == 1
    assert Message.objects.count() == 1
    assert SampleRow.objects.exists()
    assert not Practitioner.objects.exists()


def test_the_diary_says_to_whom_a_held_time_is_offered(admin_client, clinic):
    join(clinic, "Alice Martin")
    assert scheduling.offer_freed_times(now=NOW) == 1
    offer = WaitlistOffer.objects.select_related("appointment").get()
    day = offer.appointment.local_on.isoformat()
    diary, visit = (
        f"/admin/booking/appointment/?status=held&day={day}",
        f"/admin/booking/appointment/{offer.appointment_id}/change/",
    )
    for address in (diary, visit):
        assert "Offered to Alice Martin, on the waitlist" in words_of(admin_client.get(address))
    scheduling.pass_on(offer=offer, by=scheduling.Actor.patient(), now=NOW)
    assert "Offered to Alice Martin" not in words_of(admin_client.get(visit))
