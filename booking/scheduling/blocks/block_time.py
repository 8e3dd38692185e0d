"""Commands: block time, change and remove a block. Visits inside stay as they are, for staff to resolve."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from booking.models import AppointmentEvent, Closure, Location, Practitioner, TimeOff, WaitlistOffer
from booking.privacy.change_log import log_added_rows, log_changed, log_removed_rows, values_of
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.hold_expiry import expire
from booking.scheduling.blocks.spans import BlockSpan, absences_of, holds_inside
from booking.scheduling.exceptions import NotBlocked
from booking.scheduling.locks import everything_locked, practitioners_locked
from booking.scheduling.waitlist.responses import withdraw

MAX_WEEKS = 26
LONGEST = timedelta(days=366)
DAYS_BACK, DAYS_AHEAD = timedelta(days=31), timedelta(days=1096)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class BlockedTime:
    """What was blocked in one go; ``released``: how many people were choosing or were offered a time inside."""

    batch: uuid.UUID
    time_off: list[TimeOff] = field(default_factory=list)
    closures: list[Closure] = field(default_factory=list)
    released: int = 0


def block_time(
    *,
    practitioners: Collection[Practitioner],
    span: BlockSpan,
    by: Actor,
    now: datetime,
    kind: str = "",
    note: str = "",
    weeks: int = 1,
) -> BlockedTime:
    """Write time off for these practitioners, every week for ``weeks`` weeks, and release the holds inside.

    From the end of the transaction nobody can book online inside it; visits inside stay until staff resolve them.
    Raises NotBlocked.
    """
    _check_people(practitioners, by)
    _check_span(span, weeks, now)
    batch = uuid.uuid4()
    with practitioners_locked(person.pk for person in practitioners):
        rows = [
            _time_off(person, span.later(week), kind=kind, note=note, batch=batch, created_by=by.user)
            for week in range(weeks)
            for person in practitioners
        ]
        TimeOff.objects.bulk_create(rows)
        log_added_rows(by, rows)
        return BlockedTime(batch, time_off=rows, released=_release_holds(rows, by, now))


def close_clinic(*, span: BlockSpan, name: str, by: Actor, now: datetime, weeks: int = 1) -> BlockedTime:
    """Close all locations on these whole days; days that are closed already stay. ``name`` is shown to patients.

    Raises NotBlocked.
    """
    if not by.may_block_everyone():
        raise NotBlocked("Your login may not close the clinic.")
    _check_span(span, weeks, now)
    if not span.is_whole_days:
        raise NotBlocked("The clinic can be closed for whole days only. For hours, choose everyone.")
    if not name:
        raise NotBlocked("Write why the clinic is closed: patients see it.")
    batch = uuid.uuid4()
    days = [day for week in range(weeks) for day in span.later(week).days()]
    with everything_locked():
        closed = set(Closure.objects.filter(on__in=days).order_by().values_list("location", "on"))
        rows = [
            Closure(location=place, on=day, name=name, batch=batch, created_by=by.user)
            for place in Location.objects.all()
            for day in days
            if (place.pk, day) not in closed
        ]
        if not rows:
            raise NotBlocked("The clinic is closed on these days already.")
        Closure.objects.bulk_create(rows)
        log_added_rows(by, rows)
        away = [_time_off(person, span.later(week)) for week in range(weeks) for person in Practitioner.objects.all()]
        return BlockedTime(batch, closures=rows, released=_release_holds(away, by, now))


def change_block(
    *, time_off: TimeOff, span: BlockSpan, by: Actor, now: datetime, kind: str = "", note: str = ""
) -> TimeOff:
    """Give a block another time or reason, and release the holds inside. Raises NotBlocked."""
    _check_people([time_off.practitioner], by)
    _check_span(span, 1, now)
    with practitioners_locked([time_off.practitioner_id]):
        current = TimeOff.objects.filter(pk=time_off.pk).first()
        if current is None:
            raise NotBlocked("Someone else has just removed this block.")
        before = values_of(current)
        current.starts_on, current.start_time = span.starts_on, span.start_time
        current.ends_on, current.end_time = span.ends_on, span.end_time
        current.kind, current.note = kind, note
        current.save()
        log_changed(by, current, before)
        _release_holds([current], by, now)
        return current


def remove_block(*, time_off: TimeOff, by: Actor) -> None:
    """Delete one block; its time can be booked again. Raises NotBlocked."""
    _check_people([time_off.practitioner], by)
    with practitioners_locked([time_off.practitioner_id]):
        rows = TimeOff.objects.filter(pk=time_off.pk)
        log_removed_rows(by, rows)
        rows.delete()


def remove_batch(*, batch: uuid.UUID, by: Actor) -> int:
    """Delete everything that was blocked in one go, closures included, and never a visit.

    Returns the number of blocks and closures. Raises NotBlocked.
    """
    rows = TimeOff.objects.filter(batch=batch)
    people = list(Practitioner.objects.filter(time_off__in=rows).distinct())
    if people:
        _check_people(people, by)
    closures = Closure.objects.filter(batch=batch)
    if closures.exists() and not by.may_block_everyone():
        raise NotBlocked("Your login may not open the clinic.")
    with practitioners_locked(person.pk for person in people):
        log_removed_rows(by, [*rows, *closures])
        return rows.delete()[0] + closures.delete()[0]


def _time_off(person: Practitioner, span: BlockSpan, **fields: object) -> TimeOff:
    return TimeOff(
        practitioner=person,
        starts_on=span.starts_on,
        start_time=span.start_time,
        ends_on=span.ends_on,
        end_time=span.end_time,
        **fields,
    )


def _check_people(practitioners: Collection[Practitioner], by: Actor) -> None:
    if not practitioners:
        raise NotBlocked("Choose whose time to block.")
    if not by.may_block(practitioners):
        raise NotBlocked("Your login may block your own time only.")


def _check_span(span: BlockSpan, weeks: int, now: datetime) -> None:
    if span.is_empty:
        raise NotBlocked("The end has to be after the start.")
    today = now.date()
    if not today - DAYS_BACK <= span.starts_on <= span.ends_on <= today + DAYS_AHEAD:
        raise NotBlocked("Choose days from last month to three years ahead.")
    if span.ends_on - span.starts_on > LONGEST:
        raise NotBlocked("Block a year at most in one go.")
    if not 1 <= weeks <= MAX_WEEKS:
        raise NotBlocked(f"Repeat it for {MAX_WEEKS} weeks at most.")
    if weeks > 1 and span.ends_on - span.starts_on >= WEEK:
        raise NotBlocked("What lasts a week or longer can't be repeated every week.")


def _release_holds(rows: Iterable[TimeOff], by: Actor, now: datetime) -> int:
    """Release the holds and withdraw the waitlist offers inside. Returns their number. Call it under the lock."""
    holds = holds_inside(absences_of(rows), now=now)
    # In order of location, so that two commands lock rooms in one order.
    for hold in sorted(holds, key=lambda hold: (hold.location_id, hold.pk)):
        offer: WaitlistOffer | None = getattr(hold, "waitlist_offer", None)
        if offer is not None and offer.state == WaitlistOffer.State.OPEN:
            withdraw(offer=offer, by=by, now=now)
        else:
            expire([hold], kind=AppointmentEvent.Kind.RELEASED, by=by, now=now)
    return len(holds)
