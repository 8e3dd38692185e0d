"""Everything booked online from one network within a week, and cancelling what is abuse in one go."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission

from booking.models import AccessLogEntry, Appointment, CancelReason, Message
from tests.booking.desk.conftest import NINE, words_of
from tests.support import factories

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def client(client, django_user_model):
    user = django_user_model.objects.create_user("fran", is_staff=True)
    user.groups.add(Group.objects.get(name="Front desk"))
    client.force_login(user)
    return client


@pytest.fixture
def booked(make_visit):
    """Factory of visits that were booked online from one network."""

    def booked(name, hours=0, **fields):
        return make_visit(name, NINE + hours * HOUR, **{"source": "network", "submission_key": name} | fields)

    return booked


@pytest.fixture
def hold(service, location, maya, now):
    """A time that someone from the same network has chosen and not booked."""
    fields = {"service": service, "location": location, "practitioner": maya, "starts_at": NINE + 4 * HOUR}
    return factories.make_appointment(**fields, status="held", hold_expires_at=now + HOUR, source="network")


def address(visit):
    return f"/desk/appointments/{visit.reference}/same-source/"


def panel(client, visit):
    return client.get(f"/desk/?day={visit.local_on}&appointment={visit.reference}").content.decode()


def states(*visits):
    return [Appointment.objects.get(pk=visit.pk).status for visit in visits]


def test_bookings_and_holds_of_the_same_source_are_listed_in_every_state(client, booked, hold, now):
    visit = booked("Ann One")
    booked("Bea Two", 1, status="cancelled")
    booked("Cal Three", 1, status="unconfirmed", hold_expires_at=now + HOUR)
    booked("Dan Four", 2, source="elsewhere")
    booked("Eve Five", 3, source="")
    page = words_of(client.get(address(visit)))
    for words in ("Ann One", "Bea Two", "Cal Three", "Someone filling in the form", hold.reference):
        assert words in page, words
    assert "Dan Four" not in page
    assert "Eve Five" not in page


def test_addresses_of_one_ipv6_site_are_one_source(client, booked):
    visit = booked("Ann One", source_site="site")
    booked("Bea Two", 1, source="neighbour", source_site="site")
    assert "Bea Two" in words_of(client.get(address(visit)))


def test_what_was_booked_more_than_a_week_ago_is_not_listed(client, booked, now):
    visit, old = booked("Ann One"), booked("Bea Two", 1)
    Appointment.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=7, seconds=1))
    assert "Bea Two" not in words_of(client.get(address(visit)))


def test_a_visit_whose_source_is_not_known_lists_nothing(client, booked):
    visit = booked("Ann One", source="")
    booked("Bea Two", 1, source="")
    page = words_of(client.get(address(visit)))
    assert "isn’t known" in page
    assert "Bea Two" not in page


def test_the_panel_links_only_when_there_are_others(client, booked):
    visit = booked("Ann One")
    assert "same-source" not in panel(client, visit)
    booked("Bea Two", 1)
    assert f'href="{address(visit)}"' in panel(client, visit)
    assert "1 more from the same source" in panel(client, visit)


def test_the_ticked_ones_are_cancelled_in_one_go_with_the_reason_and_the_others_stay(client, booked, hold, now):
    visit, kept = booked("Ann One"), booked("Bea Two", 1)
    unconfirmed = booked("Cal Three", 1, status="unconfirmed", hold_expires_at=now + HOUR)
    reason = CancelReason.objects.first()
    ticked = [visit.reference, unconfirmed.reference, hold.reference]
    response = client.post(
        address(visit), {"visits": ticked, "category": reason.pk, "reason": "Made-up names"}, follow=True
    )
    assert "3 cancelled" in words_of(response)
    assert states(visit, kept, unconfirmed, hold) == ["cancelled", "booked", "expired", "expired"]
    cancelled = Appointment.objects.get(pk=visit.pk)
    assert (cancelled.cancel_category, cancelled.cancel_reason) == (reason, "Made-up names")
    event = cancelled.events.get()
    assert (event.kind, event.actor.username) == ("cancelled", "fran")
    assert "Made-up names" in event.note


@pytest.mark.parametrize("is_told", [True, False])
def test_patients_are_told_only_if_staff_say_so(client, booked, is_told):
    visit = booked("Ann One")
    client.post(address(visit), {"visits": [visit.reference], **({"tell_patient": "on"} if is_told else {})})
    assert states(visit) == ["cancelled"]
    assert Message.objects.filter(appointment=visit, kind="cancelled").exists() == is_told


@pytest.mark.parametrize("ticked", ["none", "elsewhere", "over", "nonsense"])
def test_nothing_is_cancelled_that_is_not_on_the_list(client, booked, ticked):
    visit, elsewhere = booked("Ann One"), booked("Dan Four", 2, source="elsewhere")
    over = booked("Bea Two", -2, status="fulfilled")
    names = {"none": [], "elsewhere": [elsewhere.reference], "over": [over.reference], "nonsense": ["\0"]}[ticked]
    response = client.post(address(visit), {"visits": names})
    assert response.status_code == 422
    assert states(visit, elsewhere, over) == ["booked", "booked", "fulfilled"]


def test_the_list_is_logged_with_everyone_it_names(client, booked):
    visit, other = booked("Ann One"), booked("Bea Two", 1)
    client.get(address(visit))
    entry = AccessLogEntry.objects.get()
    assert entry.kind == "list"
    assert {person.patient for person in entry.people.all()} == {visit.patient, other.patient}


def test_who_only_sees_the_diary_may_look_and_not_cancel(client, booked, django_user_model):
    viewer = django_user_model.objects.create_user("viv", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_appointment"))
    client.force_login(viewer)
    visit = booked("Ann One")
    page = client.get(address(visit))
    assert page.status_code == 200
    assert 'type="checkbox"' not in page.content.decode()
    assert client.post(address(visit), {"visits": [visit.reference]}).status_code == 403
    assert states(visit) == ["booked"]


def test_a_practitioner_sees_no_list(as_practitioner, booked):
    visit = booked("Ann One")
    booked("Bea Two", 1)
    assert as_practitioner.get(address(visit)).status_code == 403
    assert "same-source" not in panel(as_practitioner, visit)
