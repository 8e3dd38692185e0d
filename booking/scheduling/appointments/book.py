"""Command: turn a hold into an appointment, or into a booking that the patient has to confirm."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError

from booking import messages, rate_limits
from booking.models import Appointment, AppointmentEvent, Clinic, Patient, Status
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.allowance import has_booked_enough, leaves_enough, lock_key, set_source
from booking.scheduling.appointments.hold_rows import BOOKED_ELSEWHERE, check_hold, lock_hold, query_for_hold
from booking.scheduling.appointments.patient_matching import (
    check_books_online,
    count_upcoming_visits,
    match_or_create,
    patients_with_email,
)
from booking.scheduling.appointments.patient_overlaps import NO_KNOWN_VISITS, KnownVisits, check_known_overlaps
from booking.scheduling.events import add_event, appointment_state
from booking.scheduling.exceptions import AlreadyBooked, CallToBook, LostRace
from booking.scheduling.locks import locked, overlap_as_lost_race
from booking.scheduling.slots.search import slot_taken
from booking.scheduling.types import UNKNOWN_VISITOR, PatientDetails, Visitor

_Kind = AppointmentEvent.Kind


def book(
    *,
    hold: Appointment,
    details: PatientDetails,
    submission_key: str,
    by: Actor,
    now: datetime,
    visitor: Visitor = UNKNOWN_VISITOR,
    known: KnownVisits = NO_KNOWN_VISITS,
    accepts_overlap: bool = False,
    booked_from: str = "",
) -> Appointment:
    """Turn a hold into an appointment and queue the messages to the patient and the clinic.

    A visitor who has not proved to own the e-mail address may take a part of each day only, and a network a few
    bookings a day (``allowance``). Beyond that the appointment is UNCONFIRMED: it takes no time, and the patient gets
    an e-mail with the link to confirm it within ``settings.BOOKING_CONFIRM_WITHIN``.

    ``booked_from``: the published page whose link led to it, or a ``BookedFrom``.

    ``submission_key`` is an idempotency key: repeated, it returns the same appointment, with ``is_repeat``. An expired
    hold is reacquired if its slot is still free. Whether live or expired, everything that was checked when the slot was
    chosen is checked again. Raises SlotTaken (with the nearest slots) if the slot cannot be booked any more;
    NotBookable if the service cannot be booked online any more or is not for this patient;
    AlreadyBooked if the hold or the key has booked something else; CallToBook if this e-mail address has the
    clinic's maximum of upcoming visits, or the patient books by phone only; VisitOverlaps if a visit in ``known`` is
    at the same time (R16), unless ``accepts_overlap``. A hold that could not be booked stays.
    """
    query = query_for_hold(hold, now, details.is_first_visit)
    try:
        email_key = None if by.is_staff else visits_ahead_lock(details.email)
        with (
            unique_submission_key(),
            overlap_as_lost_race(),
            locked([hold.practitioner_id], hold.location, [lock_key(visitor.network), email_key]),
        ):
            appointment = lock_hold(hold)
            if appointment.submission_key == submission_key:
                appointment.is_repeat = True
                return appointment
            if not appointment.is_hold:
                raise AlreadyBooked(BOOKED_ELSEWHERE)
            before, was_live = appointment_state(appointment), appointment.is_live_hold(now)
            was_counted = was_live and appointment.is_unverified
            query = query_for_hold(appointment, now, details.is_first_visit)
            check_hold(appointment, query)
            if not accepts_overlap:
                check_known_overlaps(appointment, known)
            candidates = patients_with_email(details)
            if not by.is_staff:
                check_books_online(details.name, details.email, details.phone)
                check_upcoming_limit(candidates, now)
            if not was_live:
                set_source(appointment, visitor.network)
            appointment.is_unverified = not (by.is_staff or visitor.has_proved(details.email))
            must_confirm = _must_be_confirmed(appointment, visitor, now, was_counted=was_counted)
            appointment.status = Status.UNCONFIRMED if must_confirm else Status.BOOKED
            deadline = min(now + settings.BOOKING_CONFIRM_WITHIN, appointment.starts_at)
            appointment.hold_expires_at = deadline if must_confirm else None
            appointment.series = None  # A basket of one time is no series.
            appointment.booked_from = booked_from
            set_details(appointment, details, match_or_create(details, candidates, by=by), submission_key)
            appointment.save()
            if must_confirm:
                add_event(appointment, _Kind.UNCONFIRMED, by=by, now=now, before=before)
                messages.enqueue_confirm_request(appointment, now=now)
            else:
                add_event(appointment, _Kind.BOOKED, by=by, now=now, before=before)
                messages.enqueue_booking(appointment, now=now)
            return appointment
    except LostRace:
        raise slot_taken(query, hold.starts_at) from None


def set_details(appointment: Appointment, details: PatientDetails, patient: Patient, submission_key: str) -> None:
    """Make a hold the appointment of this patient. Does not set its status, and does not save."""
    appointment.patient = patient
    appointment.is_first_visit = details.is_first_visit
    appointment.reminders = details.reminders
    appointment.reminders_by = details.reminders_by
    appointment.notice_version = details.notice_version
    appointment.submission_key = submission_key
    appointment.hold_key = ""


def _must_be_confirmed(appointment: Appointment, visitor: Visitor, now: datetime, *, was_counted: bool) -> bool:
    """Whether a booking, whose ``is_unverified`` is set, counts only when the patient has confirmed it.

    ``was_counted``: a live hold was within what unverified visitors may take, when it was made.
    """
    if not appointment.is_unverified:
        return False
    return has_booked_enough(visitor.network, now=now) or not (was_counted or leaves_enough(appointment, now=now))


def visits_ahead_lock(email: str) -> rate_limits.RateLimitKey:
    """Key of the advisory lock that serializes the count of upcoming visits per e-mail address."""
    return "visits ahead", email.casefold()


def check_upcoming_limit(candidates: Sequence[Patient], now: datetime) -> None:
    """Raise CallToBook if these patients have the clinic's maximum of upcoming online bookings."""
    limit = Clinic.objects.values_list("visits_ahead_per_email", flat=True).first() if candidates else None
    if limit is not None and count_upcoming_visits(candidates, now=now) >= limit:
        raise CallToBook


@contextmanager
def unique_submission_key() -> Iterator[None]:
    """Convert the IntegrityError of a reused submission key to AlreadyBooked."""
    try:
        yield
    except IntegrityError as error:
        if "submission_key" in str(error):
            raise AlreadyBooked(
                "You've already booked with this form, and nothing was booked twice. Look at that appointment first."
            ) from error
        raise
