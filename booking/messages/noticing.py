"""How the clinic and its practitioners hear of bookings: at once, once a day, or not.

The day's mail is a row like any other: the first news of a day writes it, inside the transaction of
the change, due at the hour the clinic has set. So a day without news writes nothing, and a worker
that was away sends what it missed. What it says is read from the events when it leaves.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from booking import together
from booking.messages.rows import row
from booking.models import Appointment, AppointmentEvent, Clinic, Location, Message, Notices, Practitioner

Kind = Message.Kind
# News of the last minutes belongs to the next mail: a change that began before the mail is due may end after it left.
SETTLES = timedelta(minutes=5)


def notices(
    appointment: Appointment, event: str, now: datetime, *, also_to: Iterable[Practitioner] = ()
) -> Iterable[Message]:
    """The rows that tell the clinic and each practitioner concerned, as each has chosen; each address once.

    ``also_to``: practitioners who were told of the appointment before, and lose it now.
    """
    clinic = _clinic_of(_clinics.ask())
    chosen = clinic.notices if clinic else Notices.AT_ONCE
    addressed = {clinic.email.lower()} if clinic and chosen != Notices.NONE else set()
    days = _Days(clinic, now)
    if chosen == Notices.AT_ONCE:
        yield row(appointment, Kind.CLINIC_NOTICE, event, due_at=now, event=event)
    elif chosen == Notices.DAILY:
        yield days.summary_for(None)
    told_before = {practitioner.pk for practitioner in also_to}
    # In the order of their ids: two commands that write the same day's rows never wait in a circle.
    for practitioner in sorted({appointment.practitioner, *also_to, *_who_had_it(appointment, event)}, key=_pk):
        address = practitioner.email.lower()
        if not address or not practitioner.is_active or address in addressed:
            continue
        if practitioner.notices == Notices.DAILY:
            addressed.add(address)
            yield days.summary_for(practitioner)
        elif practitioner.notices == Notices.AT_ONCE and (
            practitioner == appointment.practitioner or practitioner.pk in told_before
        ):
            addressed.add(address)
            notice = row(appointment, Kind.CLINIC_NOTICE, f"{event}-to-{practitioner.pk}", due_at=now, event=event)
            notice.practitioner = practitioner
            yield notice


# Each booking asks, so it is put together once, and made into a clinic only when the row is another one.
_clinics = together.Statement(
    lambda: {"clinics": together.Part(Clinic.objects.all(), ["email", "notices", "summary_at"])}
)


@lru_cache(maxsize=4)
def _clinic_of(rows: tuple[together.Row, ...]) -> Clinic | None:
    return next(iter(_clinics.found(rows)["clinics"]), None)


def _pk(practitioner: Practitioner) -> int:
    return practitioner.pk


def _who_had_it(appointment: Appointment, event: str) -> Iterable[Practitioner]:
    """Whose it was before it was moved to somebody else; they hear of it once a day, if they have chosen so."""
    if event != "changed":
        return ()
    moved = appointment.events.filter(kind=AppointmentEvent.Kind.RESCHEDULED).last()
    before = (moved.before if moved else {}).get("practitioner")
    return Practitioner.objects.filter(pk=before).exclude(pk=appointment.practitioner_id) if before else ()


class _Days:
    """The clinic's days, each from one daily mail to the next."""

    def __init__(self, clinic: Clinic | None, now: datetime) -> None:
        self.clinic, self.now = clinic, now

    def summary_for(self, practitioner: Practitioner | None) -> Message:
        """The row of the mail that news of this instant belongs to; the same row for all news of that day."""
        since, until = self._window()
        who = "clinic" if practitioner is None else str(practitioner.pk)
        return Message(
            key=f"{Kind.DAILY_SUMMARY}-{until:%Y%m%dT%H%MZ}-{who}",
            kind=Kind.DAILY_SUMMARY,
            practitioner=practitioner,
            content={"since": since.isoformat(), "until": until.isoformat()},
            due_at=until + SETTLES,
        )

    def _window(self) -> tuple[datetime, datetime]:
        location = Location.objects.first()
        assert location is not None  # An appointment has one.
        today = self.now.astimezone(location.zone).date()
        until = self._closes(today, location)
        day = today if self.now < until else today + timedelta(days=1)
        return self._closes(day - timedelta(days=1), location), self._closes(day, location)

    def _closes(self, day: date, location: Location) -> datetime:
        at = self.clinic.summary_at if self.clinic else Clinic().summary_at
        return datetime.combine(day, at, tzinfo=location.zone).astimezone(UTC) - SETTLES
