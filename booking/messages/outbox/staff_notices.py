"""Notices to the clinic and practitioners about bookings: immediately, as a daily digest, or never.

The digest is an ordinary outbox row: the first event of a day inserts it, in the transaction of the change, due
at the time set by the clinic. So no scheduled job is needed, and a day without events sends no digest. Its
content is computed from the events when it is sent.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from booking.messages.outbox.factory import build_message
from booking.models import Appointment, AppointmentEvent, Clinic, Location, Message, Notices, Practitioner

Kind = Message.Kind
# A digest covers events up to this long before it is due: transactions that began earlier may commit later.
SETTLING_TIME = timedelta(minutes=5)


def staff_notices_for(
    appointment: Appointment, event: str, now: datetime, *, also_to: Iterable[Practitioner] = ()
) -> Iterable[Message]:
    """Yield the unsaved messages to the clinic and the practitioners concerned, one per e-mail address.

    ``also_to``: practitioners who were notified of the appointment before. Yields nothing for the made-up
    patients of the sample data.
    """
    if appointment.patient is not None and appointment.patient.is_made_up:
        return
    clinic = Clinic.objects.first()
    clinic_choice = clinic.notices if clinic else Notices.AT_ONCE
    recipients = {clinic.email.lower()} if clinic and clinic_choice != Notices.NONE else set()
    digest_days = _DigestDays(clinic, now)
    if clinic_choice == Notices.AT_ONCE:
        yield build_message(appointment, Kind.CLINIC_NOTICE, event, due_at=now, event=event)
    elif clinic_choice == Notices.DAILY:
        yield digest_days.summary_for(None)
    notified_ids = {practitioner.pk for practitioner in also_to}
    # In order of primary key, to prevent deadlocks with other commands that insert the same digest rows.
    for practitioner in sorted(
        {appointment.practitioner, *also_to, *_previous_practitioner(appointment, event)}, key=_pk
    ):
        email = practitioner.email.lower()
        if not email or not practitioner.is_active or email in recipients:
            continue
        if practitioner.notices == Notices.DAILY:
            recipients.add(email)
            yield digest_days.summary_for(practitioner)
        elif practitioner.notices == Notices.AT_ONCE and (
            practitioner == appointment.practitioner or practitioner.pk in notified_ids
        ):
            recipients.add(email)
            notice = build_message(
                appointment, Kind.CLINIC_NOTICE, f"{event}-to-{practitioner.pk}", due_at=now, event=event
            )
            notice.practitioner = practitioner
            yield notice


def _pk(practitioner: Practitioner) -> int:
    return practitioner.pk


def _previous_practitioner(appointment: Appointment, event: str) -> Iterable[Practitioner]:
    """The practitioner from whom the appointment was moved; notified by digest only."""
    if event != "changed":
        return ()
    last_move = appointment.events.filter(kind=AppointmentEvent.Kind.RESCHEDULED).last()
    previous_id = (last_move.before if last_move else {}).get("practitioner")
    return Practitioner.objects.filter(pk=previous_id).exclude(pk=appointment.practitioner_id) if previous_id else ()


class _DigestDays:
    """Computes digest days, which run from one digest to the next."""

    def __init__(self, clinic: Clinic | None, now: datetime) -> None:
        self.clinic, self.now = clinic, now

    def summary_for(self, practitioner: Practitioner | None) -> Message:
        """Build the digest message for events at ``now``; its key is the same for all events of that day."""
        since, until = self._window()
        recipient = "clinic" if practitioner is None else str(practitioner.pk)
        return Message(
            key=f"{Kind.DAILY_SUMMARY}-{until:%Y%m%dT%H%MZ}-{recipient}",
            kind=Kind.DAILY_SUMMARY,
            practitioner=practitioner,
            content={"since": since.isoformat(), "until": until.isoformat()},
            due_at=until + SETTLING_TIME,
        )

    def _window(self) -> tuple[datetime, datetime]:
        location = Location.objects.first()
        assert location is not None  # An appointment has one.
        today = self.now.astimezone(location.zone).date()
        until = self._window_end(today, location)
        day = today if self.now < until else today + timedelta(days=1)
        return self._window_end(day - timedelta(days=1), location), self._window_end(day, location)

    def _window_end(self, day: date, location: Location) -> datetime:
        summary_at = self.clinic.summary_at if self.clinic else Clinic().summary_at
        return datetime.combine(day, summary_at, tzinfo=location.zone).astimezone(UTC) - SETTLING_TIME
