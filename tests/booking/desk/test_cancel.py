"""Cancel a visit at the desk, take it back, and the rest of a visit's panel: late, other visits, who may do what."""

from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.models import AccessLogEntry, CancelReason, Message, WaitlistEntry, WaitlistOffer
from booking.scheduling import Actor
from tests.booking.desk.test_calendar import words_of
from tests.support import factories

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 9:00 a.m. in Alberta on Monday, November 23; it is 8:00.
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def service():
    return factories.make_service(
        duration=HALF_HOUR,
        buffer_after=timedelta(0),
        needs_room=False,
        late_cancellation_fee="Half the fee may apply.",
    )


@pytest.fixture
def maya(service, location):
    maya = factories.make_practitioner([service], name="Maya Okafor", slug="maya", position=1)
    factories.make_hours(maya, location, end_time=time(12))
    return maya


@pytest.fixture
def visit(service, location, maya):
    patient = factories.make_patient(name="Alice Martin", date_of_birth=date(1961, 11, 24))
    return factories.make_appointment(
        practitioner=maya, service=service, location=location, starts_at=NINE, patient=patient
    )


@pytest.fixture
def weather():
    return CancelReason.objects.get(name="Weather")


def panel(visit, do=""):
    return f"/desk/?day={visit.local_on}&appointment={visit.reference}" + (f"&do={do}" if do else "")


def cancel(client, visit, **fields):
    data = {"back": panel(visit, "cancel"), "sequence": visit.sequence}
    return client.post(f"/desk/appointments/{visit.reference}/cancel/", data | fields)


def words(response):
    return unescape(words_of(response))


def undo(client, response):
    offer = response.context["undo"]
    return client.post(offer["url"], offer["fields"] | {"back": offer["back"]}, follow=True)


def staff(client, django_user_model, *codenames):
    user = django_user_model.objects.create_user("sam", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    return user


def test_cancelling_keeps_the_reason_tells_the_patient_and_can_be_undone(admin_client, visit, weather):
    page = words(admin_client.get(panel(visit, "cancel")))
    assert "This is less than 24 hours ahead. Half the fee may apply." in page
    response = cancel(admin_client, visit, category=weather.pk, reason="Snowed in", tell_patient="on")
    response = admin_client.get(response.url)
    assert "Cancelled: Alice Martin, today, 9:00 a.m. Alice gets an email." in words(response)
    visit.refresh_from_db()
    assert (visit.status, visit.cancel_category, visit.cancel_reason) == ("cancelled", weather, "Snowed in")
    assert visit.events.last().note == "Weather: Snowed in"
    assert "Alice Martin is booked again: today, 9:00 a.m." in words(undo(admin_client, response))
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_the_patient_is_not_told_unless_it_is_ticked(admin_client, visit):
    cancel(admin_client, visit)
    assert not Message.objects.filter(kind="cancelled").exists()


def test_a_reason_that_the_clinic_has_dropped_is_not_offered(admin_client, visit, weather):
    CancelReason.objects.update(is_active=False)
    assert "Weather" not in words(admin_client.get(panel(visit, "cancel")))
    assert cancel(admin_client, visit, category=weather.pk).status_code == 422


def test_who_waits_for_the_time_is_said_before_and_shown_after(admin_client, visit, service, location):
    wish = factories.make_wish(
        service, location, first_on=date(2026, 11, 23), last_on=date(2026, 11, 23), name="Wil Tarr"
    )
    scheduling.join(wish=wish, now=NINE - timedelta(hours=2))
    assert "Offer to the waitlist (1)" in words(admin_client.get(panel(visit, "cancel")))
    page = words(admin_client.get(cancel(admin_client, visit).url))
    assert "Book with Maya" in page
    assert "Wil Tarr" in page


@pytest.fixture
def wait(service, location):
    def wait(name, **fields):
        wish = factories.make_wish(
            service, location, first_on=date(2026, 11, 23), last_on=date(2026, 11, 23), name=name, **fields
        )
        return scheduling.join(wish=wish, now=NINE - timedelta(hours=2))

    return wait


def test_on_a_tick_the_time_is_offered_to_who_has_waited_longest(admin_client, visit, wait):
    first, second = wait("Wil Tarr", email="wil@patients.example"), wait("Ann Berg", email="ann@patients.example")
    assert "Offer to the waitlist (2)" in words(admin_client.get(panel(visit, "cancel")))
    page = words(admin_client.get(cancel(admin_client, visit, offer_time="on").url))
    assert "Offered to Wil Tarr by email, and held until" in page
    offer = WaitlistOffer.objects.get()
    assert (offer.entry, offer.starts_at, offer.appointment.practitioner) == (first, NINE, visit.practitioner)
    visit.refresh_from_db()
    assert visit.status == "cancelled"
    assert not second.offers.exists()


def test_whom_a_pending_block_of_the_calendar_names_is_in_the_access_log(admin_client, visit, wait, service, location):
    entry = wait("Wil Tarr")
    cancel(admin_client, visit, offer_time="on")
    common = {"practitioner": visit.practitioner, "service": service, "location": location}
    unconfirmed = factories.make_appointment(
        starts_at=NINE + timedelta(hours=1), status="unconfirmed", hold_expires_at=NINE, **common
    )
    admin_client.get("/desk/")  # The message that it was offered.
    for address in (panel(visit), "/desk/week/?day=2026-11-23"):
        page = words(admin_client.get(address))
        assert ("On offer Wil Tarr" in page, unconfirmed.patient.name in page) == (True, True)
        people = AccessLogEntry.objects.first().people
        assert people.filter(waitlist_entry=entry).exists(), address
        assert people.filter(patient=unconfirmed.patient).exists(), address


def test_without_the_tick_nobody_is_offered_the_time(admin_client, visit, wait):
    wait("Wil Tarr")
    cancel(admin_client, visit)
    assert not WaitlistOffer.objects.exists()


def test_who_cannot_get_an_offer_is_skipped_and_said_beforehand(admin_client, visit, wait, admin_user):
    caller = wait("Wil Tarr", email="wil@patients.example")
    WaitlistEntry.objects.filter(pk=caller.pk).update(email="")
    page = words(admin_client.get(panel(visit, "cancel")))
    assert "1 person on the waitlist could take this time." in page
    assert "Offer to the waitlist" not in page
    cancel(admin_client, visit, offer_time="on")
    assert not WaitlistOffer.objects.exists()


def test_offering_needs_the_right_to_change_the_waitlist(client, django_user_model, visit, wait):
    wait("Wil Tarr")
    staff(client, django_user_model, "view_appointment", "change_appointment", "view_waitlistentry")
    assert "Offer to the waitlist" not in words(client.get(panel(visit, "cancel")))
    cancel(client, visit, offer_time="on")
    visit.refresh_from_db()
    assert visit.status == "cancelled"
    assert not WaitlistOffer.objects.exists()


@pytest.mark.parametrize("reason", ["line\x00", "a\u202eb", "x" * 201], ids=["nul", "bidi", "long"])
def test_an_invalid_reason_is_refused_beside_its_field(admin_client, visit, reason):
    response = cancel(admin_client, visit, reason=reason)
    assert response.status_code == 422
    assert response.context["form"].errors["reason"]
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_a_visit_that_was_moved_meanwhile_is_not_cancelled(admin_client, visit, django_user_model):
    sam = Actor.staff(django_user_model.objects.create_user("sam"))
    scheduling.reschedule(appointment=visit, starts_at=NINE + HALF_HOUR, by=sam, now=NINE - timedelta(hours=1))
    response = cancel(admin_client, visit)
    assert response.status_code == 409
    assert "sam moved this visit to Mon, Nov 23, 9:30 a.m. with Maya." in words(response)
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_undo_is_refused_in_words_once_the_time_is_taken(admin_client, visit, maya, service, location):
    response = admin_client.get(cancel(admin_client, visit).url)
    factories.make_appointment(practitioner=maya, service=service, location=location, starts_at=NINE)
    assert "The visit stays cancelled." in words(undo(admin_client, response))


def test_a_cancelled_visit_has_a_button_to_take_it_back_until_its_days_end(admin_client, visit):
    cancel(admin_client, visit)
    assert "Take back the cancellation" in words(admin_client.get(panel(visit)))
    admin_client.post(f"/desk/appointments/{visit.reference}/restore/", {"back": panel(visit)})
    visit.refresh_from_db()
    assert visit.status == "booked"
    visit.local_on, visit.status = date(2026, 11, 22), "cancelled"
    visit.save()
    assert "Take back the cancellation" not in words(admin_client.get(panel(visit)))


def test_this_and_all_later_ones_of_a_series_are_cancelled_and_taken_back_together(admin_client, visit, admin_user):
    later = scheduling.book_series(
        original=visit,
        starts=[(NINE + timedelta(weeks=week), visit.practitioner) for week in (1, 2)],
        by=Actor.staff(admin_user),
        now=NINE - timedelta(hours=1),
    )
    assert "This and all later ones (2)" in words(admin_client.get(panel(later[0], "cancel")))
    response = admin_client.get(cancel(admin_client, later[0], scope="later").url)
    assert "2 visits from Mon, Nov 30, 9:00 a.m. on." in words(response)
    statuses = [row.status for row in [visit, *later] if row.refresh_from_db() is None]
    assert statuses == ["booked", "cancelled", "cancelled"]
    undo(admin_client, response)
    assert [row.status for row in later if row.refresh_from_db() is None] == ["booked", "booked"]
    cancel(admin_client, later[0], sequence=later[0].sequence, scope="this")
    assert [row.status for row in later if row.refresh_from_db() is None] == ["cancelled", "booked"]


def test_all_later_ones_are_those_of_the_same_patient_though_a_basket_has_visits_of_two(admin_client, visit):
    """A parent's basket gives the visits of both children one series."""
    visit.series = uuid4()
    visit.save()
    child, other_child = visit.patient, factories.make_patient(name="Other Child")
    own, others = (
        [
            factories.make_appointment(
                service=visit.service,
                practitioner=visit.practitioner,
                location=visit.location,
                patient=patient,
                series=visit.series,
                starts_at=NINE + timedelta(weeks=week, hours=hour),
            )
            for week in (1, 2)
        ]
        for hour, patient in enumerate((child, other_child))
    )
    page = words(admin_client.get(panel(visit, "cancel")))
    assert "This and all later ones (3)" in page
    cancel(admin_client, visit, scope="later")
    assert [row.status for row in [visit, *own] if row.refresh_from_db() is None] == ["cancelled"] * 3
    assert [row.status for row in others if row.refresh_from_db() is None] == ["booked"] * 2


def test_cancelling_and_restoring_need_the_permission(client, django_user_model, visit):
    staff(client, django_user_model, "view_appointment")
    assert cancel(client, visit).status_code == 403
    assert client.post(f"/desk/appointments/{visit.reference}/restore/").status_code == 403
    page = words(client.get(panel(visit, "cancel")))
    assert "Cancel the visit" not in page
    assert "Change this visit" not in page


# Late


def test_a_late_patient_is_marked_in_the_calendar_the_panel_and_next(admin_client, visit):
    address = f"/desk/appointments/{visit.reference}/late/"
    response = admin_client.post(address, {"back": panel(visit), "minutes": "10"}, follow=True)
    page = words(response)
    assert "Alice Martin will be 10 minutes late." in page
    assert "10 min late ·" in page
    assert "10 min late" in words(admin_client.get("/desk/"))
    undo(admin_client, response)
    visit.refresh_from_db()
    assert visit.late_by is None


@pytest.mark.parametrize("minutes", ["x", "-5", "٥", "9999", "1.5", "\x00"])
def test_other_minutes_are_a_bad_request(admin_client, visit, minutes):
    address = f"/desk/appointments/{visit.reference}/late/"
    assert admin_client.post(address, {"minutes": minutes}).status_code == 400
    assert admin_client.post(address).status_code == 400


def test_practitioners_mark_their_own_patients_as_late_and_no_others(client, django_user_model, visit, maya):
    user = staff(client, django_user_model, "view_own_day", "keep_own_day")
    maya.user = user
    maya.save()
    assert client.post(f"/desk/appointments/{visit.reference}/late/", {"minutes": "5"}).status_code == 302
    other = factories.make_appointment(location=visit.location, starts_at=NINE)
    assert client.post(f"/desk/appointments/{other.reference}/late/", {"minutes": "5"}).status_code == 404


# The panel


def test_the_panel_says_what_the_desk_needs_to_know(admin_client, visit, service, location):
    factories.make_appointment(service=service, location=location, starts_at=NINE, patient=visit.patient)
    visit.asked_to_move_at = visit.attendance_confirmed_at = NINE - timedelta(minutes=50)
    visit.exception_reason = "Her only free hour"
    visit.save()
    page = words(admin_client.get(panel(visit)))
    assert "November 24, 1961 (65)" not in page  # It is her birthday tomorrow.
    for sentence in (
        "November 24, 1961 (64)",
        "Has another visit at the same time: 9:00 a.m.",
        "Asked by email to choose another time: Mon, Nov 23, 2026, 8:10 a.m.",
        "Says they'll be here",
        "Her only free hour",
        "has another visit at this time",
    ):
        assert sentence in page


def test_the_panel_says_since_when_the_patient_is_here(admin_client, visit, admin_user):
    scheduling.check_in(appointment=visit, by=Actor.staff(admin_user), now=NINE - timedelta(minutes=24))
    assert "Here since 8:36" in words(admin_client.get(panel(visit)))


def test_the_history_names_who_did_what_with_the_times_before_and_after(admin_client, visit, admin_user):
    scheduling.reschedule(
        appointment=visit, starts_at=NINE + HALF_HOUR, by=Actor.staff(admin_user), now=NINE - timedelta(hours=1)
    )
    assert "Moved · admin Mon, Nov 23, 2026, 8:00 a.m. Mon, Nov 23, 2026, 9:00 a.m. → Mon, Nov 23, 2026, 9:30" in words(
        admin_client.get(panel(visit))
    )


@pytest.mark.parametrize(("do", "most"), [("", 35), ("move", 34), ("cancel", 28), ("rebook", 36), ("series", 35)])
def test_a_panel_needs_few_queries_also_in_a_series(admin_client, visit, admin_user, do, most):
    scheduling.book_series(
        original=visit,
        starts=[(NINE + timedelta(weeks=week), visit.practitioner) for week in (1, 2, 3)],
        by=Actor.staff(admin_user),
        now=NINE - timedelta(hours=1),
    )
    admin_client.get(panel(visit, do))
    with CaptureQueriesContext(connection) as queries:
        assert admin_client.get(panel(visit, do)).status_code == 200
    assert len(queries) <= most
