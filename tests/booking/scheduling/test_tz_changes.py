"""retime(): after a change of time zone data, instants follow the agreed wall times.

Visits are booked with an older tzdata release, in which Alberta returns to UTC-07 in November 2026, and retimed
with the pinned release (UTC-06).
"""

import io
import zoneinfo
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from booking import messages, scheduling
from booking.models import Appointment, AppointmentEvent, Clinic, Message, Status
from booking.scheduling import Actor, PatientDetails
from tests.proofs.test_scheduling_races import at_once
from tests.support.factories import (
    make_appointment,
    make_clinic,
    make_hours,
    make_location,
    make_patient,
    make_practitioner,
    make_room,
    make_service,
)

OLD_DATA = Path(__file__).parents[2] / "support" / "old_tzdata"
HOUR = timedelta(hours=1)
PATIENT = Actor.patient()
ALICE_BY_LINK = scheduling.Visitor(proved_email="alice@patients.example")  # May book a whole day.
DAY = date(2026, 11, 25)  # A Wednesday; UTC-07 in the old data, UTC-06 in the new.
pytestmark = pytest.mark.django_db


@contextmanager
def old_zone_data():
    """Use the old tzdata: its files come first in TZPATH, then the pinned package."""
    zoneinfo.reset_tzpath(to=[str(OLD_DATA)])
    zoneinfo.ZoneInfo.clear_cache()
    try:
        yield
    finally:
        zoneinfo.reset_tzpath(to=())
        zoneinfo.ZoneInfo.clear_cache()


@pytest.fixture(autouse=True)
def clinic(settings):
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)
    return make_clinic()


@pytest.fixture
def practitioner(service, location):
    made = make_practitioner([service])
    make_hours(made, location, weekdays=range(7), start_time=time(0), end_time=time(0))
    return made


def local(wall, day=DAY, location=None, fold=0):
    """Return the instant of a wall time, with the current time zone data."""
    zone = zoneinfo.ZoneInfo(location.time_zone if location else "America/Edmonton")
    return datetime.combine(day, wall.replace(fold=fold), tzinfo=zone).astimezone(UTC)


def hold(service, location, practitioner, starts_at, now, holder="alice"):
    return scheduling.hold(
        service=service,
        practitioner=practitioner,
        location=location,
        starts_at=starts_at,
        holder=holder,
        by=PATIENT,
        now=now,
        visitor=ALICE_BY_LINK,
    )


def book(service, location, practitioner, starts_at, now):
    """Hold and book an appointment as a patient."""
    details = PatientDetails(name="Alice Martin", email="alice@patients.example", phone="+14035550123")
    held = hold(service, location, practitioner, starts_at, now)
    return scheduling.book(
        hold=held, details=details, submission_key=str(held.pk), by=PATIENT, now=now, visitor=ALICE_BY_LINK
    )


def everything():
    """The rows that a dry run, a second run or a failed run must not change."""
    return [list(model.objects.order_by("pk").values()) for model in (Appointment, AppointmentEvent, Message)]


def overlaps():
    """Overlapping pairs with the same practitioner or room of which neither is marked as overbooked."""
    rows = list(Appointment.objects.filter(overbooked_reason="", status__in=["held", "booked"]).order_by("pk"))
    return [
        (one.reference, two.reference)
        for one in rows
        for two in rows
        if one.pk < two.pk
        and one.starts_at < two.ends_at
        and two.starts_at < one.ends_at
        and (one.practitioner_id == two.practitioner_id or (one.room_id and one.room_id == two.room_id))
    ]


def references(rows):
    return [row.reference for row in rows]


class TestInstantsFollowTheWallTime:
    def test_a_visit_keeps_its_wall_time_and_its_length(self, service, location, practitioner, now):
        with old_zone_data():
            visit = book(service, location, practitioner, local(time(9)), now)
        assert visit.starts_at == datetime(2026, 11, 25, 16, tzinfo=UTC)
        report = scheduling.retime(now=now)
        visit.refresh_from_db()
        assert (visit.starts_at, visit.ends_at) == (
            datetime(2026, 11, 25, 15, tzinfo=UTC),
            datetime(2026, 11, 25, 16, tzinfo=UTC),
        )
        assert (visit.local_on, visit.local_time, visit.local_start.time()) == (DAY, time(9), time(9))
        assert [(moved.reference, moved.time_zone, moved.shift) for moved in report.moved] == [
            (visit.reference, "America/Edmonton", -HOUR)
        ]

    def test_a_length_that_was_promised_stands_though_the_service_has_changed(
        self, service, location, practitioner, now
    ):
        with old_zone_data():
            visit = book(service, location, practitioner, local(time(9)), now)
        service.duration = 2 * HOUR
        service.save()
        scheduling.retime(now=now)
        visit.refresh_from_db()
        assert visit.duration == HOUR

    def test_a_summer_visit_is_right_already_and_stays(self, service, location, practitioner, now):
        with old_zone_data():
            visit = make_appointment(
                service=service,
                location=location,
                practitioner=practitioner,
                starts_at=local(time(9), date(2027, 7, 1)),
            )
        before = everything()
        assert scheduling.retime(now=now) == scheduling.Retimed()
        assert everything() == before
        assert visit.sequence == 0

    def test_the_second_run_changes_nothing(self, service, location, practitioner, now):
        with old_zone_data():
            for hour in (9, 10, 11):
                book(service, location, practitioner, local(time(hour)), now)
        assert len(scheduling.retime(now=now).moved) == 3
        before = everything()
        assert scheduling.retime(now=now) == scheduling.Retimed()
        assert everything() == before

    def test_a_dry_run_reports_the_same_and_writes_nothing(self, service, location, practitioner, now):
        with old_zone_data():
            for hour in (9, 10):
                book(service, location, practitioner, local(time(hour)), now)
            hold(service, location, practitioner, local(time(12)), now)
        book(service, location, practitioner, local(time(8)), now)
        before = everything()
        foreseen = scheduling.retime(now=now, dry_run=True)
        assert everything() == before
        assert scheduling.retime(now=now) == foreseen

    def test_the_event_names_the_system_and_both_instants(self, service, location, practitioner, now):
        with old_zone_data():
            visit = book(service, location, practitioner, local(time(9)), now)
        scheduling.retime(now=now)
        event = visit.events.get(kind="retimed")
        assert (event.actor_kind, event.actor, event.at) == ("system", None, now)
        assert event.before["starts_at"] == "2026-11-25T16:00:00+00:00"
        assert event.after["starts_at"] == "2026-11-25T15:00:00+00:00"
        assert event.note == "It stays at 9:00 a.m. on the clock."


class TestWhichRowsChange:
    def test_what_is_past_is_never_touched(self, service, location, practitioner, now):
        morning = time(7, 30)  # By the old data half an hour ago, by the new an hour and a half.
        with old_zone_data():
            start = local(morning, now.date())
            make_appointment(service=service, location=location, practitioner=practitioner, starts_at=start)
        before = everything()
        assert scheduling.retime(now=start + HOUR / 2) == scheduling.Retimed()
        assert everything() == before

    def test_a_visit_the_old_data_thinks_ahead_is_brought_back_though_it_has_begun(
        self, service, location, practitioner, now
    ):
        with old_zone_data():
            visit = book(service, location, practitioner, local(time(9)), now)
        scheduling.retime(now=visit.starts_at - HOUR / 2)
        visit.refresh_from_db()
        assert visit.local_start.time() == time(9)

    def test_a_visit_the_old_data_thinks_begun_is_moved_while_it_lies_ahead(self, service, location, practitioner, now):
        visit = book(service, location, practitioner, local(time(9)), now)
        with old_zone_data():  # The law is taken back: 9:00 is an hour later than it seemed.
            scheduling.retime(now=visit.starts_at + HOUR / 2)
            visit.refresh_from_db()
            assert visit.local_start.time() == time(9)

    def test_a_cancelled_visit_keeps_in_step_and_nobody_is_told(self, service, location, practitioner, now):
        with old_zone_data():
            visit = book(service, location, practitioner, local(time(9)), now)
            messages.send_due(now=now)
            scheduling.cancel(appointment=visit, by=PATIENT, now=now)
            other = book(service, location, practitioner, local(time(9)), now)
        visit.refresh_from_db()
        told, sequence = visit.messages.count(), visit.sequence
        report = scheduling.retime(now=now)
        visit.refresh_from_db()
        other.refresh_from_db()
        assert (visit.status, visit.local_start.time(), visit.sequence) == ("cancelled", time(9), sequence)
        assert visit.messages.count() == told
        assert report.collided == ()
        assert other.overbooked_reason == ""

    def test_a_live_hold_moves_and_can_be_booked(self, service, location, practitioner, now):
        with old_zone_data():
            held = hold(service, location, practitioner, local(time(9)), now)
        report = scheduling.retime(now=now)
        assert (report.moved, report.holds_moved, report.holds_released) == ((), 1, 0)
        details = PatientDetails(name="Alice Martin", email="alice@patients.example", phone="+14035550123")
        visit = scheduling.book(hold=held, details=details, submission_key="one", by=PATIENT, now=now)
        assert (visit.local_start.time(), visit.local_time, visit.status) == (time(9), time(9), "booked")

    def test_a_hold_gives_way_to_a_visit_that_moves_onto_it(self, service, location, practitioner, now):
        with old_zone_data():
            visit = book(service, location, practitioner, local(time(9)), now)
        held = hold(service, location, practitioner, local(time(9)), now)  # Free by the new data.
        report = scheduling.retime(now=now)
        visit.refresh_from_db()
        held.refresh_from_db()
        assert (visit.overbooked_reason, held.status) == ("", "expired")
        assert (report.collided, report.holds_moved, report.holds_released) == ((), 0, 1)
        assert held.events.last().kind == "retimed"

    def test_a_lapsed_hold_is_in_nobodys_way(self, service, location, practitioner, now):
        with old_zone_data():
            visit = book(service, location, practitioner, local(time(9)), now)
        held = hold(service, location, practitioner, local(time(9)), now)
        report = scheduling.retime(now=held.hold_expires_at)
        visit.refresh_from_db()
        held.refresh_from_db()
        assert (visit.overbooked_reason, held.status, report.holds_released) == ("", "expired", 0)

    def test_a_visitor_whose_hold_lapsed_still_gets_the_time_on_the_clock(self, service, location, practitioner, now):
        with old_zone_data():
            held = hold(service, location, practitioner, local(time(9)), now)
        later = held.hold_expires_at + timedelta(minutes=1)
        scheduling.retime(now=later)
        held.refresh_from_db()
        details = PatientDetails(name="Alice Martin", email="alice@patients.example", phone="+14035550123")
        visit = scheduling.book(hold=held, details=details, submission_key="one", by=PATIENT, now=later)
        assert visit.local_start.time() == visit.local_time == time(9)

    @pytest.mark.parametrize("status", [Status.ARRIVED, Status.FULFILLED, Status.NOSHOW])
    def test_a_mark_from_the_desk_does_not_leave_a_visit_in_the_next_ones_way(
        self, status, service, location, practitioner, now
    ):
        with old_zone_data():
            first = book(service, location, practitioner, local(time(9)), now)
            second = book(service, location, practitioner, local(time(10)), now)
        Appointment.objects.filter(pk=first.pk).update(status=status)
        report = scheduling.retime(now=now)
        second.refresh_from_db()
        assert (report.collided, second.overbooked_reason, second.local_start.time()) == ((), "", time(10))


class TestMovesWithoutOverlap:
    @pytest.mark.parametrize("backwards", [False, True], ids=["earlier", "later"])
    def test_a_whole_day_of_back_to_back_visits(self, backwards, service, location, practitioner, now):
        Clinic.objects.update(visits_ahead_per_email=100)  # One patient has them all.

        def day():
            return [book(service, location, practitioner, local(time(hour)), now) for hour in range(8, 18)]

        if backwards:  # A law that is taken back: every instant becomes an hour later.
            visits = day()
            with old_zone_data():
                report = scheduling.retime(now=now)
        else:
            with old_zone_data():
                visits = day()
            report = scheduling.retime(now=now)
        assert references(report.moved) == references(visits)
        assert {moved.shift for moved in report.moved} == {HOUR if backwards else -HOUR}
        assert (report.collided, overlaps()) == ((), [])

    def test_visits_booked_after_the_update_and_before_the_run(self, service, location, practitioner, now):
        with old_zone_data():
            old = [book(service, location, practitioner, local(time(hour)), now) for hour in (9, 11)]
        new = [book(service, location, practitioner, local(time(hour)), now) for hour in (9, 13)]
        report = scheduling.retime(now=now)
        assert references(report.moved) == references(old)
        assert [(row.reference, row.others) for row in report.collided] == [(old[0].reference, (new[0].reference,))]
        assert overlaps() == []

    def test_two_visits_trade_places_when_one_clock_moves_forward_and_another_back(
        self, service, location, practitioner, now
    ):
        casablanca = make_location(time_zone="Africa/Casablanca")
        make_hours(practitioner, casablanca, weekdays=range(7), start_time=time(0), end_time=time(0))
        type(practitioner).objects.update(travel_time=timedelta(0))
        with old_zone_data():
            one = book(service, location, practitioner, local(time(9)), now)
            two = book(service, casablanca, practitioner, local(time(16), location=casablanca), now)
        assert one.starts_at == two.ends_at
        report = scheduling.retime(now=now)
        before = one.starts_at, two.starts_at
        one.refresh_from_db()
        two.refresh_from_db()
        assert (two.starts_at, one.starts_at) == before
        assert (one.local_time, two.local_time, report.collided) == (time(9), time(16), ())
        assert {(moved.time_zone, moved.shift) for moved in report.moved} == {
            ("America/Edmonton", -HOUR),
            ("Africa/Casablanca", HOUR),
        }

    def test_people_who_take_turns_in_one_room(self, location, now):
        service = make_service(duration=HOUR, needs_room=True)
        room = make_room(location)
        people = [make_practitioner([service]) for _ in range(3)]
        for person in people:
            make_hours(person, location)
        with old_zone_data():
            visits = [book(service, location, people[hour % 3], local(time(hour)), now) for hour in range(9, 17)]
        report = scheduling.retime(now=now)
        assert len(report.moved) == len(visits)
        assert (report.collided, report.other_room, overlaps()) == ((), (), [])
        assert set(Appointment.objects.values_list("room", flat=True)) == {room.pk}

    def test_more_visits_than_one_statement_takes(self, service, location, practitioner, now):
        with old_zone_data():
            patient = make_patient()
            visits = [
                make_appointment(
                    service=service, location=location, practitioner=practitioner, patient=patient,
                    starts_at=local(time(hour), DAY + timedelta(days=day)),
                )
                for day in range(30) for hour in range(8, 18)
            ]  # fmt: skip
        assert references(scheduling.retime(now=now).moved) == references(visits)
        assert {row.local_start.time() == row.local_time for row in Appointment.objects.all()} == {True}

    def test_an_overbooking_that_moves_as_one_is_no_new_collision(
        self, service, location, practitioner, now, django_user_model
    ):
        manager = django_user_model.objects.create_superuser("manager", password="a long password")
        with old_zone_data():
            book(service, location, practitioner, local(time(9)), now)
            twins = scheduling.book_by_staff(
                service=service, starts_at=local(time(9)), practitioner=practitioner, location=location,
                patient=make_patient(), by=Actor.staff(manager), now=now,
                exemption=scheduling.Exemption("Twins, seen together", {scheduling.StaffRule.VISIT}),
            )  # fmt: skip
        report = scheduling.retime(now=now)
        twins.refresh_from_db()
        assert (len(report.moved), report.collided, twins.overbooked_reason) == (2, (), "Twins, seen together")


class TestOverlaps:
    def test_who_need_not_move_stays_and_who_moves_onto_it_is_overbooked(self, service, location, practitioner, now):
        with old_zone_data():
            moves = book(service, location, practitioner, local(time(9)), now)
        stays = book(service, location, practitioner, local(time(9)), now)
        report = scheduling.retime(now=now)
        moves.refresh_from_db()
        stays.refresh_from_db()
        assert moves.starts_at == stays.starts_at
        assert stays.overbooked_reason == ""
        assert moves.overbooked_reason == f"The clocks have changed: now at the same time as {stays.reference}."
        assert moves.events.get(kind="retimed").note == moves.overbooked_reason
        (collided,) = report.collided
        assert (collided.reference, collided.others, collided.starts_at) == (
            moves.reference,
            (stays.reference,),
            stays.starts_at,
        )

    def test_a_visit_that_is_under_way_stays(self, service, location, practitioner, now):
        under_way = make_appointment(
            service=service,
            location=location,
            practitioner=practitioner,
            starts_at=now - HOUR / 4,
            status=Status.ARRIVED,
        )
        with old_zone_data():
            wall = (now + HOUR * 3 / 4).astimezone(zoneinfo.ZoneInfo("America/Edmonton"))
            moves = make_appointment(
                service=service, location=location, practitioner=practitioner, starts_at=wall.astimezone(UTC)
            )
        report = scheduling.retime(now=now)
        under_way.refresh_from_db()
        assert (under_way.sequence, under_way.overbooked_reason) == (0, "")
        assert references(report.collided) == [moves.reference]

    def test_an_hour_that_came_twice_comes_once(self, service, location, practitioner):
        """1:30 a.m. on November 1, 2026 occurs twice in the old data only. The older appointment stays."""
        night, now = date(2026, 11, 1), datetime(2026, 10, 20, 12, tzinfo=UTC)
        with old_zone_data():
            second = book(service, location, practitioner, local(time(1), night, fold=1), now)
            first = book(service, location, practitioner, local(time(1), night), now)
            assert second.starts_at - first.starts_at == HOUR
        report = scheduling.retime(now=now)
        first.refresh_from_db()
        second.refresh_from_db()
        # The first is right already, and who need not move stays.
        assert first.starts_at == second.starts_at == datetime(2026, 11, 1, 7, tzinfo=UTC)
        assert (first.overbooked_reason, second.local_fold) == ("", 0)
        assert (references(report.moved), references(report.collided)) == ([second.reference], [second.reference])

    def test_another_free_room_is_no_collision(self, location, now):
        service = make_service(duration=HOUR, needs_room=True)
        rooms = [make_room(location, position=number) for number in range(2)]
        people = [make_practitioner([service]) for _ in range(2)]
        for person in people:
            make_hours(person, location)
        with old_zone_data():
            moves = book(service, location, people[0], local(time(9)), now)
        stays = book(service, location, people[1], local(time(9)), now)
        assert moves.room == stays.room == rooms[0]
        report = scheduling.retime(now=now)
        moves.refresh_from_db()
        stays.refresh_from_db()
        assert (moves.room, stays.room, moves.overbooked_reason) == (rooms[1], rooms[0], "")
        assert (report.other_room, report.collided) == ((moves.reference,), ())

    def test_the_last_room_taken_is_a_collision(self, location, now):
        service = make_service(duration=HOUR, needs_room=True)
        make_room(location)
        people = [make_practitioner([service]) for _ in range(2)]
        for person in people:
            make_hours(person, location)
        with old_zone_data():
            moves = book(service, location, people[0], local(time(9)), now)
        stays = book(service, location, people[1], local(time(9)), now)
        report = scheduling.retime(now=now)
        moves.refresh_from_db()
        assert stays.reference in moves.overbooked_reason
        assert references(report.collided) == [moves.reference]

    def test_it_is_reported_once(self, service, location, practitioner, now):
        with old_zone_data():
            book(service, location, practitioner, local(time(9)), now)
        book(service, location, practitioner, local(time(9)), now)
        scheduling.retime(now=now)
        assert scheduling.retime(now=now) == scheduling.Retimed()


class TestSkippedAndAmbiguousTimes:
    """Booked with the new data, retimed with the old: the change is revoked."""

    SPRING = date(2027, 3, 14)
    NIGHT = date(2026, 11, 1)
    NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)

    def test_a_skipped_time_goes_by_the_offset_before_and_the_patient_is_told(self, service, location, practitioner):
        visit = make_appointment(
            service=service, location=location, practitioner=practitioner, starts_at=local(time(2, 30), self.SPRING)
        )
        messages.enqueue_booking(visit, now=self.NOW)
        messages.send_due(now=self.NOW)
        with old_zone_data():
            report = scheduling.retime(now=self.NOW)
            visit.refresh_from_db()
            assert visit.starts_at == datetime(2027, 3, 14, 9, 30, tzinfo=UTC)
            assert (visit.local_time, visit.local_start.time()) == (time(3, 30), time(3, 30))
            assert [(row.reference, row.promised.time(), row.becomes.time()) for row in report.vanished] == [
                (visit.reference, time(2, 30), time(3, 30))
            ]
            assert visit.messages.filter(kind="rescheduled", state="waiting").exists()
            assert scheduling.retime(now=self.NOW) == scheduling.Retimed()

    def test_a_time_shown_twice_is_the_first_and_reported(self, service, location, practitioner):
        visit = book(service, location, practitioner, local(time(1), self.NIGHT), self.NOW)
        with old_zone_data():
            report = scheduling.retime(now=self.NOW)
        assert (report.moved, report.shown_twice) == ((), (visit.reference,))

    def test_the_second_of_two_that_was_chosen_is_kept(self, service, practitioner):
        denver = make_location(time_zone="America/Denver")
        make_hours(practitioner, denver, weekdays=range(7), start_time=time(0), end_time=time(0))
        visit = book(service, denver, practitioner, local(time(1), self.NIGHT, denver, fold=1), self.NOW)
        assert (visit.local_fold, visit.starts_at) == (1, datetime(2026, 11, 1, 8, tzinfo=UTC))
        assert scheduling.retime(now=self.NOW).moved == ()


class TestMessages:
    def test_reminders_move_with_the_instant(self, service, location, practitioner, now):
        with old_zone_data():
            visit = book(service, location, practitioner, local(time(13), DAY + timedelta(days=2)), now)
        scheduling.retime(now=now)
        visit.refresh_from_db()
        due = dict(
            visit.messages.filter(kind="reminder", state="waiting").values_list("content__hours_before", "due_at")
        )
        assert due == {48: visit.starts_at - 48 * HOUR, 3: visit.starts_at - 3 * HOUR}
        messages.send_due(now=due[3])
        assert sum(sent.subject.startswith("Reminder") for sent in mail.outbox) == 1

    def test_who_has_a_calendar_entry_gets_it_mended(self, service, location, practitioner, now):
        with old_zone_data():
            visit = book(service, location, practitioner, local(time(9)), now)
            messages.send_due(now=now)
        before = calendar_of(mail.outbox[0 if mail.outbox[0].to == ["alice@patients.example"] else 1])
        mail.outbox.clear()
        scheduling.retime(now=now)
        messages.send_due(now=now)
        (sent,) = mail.outbox
        after = calendar_of(sent)
        assert sent.to == ["alice@patients.example"]
        assert (
            sent.subject == "No change to the appointment at Dynamic Physiotherapy: Wednesday, November 25, 9:00 a.m."
        )
        assert "is still at the time we agreed on: 9:00 a.m., local time." in sent.body
        assert before["uid"] == after["uid"] == str(visit.uid)
        assert (before["sequence"], after["sequence"]) == (0, 1)
        assert before["dtstart"].dt == datetime(2026, 11, 25, 16, tzinfo=UTC)
        assert after["dtstart"].dt == datetime(2026, 11, 25, 15, tzinfo=UTC)
        assert after["dtend"].dt == datetime(2026, 11, 25, 16, tzinfo=UTC)
        assert "Wednesday, November 25, 2026 at 9:00 a.m." in after["description"]

    def test_a_confirmation_that_still_waits_is_the_only_mail(self, service, location, practitioner, now):
        with old_zone_data():
            book(service, location, practitioner, local(time(9)), now)
        scheduling.retime(now=now)
        assert messages.send_due(now=now) == 2
        (to_patient,) = [sent for sent in mail.outbox if sent.to == ["alice@patients.example"]]
        assert to_patient.subject.startswith("Appointment at")
        assert calendar_of(to_patient)["dtstart"].dt == datetime(2026, 11, 25, 15, tzinfo=UTC)

    def test_a_confirmation_that_leaves_this_instant_is_followed_by_the_right_entry(
        self, service, location, practitioner, now
    ):
        with old_zone_data():
            visit = book(service, location, practitioner, local(time(9)), now)
        visit.messages.filter(kind="confirmation").update(leased_until=now + HOUR)
        scheduling.retime(now=now)
        assert visit.messages.filter(kind="clock_change").count() == 1

    def test_changing_the_law_twice_before_the_worker_looks_sends_one_mail(self, service, location, practitioner, now):
        with old_zone_data():
            visit = book(service, location, practitioner, local(time(9)), now)
            messages.send_due(now=now)
        scheduling.retime(now=now)
        with old_zone_data():
            scheduling.retime(now=now)
        mail.outbox.clear()
        assert messages.send_due(now=now) == 1
        visit.refresh_from_db()
        entry = calendar_of(mail.outbox[0])
        assert (entry["sequence"], entry["dtstart"].dt) == (2, visit.starts_at)

    def test_the_clinic_still_hears_of_a_booking_whose_notice_waited(self, service, location, practitioner, now):
        with old_zone_data():
            book(service, location, practitioner, local(time(9)), now)
        scheduling.retime(now=now)
        messages.send_due(now=now)
        assert [sent.subject.split(":")[0] for sent in mail.outbox if sent.to == ["hello@dynamic-physio.example"]] == [
            "Booked"
        ]

    def test_a_patient_without_an_address_is_not_written_to(self, service, location, practitioner, now):
        with old_zone_data():
            visit = book(service, location, practitioner, local(time(9)), now)
            messages.send_due(now=now)
        visit.patient.email = ""
        visit.patient.save()
        scheduling.retime(now=now)
        assert not visit.messages.filter(kind="clock_change").exists()


def calendar_of(sent):
    (part,) = [part for part in sent.message().walk() if part.get_content_type() == "text/calendar"]
    return Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]


class TestTheCommand:
    def run(self, now, *options):
        out = io.StringIO()
        with time_machine.travel(now, tick=False):
            call_command("retime", *options, stdout=out)
        return out.getvalue()

    def test_it_says_what_moved_and_what_collides_by_reference_only(self, service, location, practitioner, now):
        with old_zone_data():
            moves = book(service, location, practitioner, local(time(9)), now)
            free = book(service, location, practitioner, local(time(14)), now)
        stays = book(service, location, practitioner, local(time(9)), now)
        dry = self.run(now, "--dry-run")
        said = self.run(now)
        assert dry == "This is a dry run: nothing was written.\n" + said
        assert said == (
            "Appointments that moved: 2.\n"
            "  America/Edmonton: 2 begin 1 hour earlier, at the same time on the clock as before.\n"
            "Now at the same time as another, and marked as overbooked: 1.\n"
            f"  {moves.reference} with {stays.reference}: Wednesday, November 25, 2026 at 9:00 a.m.\n"
            "Moved, in order of time:\n"
            f"  {moves.reference}\n  {free.reference}\n"
        )

    def test_with_nothing_to_do_it_says_so(self, now):
        assert self.run(now) == (
            "Appointments that moved: 0.\nNow at the same time as another, and marked as overbooked: 0.\n"
        )

    def test_a_zone_that_the_data_does_not_know_stops_it_before_anything_changes(
        self, service, location, practitioner, now
    ):
        with old_zone_data():
            book(service, location, practitioner, local(time(9)), now)
            book(service, location, practitioner, local(time(11)), now)
        type(location).objects.update(time_zone="America/Atlantis")
        before = everything()
        with pytest.raises(CommandError, match="does not know America/Atlantis"):
            self.run(now)
        assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_run_twice_at_once_while_patients_book_it_moves_each_visit_once(service, location, practitioner, now):
    people = [practitioner, make_practitioner([service])]
    make_hours(people[1], location)
    with old_zone_data():
        visits = [book(service, location, person, local(time(hour)), now) for person in people for hour in (9, 11, 13)]

    def work(index):
        if index < 2:
            return scheduling.retime(now=now)
        held = hold(service, location, people[index % 2], local(time(8 + index)), now, holder=str(index))
        details = PatientDetails(name="Bob Chen", email="bob@patients.example", phone="+14035550124")
        bob = scheduling.Visitor(proved_email=details.email)
        return scheduling.book(
            hold=held, details=details, submission_key=f"race-{index}", by=PATIENT, now=now, visitor=bob
        )

    results = at_once(8, work)
    assert sorted(len(result.moved) for result in results[:2]) == [0, len(visits)]
    assert AppointmentEvent.objects.filter(kind="retimed", appointment__in=visits).count() == len(visits)
    assert {row.local_start.time() == row.local_time for row in Appointment.objects.all()} == {True}
    assert overlaps() == []


WISHES = st.fixed_dictionaries(
    {
        "by_old_data": st.booleans(),
        "person": st.integers(0, 1),
        "zone": st.sampled_from(["America/Edmonton", "Africa/Casablanca"]),
        "wall": st.integers(0, 47).map(lambda half_hours: time(half_hours // 2, half_hours % 2 * 30)),
        "minutes": st.sampled_from([30, 60, 90]),
        "status": st.sampled_from([Status.BOOKED, Status.BOOKED, Status.HELD, Status.CANCELLED]),
        "room": st.sampled_from([None, 0, 1]),
    }
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes=st.lists(WISHES, max_size=14))
def test_afterwards_every_wall_time_is_as_promised_and_every_overlap_is_recorded(wishes, now):
    with transaction.atomic():
        promises = fill_a_diary(wishes, now)
        foreseen = scheduling.retime(now=now, dry_run=True)
        assert scheduling.retime(now=now) == foreseen
        for row in Appointment.objects.select_related("location"):
            assert (row.local_start.replace(tzinfo=None), row.duration) == promises[row.pk]
        assert overlaps() == []
        overbooked = Appointment.objects.exclude(overbooked_reason="").values_list("reference", flat=True)
        assert set(overbooked) == set(references(foreseen.collided))
        assert Appointment.objects.filter(status=Status.EXPIRED).count() == foreseen.holds_released
        before = everything()
        assert scheduling.retime(now=now) == scheduling.Retimed()
        assert everything() == before
        transaction.set_rollback(True)


def fill_a_diary(wishes, now):
    """Create the appointments that the constraints allow. Returns wall times and durations by id."""
    people = [make_practitioner(), make_practitioner()]
    places = {zone: make_location(time_zone=zone) for zone in ("America/Edmonton", "Africa/Casablanca")}
    rooms = {zone: [make_room(location), make_room(location)] for zone, location in places.items()}
    patient = make_patient()
    promises = {}
    for wish in wishes:
        location, length = places[wish["zone"]], timedelta(minutes=wish["minutes"])
        with old_zone_data() if wish["by_old_data"] else nullcontext(), suppress(IntegrityError), transaction.atomic():
            made = make_appointment(
                service=make_service(duration=length),
                location=location,
                practitioner=people[wish["person"]],
                room=None if wish["room"] is None else rooms[wish["zone"]][wish["room"]],
                starts_at=local(wish["wall"], location=location),
                status=wish["status"],
                patient=None if wish["status"] == Status.HELD else patient,
                hold_expires_at=now + HOUR,
            )
            promises[made.pk] = (datetime.combine(DAY, wish["wall"]), length)
    return promises
