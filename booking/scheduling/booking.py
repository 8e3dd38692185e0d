"""From a held time to an appointment."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import IntegrityError

from booking import limits, messages
from booking.models import Appointment, AppointmentEvent, Message, Status, writing
from booking.scheduling.actors import Actor
from booking.scheduling.holding import BOOKED_ELSEWHERE, search_again, take_again, under_the_lock
from booking.scheduling.locks import locked, overlaps_lost
from booking.scheduling.openings import start_taken
from booking.scheduling.patients import Known, PatientDetails, known_at, patient_for
from booking.scheduling.record import event_of, snapshot
from booking.scheduling.refusals import AlreadyBooked, Lost

_Kind = AppointmentEvent.Kind


def book(*, hold: Appointment, details: PatientDetails, submission_key: str, by: Actor, now: datetime) -> Appointment:
    """Turn a hold into an appointment and queue what the patient and the clinic are told.

    The same ``submission_key`` again gives the same appointment; one that has booked another hold
    raises AlreadyBooked. A hold that has lapsed is taken again if its time is still free; otherwise
    StartTaken, with the nearest free times. LimitReached when the clinic's number of visits ahead
    stands under this e-mail address, and then the hold stays.
    """
    search = search_again(hold, now)
    try:
        turn = None if by.is_staff else _turn_of(details)
        with _one_use_of_a_key(), overlaps_lost(), locked([hold.practitioner_id], hold.location, turn):
            appointment = under_the_lock(hold)
            if appointment.submission_key == submission_key:
                return appointment
            if appointment.status not in {Status.HELD, Status.EXPIRED}:
                raise AlreadyBooked(BOOKED_ELSEWHERE)
            before = snapshot(appointment)
            if not appointment.is_live_hold(now):
                take_again(appointment, search)
            known = known_at(details, now=now)
            if not by.is_staff:
                _refuse_too_many_ahead(known)
            appointment.status = Status.BOOKED
            appointment.patient = patient_for(details, known)
            appointment.is_first_visit = details.is_first_visit
            appointment.reminders = details.reminders
            appointment.reminders_by = details.reminders_by
            appointment.notice_version = details.notice_version
            appointment.submission_key = submission_key
            appointment.hold_expires_at = None
            appointment.hold_key = appointment.hold_client = ""
            _store_booking(
                appointment,
                event_of(appointment, _Kind.BOOKED, by=by, now=now, before=before),
                messages.of_booking(appointment, now=now),
            )
            return appointment
    except Lost:
        raise start_taken(search, hold.starts_at) from None


_SET_BY_BOOKING = (
    "status",
    "patient",
    "room",
    "is_first_visit",
    "reminders",
    "reminders_by",
    "notice_version",
    "submission_key",
    "hold_expires_at",
    "hold_key",
    "hold_client",
)


def _store_booking(appointment: Appointment, event: AppointmentEvent, outbox: Iterable[Message]) -> None:
    changes = writing.AtOnce()
    if appointment.patient and appointment.patient.pk is None:
        changes.insert(appointment.patient)
    changes.update(appointment, *_SET_BY_BOOKING)
    changes.insert(event)
    changes.insert_missing(outbox)
    changes.store()


def _turn_of(details: PatientDetails) -> limits.Use:
    """Visits ahead are counted for one e-mail address at a time."""
    return "visits ahead", details.email.casefold()


def _refuse_too_many_ahead(known: Sequence[Known]) -> None:
    """LimitReached when enough visits that were booked online lie ahead for the address that ``known`` share."""
    ahead, most = sum(one.visits_ahead for one in known), min((one.most_ahead for one in known), default=1)
    if ahead >= most:
        # Always the same wait: when the first of them takes place is nobody else's business.
        raise limits.LimitReached("visits ahead", timedelta(days=1))


@contextmanager
def _one_use_of_a_key() -> Iterator[None]:
    """Turn the database's refusal of a submission key that has booked something already into a sentence."""
    try:
        yield
    except IntegrityError as problem:
        if "submission_key" in str(problem):
            raise AlreadyBooked(
                "This form has already booked a visit. Nothing was booked twice. Look at that visit first."
            ) from problem
        raise
