"""Sample appointments: they follow the booking rules, and no messages are sent about them."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from booking import messages, scheduling
from booking.messages.outbox.link_requests import visits_for_link_request
from booking.messages.rendering.digest import digest_sections
from booking.models import (
    MADE_UP_DOMAIN,
    Appointment,
    AppointmentEvent,
    Clinic,
    Location,
    Message,
    Notices,
    Patient,
    SampleRow,
    Service,
    Status,
)
from booking.sample_appointments import make_appointments
from booking.sample_clinic import load_clinic
from booking.scheduling import Actor
from clinic.ops import sample_data
from tests.conftest import NOW
from tests.support import factories
from tests.support.sample import load_sample, remove_sample

pytestmark = [pytest.mark.django_db, pytest.mark.once]
# A Monday morning, a Saturday, the day before Christmas, and midsummer a year ahead.
DAYS = [NOW, datetime(2026, 12, 5, 19, tzinfo=UTC), datetime(2026, 12, 24, 16, tzinfo=UTC),
        datetime(2027, 6, 16, 20, 30, tzinfo=UTC)]  # fmt: skip


@pytest.fixture(params=DAYS, ids=["Monday", "Saturday", "Christmas Eve", "June"])
def any_day(request):
    with time_machine.travel(request.param, tick=False):
        yield request.param


@pytest.fixture
def diary(any_day):
    """The sample clinic without pages, with its appointments, on each of DAYS."""
    rows = list(load_clinic(timezone.localdate()))
    location = Location.objects.get()
    rows += make_appointments(location, any_day)
    sample_data.mark(rows)
    return any_day


@pytest.fixture
def diary_of_monday(stopped_clock):
    rows = list(load_clinic(timezone.localdate()))
    rows += make_appointments(Location.objects.get(), NOW)
    sample_data.mark(rows)


def test_there_are_appointments_a_week_back_and_a_week_ahead(diary):
    today = diary.astimezone(Location.objects.get().zone).date()
    days = Counter(Appointment.objects.values_list("local_on", flat=True))
    assert min(days) >= today - timedelta(days=7)
    assert max(days) <= today + timedelta(days=7)
    assert 60 <= days.total() <= 200
    assert len({appointment.practitioner_id for appointment in Appointment.objects.all()}) == 4


def test_every_appointment_follows_the_booking_rules(diary):
    Appointment.objects.exclude(status=Status.CANCELLED).update(status=Status.BOOKED)
    assert scheduling.find_conflicts(now=diary - timedelta(days=30)) == []
    visits = Appointment.objects.filter(status=Status.BOOKED).select_related("service", "room")
    last_of_person = {}
    for visit in visits.order_by("starts_at"):
        before = last_of_person.get(visit.practitioner_id)
        assert before is None or visit.starts_at >= before.ends_at + max(before.buffer_after, visit.buffer_before)
        last_of_person[visit.practitioner_id] = visit
        assert visit.room is not None
        assert visit.price == visit.service.price
        assert visit.is_first_visit is (visit.service.audience != Service.Audience.RETURNING)


def test_past_appointments_have_an_outcome_and_future_ones_are_booked(diary):
    past = Counter(Appointment.objects.filter(ends_at__lte=diary).values_list("status", flat=True))
    ahead = Counter(Appointment.objects.filter(starts_at__gt=diary).values_list("status", flat=True))
    assert set(past) <= {Status.FULFILLED, Status.NOSHOW, Status.CANCELLED}
    assert past[Status.FULFILLED] > 0.7 * past.total()
    assert set(ahead) <= {Status.BOOKED, Status.CANCELLED}
    assert ahead[Status.BOOKED] > 0.7 * ahead.total()


def test_slots_remain_on_each_future_working_day(diary):
    location = Location.objects.get()
    first = diary.astimezone(location.zone).date() + timedelta(days=1)
    service = Service.objects.get(slug="physiotherapy-assessment")
    days = {"first_on": first, "last_on": first + timedelta(days=7)}

    def days_with_slots(now):
        starts = scheduling.available_slots(service=service, now=now, **days)
        return {slot.starts_at.astimezone(location.zone).date() for slot in starts}

    with_visits = days_with_slots(diary)
    Appointment.objects.all().delete()
    assert with_visits == days_with_slots(diary)


def test_patients_are_fictional_and_no_messages_are_queued(diary):
    for patient in Patient.objects.all():
        assert patient.email.endswith(f"@{MADE_UP_DOMAIN}")
        assert str(patient.phone).startswith("+1587555010") or str(patient.phone)[:10] == "+158755501"
        assert patient.name.split()[-1] in {"Sample", "Example", "Mockford"}
    assert Patient.objects.values("name").distinct().count() == Patient.objects.count()
    assert not Message.objects.exists()
    assert not AppointmentEvent.objects.exists()


def test_the_same_day_gives_the_same_appointments(diary):
    def rows():
        return list(
            Appointment.objects.order_by("starts_at", "practitioner_id").values_list(
                "starts_at", "practitioner__slug", "service__slug", "patient__name", "status", "room__name"
            )
        )

    first_rows = rows()
    Appointment.objects.all().delete()
    Patient.objects.all().delete()
    make_appointments(Location.objects.get(), diary)
    assert rows() == first_rows


def test_they_are_removed_with_the_sample(diary):
    remove_sample()
    assert not Appointment.objects.exists()
    assert not Patient.objects.exists()
    assert not SampleRow.objects.exists()


# The command


def test_the_command_creates_them_unless_disabled(stopped_clock):
    load_sample()
    assert not Appointment.objects.exists()
    call_command("load_sample", verbosity=0)
    count = Appointment.objects.count()
    assert count > 60
    Appointment.objects.first().delete()
    call_command("load_sample", verbosity=0)
    assert Appointment.objects.count() == count - 1
    assert sample_data.real_rows() == []


# Changes by staff


def upcoming_appointment():
    return Appointment.objects.filter(status=Status.BOOKED, starts_at__gt=NOW + timedelta(days=1)).first()


@pytest.mark.parametrize("notices", [Notices.AT_ONCE, Notices.DAILY])
def test_changes_by_staff_queue_no_messages(diary_of_monday, django_user_model, notices):
    Clinic.objects.update(notices=notices)
    staff = Actor.staff(django_user_model.objects.create_user("bob"))
    visit = upcoming_appointment()
    Appointment.objects.filter(pk=visit.pk).update(reminders=True)
    scheduling.cancel(appointment=visit, by=staff, now=NOW)
    moved = upcoming_appointment()
    slot = scheduling.next_slot(service=moved.service, now=NOW, practitioner=moved.practitioner)
    scheduling.reschedule(
        appointment=moved, starts_at=slot.starts_at, location=moved.location, practitioner=moved.practitioner,
        by=staff, now=NOW,
    )  # fmt: skip
    assert not Message.objects.exists()


def test_the_daily_digest_omits_them(diary_of_monday, django_user_model):
    Clinic.objects.update(notices=Notices.DAILY)
    staff = Actor.staff(django_user_model.objects.create_user("bob"))
    scheduling.cancel(appointment=upcoming_appointment(), by=staff, now=NOW)
    real = factories.make_appointment(starts_at=NOW + timedelta(days=3))
    scheduling.cancel(appointment=real, by=staff, now=NOW)
    summary = Message.objects.get(kind="daily_summary")
    appointments = [line.appointment for section in digest_sections(summary) for line in section.lines]
    assert appointments == [real]


def test_a_patient_who_gets_a_real_email_address_receives_messages(diary_of_monday, django_user_model):
    visit = upcoming_appointment()
    Patient.objects.filter(pk=visit.patient_id).update(email="real@patients.example")
    staff = Actor.staff(django_user_model.objects.create_user("bob"))
    scheduling.cancel(appointment=Appointment.objects.get(pk=visit.pk), by=staff, now=NOW)
    assert Message.objects.filter(kind="cancelled", appointment=visit).exists()


def test_a_lost_link_is_not_sent_to_them(diary_of_monday):
    messages.enqueue_link_request(upcoming_appointment().patient.email, now=NOW)
    assert visits_for_link_request(Message.objects.get(), now=NOW) == []


def test_an_appointment_that_staff_changed_remains_with_its_patient(diary_of_monday, django_user_model):
    visit = upcoming_appointment()
    scheduling.cancel(appointment=visit, by=Actor.staff(django_user_model.objects.create_user("bob")), now=NOW)
    remove_sample()
    assert list(Appointment.objects.all()) == [visit]
    assert list(Patient.objects.all()) == [visit.patient]


def test_a_sample_patient_with_a_real_appointment_remains(diary_of_monday, django_user_model):
    patient = Patient.objects.first()
    service = Service.objects.get(slug="physiotherapy-follow-up")
    slot = scheduling.next_slot(service=service, now=NOW)
    real = scheduling.book_by_staff(
        service=service,
        starts_at=slot.starts_at,
        practitioner=service.practitioners.get(pk=slot.practitioner_ids[0]),
        location=Location.objects.get(),
        patient=patient,
        by=Actor.staff(django_user_model.objects.create_user("bob")),
        now=NOW,
    )
    remove_sample()
    assert list(Appointment.objects.all()) == [real]
    assert list(Patient.objects.all()) == [patient]
