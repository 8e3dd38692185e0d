"""Command: confirm all bookings of one basket by the link in its e-mail, or none."""

import re
from collections.abc import Mapping
from datetime import datetime

from booking import messages
from booking.models import Appointment, AppointmentEvent, Practitioner, Status
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.change import take_slot
from booking.scheduling.appointments.confirm import LAPSED
from booking.scheduling.appointments.hold_rows import check_bookable, check_hold, query_for_hold
from booking.scheduling.appointments.patient_matching import check_books_online
from booking.scheduling.appointments.patient_overlaps import NO_KNOWN_VISITS, KnownVisits, check_known_overlaps
from booking.scheduling.basket.rows import MOST_CHOICES
from booking.scheduling.events import add_event, appointment_state
from booking.scheduling.exceptions import BasketTaken, LostRace, NotConfirmed
from booking.scheduling.locks import locked_at, overlap_as_lost_race
from booking.scheduling.types import SlotQuery

_Kind = AppointmentEvent.Kind
_NUMBER = re.compile(r"-\d{1,2}$")  # What ``book_basket`` adds to the form's key for all but the first.
Instead = Mapping[str, tuple[datetime, Practitioner] | None]  # By reference; None: without this one.


def unconfirmed_together(appointment: Appointment) -> list[Appointment]:
    """The unconfirmed bookings that are confirmed with this one, itself included, ordered by start."""
    if appointment.series is None:
        return [appointment]
    return sorted(_rows(appointment), key=lambda row: (row.starts_at, row.pk)) or [appointment]


def others_of_form(appointment: Appointment, *, now: datetime) -> list[Appointment]:
    """What became of the others of one form, for the link of one that lapsed, was released or was left out.

    Those that still wait for a confirmation, else those that are booked; ordered by start. None whose links were
    renewed since: whoever has the old link may not open them.
    """
    others = Appointment.objects.filter(link_generation=appointment.link_generation).exclude(pk=appointment.pk)
    others = others.select_related("service", "practitioner", "location", "patient").order_by("starts_at", "pk")
    if appointment.series is not None and (waiting := others.unconfirmed(now=now).filter(series=appointment.series)):
        return list(waiting)
    if not appointment.submission_key:
        return []
    base = _NUMBER.sub("", appointment.submission_key)
    keys = [base, *(f"{base}-{number}" for number in range(2, MOST_CHOICES + 1))]
    return list(others.filter(submission_key__in=keys, status=Status.BOOKED))


def confirm_basket(
    *,
    appointment: Appointment,
    by: Actor,
    now: datetime,
    instead: Instead | None = None,
    known: KnownVisits = NO_KNOWN_VISITS,
    accepts_overlap: bool = False,
) -> list[Appointment]:
    """Book all unconfirmed appointments of this one's basket, and queue the messages of each.

    As ``confirm`` does for one. ``instead``: another time for those that were taken, or None to leave one out, which
    then expires. Raises BasketTaken, which names the starts that are not free, NotBookable, VisitOverlaps, CallToBook,
    or NotConfirmed. Then none is booked.
    """
    changes = dict(instead or {})
    before = unconfirmed_together(appointment)
    people = {row.practitioner_id for row in before} | {change[1].pk for change in changes.values() if change}
    taken: list[Appointment] = []
    try:
        with overlap_as_lost_race(), locked_at(people, {row.location_id: row.location for row in before}.values()):
            rows = _rows(appointment, locked=True)
            if not rows or not all(row.awaits_confirmation(now) for row in rows):
                raise NotConfirmed(LAPSED)
            for row in rows:
                if row.patient is not None and not by.is_staff:
                    check_books_online(row.patient.name, row.patient.email, str(row.patient.phone))
            booked = []
            for row in rows:
                before_state = appointment_state(row)
                change = changes.get(row.reference, (row.starts_at, row.practitioner))
                try:
                    _settle(row, change, now)
                except LostRace:
                    taken.append(row)
                    continue
                if change is not None and not accepts_overlap:
                    check_known_overlaps(row, known)
                row.save()
                add_event(row, _Kind.BOOKED if change else _Kind.EXPIRED, by=by, now=now, before=before_state)
                if change is not None:
                    booked.append(row)
            if taken:
                raise LostRace
            for row in booked:
                messages.enqueue_booking(row, now=now)
            return sorted(booked, key=lambda row: (row.starts_at, row.pk))
    except LostRace:
        gone = {row.reference for row in taken or before if changes.get(row.reference, row) is not None}
        raise BasketTaken([row.starts_at for row in before if row.reference in gone], gone) from None


def _rows(appointment: Appointment, *, locked: bool = False) -> list[Appointment]:
    rows = Appointment.objects.filter(series=appointment.series, status=Status.UNCONFIRMED).order_by("pk")
    rows = rows.select_related("service", "practitioner", "location", "room", "patient")
    return list(rows.select_for_update(of=("self",)) if locked else rows)


def _settle(row: Appointment, change: tuple[datetime, Practitioner] | None, now: datetime) -> None:
    """Set the row's status and, if it changes, its time. Does not save. Raises LostRace or NotBookable."""
    if change is None:
        row.status, row.series = Status.EXPIRED, None
        return
    starts_at, person = change
    if (starts_at, person.pk) == (row.starts_at, row.practitioner_id):
        check_hold(row, query_for_hold(row, now))
    else:
        check_bookable(row.service, row.is_first_visit)
        query = SlotQuery(row.service, now, person, row.location, row.is_first_visit, moving=row)
        take_slot(row, query, [person.pk], starts_at)
    row.status, row.is_unverified, row.hold_expires_at = Status.BOOKED, False, None
