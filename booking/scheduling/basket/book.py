"""Command: book all times of a basket, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import combinations
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext

from booking import messages
from booking.models import Appointment, AppointmentEvent, Patient, Status
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.allowance import has_booked_enough, leaves_enough, lock_key, set_source
from booking.scheduling.appointments.book import (
    check_upcoming_limit,
    set_details,
    unique_submission_key,
    visits_ahead_lock,
)
from booking.scheduling.appointments.hold_rows import BOOKED_ELSEWHERE, check_hold, query_for_hold
from booking.scheduling.appointments.patient_matching import check_books_online, match_or_create, patients_with_email
from booking.scheduling.appointments.patient_overlaps import NO_KNOWN_VISITS, KnownVisits, check_known_overlaps
from booking.scheduling.basket.choose import basket_lock
from booking.scheduling.basket.rows import Basket, load_basket
from booking.scheduling.events import add_event, appointment_state
from booking.scheduling.exceptions import AlreadyBooked, BasketTaken, LostRace, VisitOverlaps
from booking.scheduling.locks import locked_at, overlap_as_lost_race
from booking.scheduling.types import UNKNOWN_VISITOR, PatientDetails, Visitor

_Kind = AppointmentEvent.Kind


def book_basket(
    *,
    basket_id: UUID,
    holder: str,
    details: Mapping[str, PatientDetails],
    submission_key: str,
    by: Actor,
    now: datetime,
    visitor: Visitor = UNKNOWN_VISITOR,
    known: KnownVisits = NO_KNOWN_VISITS,
    accepts_overlap: bool = False,
    booked_from: str = "",
) -> list[Appointment]:
    """Book every time of the basket in one transaction, and queue the messages of each. Ordered by start.

    ``details``: who each is for, by the reference of the time; all have one e-mail address. Everything is checked again
    as in ``book``. If one of the times has to be confirmed by e-mail, all have, by one link. The basket's id becomes
    the series of its appointments. ``booked_from`` as in ``book``. ``submission_key`` repeated returns the same
    appointments, with ``is_repeat``.
    Raises BasketTaken, which names the starts that are not free; NotBookable, AlreadyBooked, CallToBook, or
    VisitOverlaps (R16), also for two times of one person at once. Then nothing is booked, and the holds stay.
    """
    before = load_basket(basket_id, holder)
    taken: list[datetime] = []
    email = next((one.email for one in details.values()), "")
    try:
        with (
            unique_submission_key(),
            overlap_as_lost_race(),
            locked_at(
                before.people,
                {place.pk: place for place in before.locations}.values(),
                [lock_key(visitor.network), visits_ahead_lock(email), basket_lock(holder)],
            ),
        ):
            basket = load_basket(basket_id, holder, locked=True)
            if any(visit.submission_key == submission_key for visit in basket.visits):
                booked = [visit for visit in basket.visits if not visit.is_hold]
                for visit in booked:
                    visit.is_repeat = True
                return booked
            _check_same_times(basket, details)
            booking = _Booking(basket, details, submission_key, by, now, visitor, booked_from)
            must_confirm = booking.take_all(taken)
            if not accepts_overlap:
                _check_overlaps(basket.visits, details, known)
            for name, phone in {(one.name, one.phone) for one in details.values()}:
                check_books_online(name, email, phone)
            booking.finish(must_confirm=must_confirm)
            Appointment.objects.filter(series=basket_id, status=Status.EXPIRED).update(series=None)
            return list(basket.visits)
    except LostRace:
        raise BasketTaken(taken or [visit.starts_at for visit in before.visits]) from None


def _check_same_times(basket: Basket, details: Mapping[str, PatientDetails]) -> None:
    """Raise AlreadyBooked if the basket changed on another page since its form was shown."""
    is_whole = details.keys() == {visit.reference for visit in basket.visits}
    if not basket.visits or not is_whole or not all(visit.is_hold for visit in basket.visits):
        raise AlreadyBooked(BOOKED_ELSEWHERE)


def _check_overlaps(visits: Sequence[Appointment], details: Mapping[str, PatientDetails], known: KnownVisits) -> None:
    for one, other in combinations(visits, 2):
        is_same_person = details[one.reference].name.casefold() == details[other.reference].name.casefold()
        if is_same_person and one.starts_at < other.ends_at and other.starts_at < one.ends_at:
            raise VisitOverlaps(gettext("Two of these appointments are at the same time, for the same person."))
    for visit in visits:
        check_known_overlaps(visit, known)


@dataclass
class _Booking:
    """The work under the lock: take all times, then make them appointments."""

    basket: Basket
    details: Mapping[str, PatientDetails]
    submission_key: str
    by: Actor
    now: datetime
    visitor: Visitor
    booked_from: str
    states: dict[int, dict[str, object]] = field(default_factory=dict)

    def take_all(self, taken: list[datetime]) -> bool:
        """Hold each time until its start. Returns whether the bookings have to be confirmed by e-mail.

        ``taken`` gets the starts that are not free. Raises LostRace if there are any.
        """
        is_over_limit = has_booked_enough(self.visitor.network, now=self.now)
        must_confirm = False
        for visit in self.basket.visits:
            one = self.details[visit.reference]
            self.states[visit.pk] = appointment_state(visit)
            was_live = visit.is_live_hold(self.now)
            was_counted = was_live and visit.is_unverified
            try:
                check_hold(visit, query_for_hold(visit, self.now, one.is_first_visit))
            except LostRace:
                taken.append(visit.starts_at)
                continue
            if not was_live:
                set_source(visit, self.visitor.network)
            visit.is_unverified = not (self.by.is_staff or self.visitor.has_proved(one.email))
            if visit.is_unverified:
                must_confirm |= is_over_limit or not (was_counted or leaves_enough(visit, now=self.now))
            visit.status, visit.hold_expires_at = Status.HELD, visit.starts_at
            visit.save()
        if taken:
            raise LostRace
        return must_confirm

    def finish(self, *, must_confirm: bool) -> None:
        candidates = patients_with_email(next(iter(self.details.values())))
        _lock_in_order(candidates)
        if not self.by.is_staff:
            check_upcoming_limit(candidates, self.now)
        deadline = min(visit.starts_at for visit in self.basket.visits)
        deadline = min(self.now + settings.BOOKING_CONFIRM_WITHIN, deadline)
        for number, visit in enumerate(self.basket.visits):
            one = self.details[visit.reference]
            patient = self._patient(one, candidates)
            # The first has the form's key, and each has one: they count as booked online.
            key = f"{self.submission_key}-{number + 1}" if number else self.submission_key
            set_details(visit, one, patient, key)
            visit.booked_from = self.booked_from
            visit.status = Status.UNCONFIRMED if must_confirm else Status.BOOKED
            visit.hold_expires_at = deadline if must_confirm else None
            visit.save()
            kind = _Kind.UNCONFIRMED if must_confirm else _Kind.BOOKED
            add_event(visit, kind, by=self.by, now=self.now, before=self.states[visit.pk])
            if not must_confirm:
                messages.enqueue_booking(visit, now=self.now)
        if must_confirm:
            messages.enqueue_confirm_request(self.basket.visits[0], now=self.now)

    def _patient(self, details: PatientDetails, candidates: list[Patient]) -> Patient:
        """The patient of these details; one who was made for another time of the basket is found again."""
        patient = match_or_create(details, candidates, by=self.by)
        if patient not in candidates:
            candidates.append(patient)
        return patient


def _lock_in_order(patients: Sequence[Patient]) -> None:
    """Lock the rows that ``match_or_create`` may lock, by primary key: it looks for them in order of the visits."""
    ids = {patient.pk for patient in patients} | {one.merged_into_id for one in patients if one.merged_into_id}
    list(Patient.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))


def with_name(details: PatientDetails, name: str, date_of_birth: date | None = None) -> PatientDetails:
    """The same contact details for somebody else: whoever booked is the contact."""
    return replace(
        details,
        name=name,
        preferred_name="",
        pronouns="",
        contact_name=details.contact_name or details.name,
        date_of_birth=date_of_birth,
    )
