"""Why is this time not offered? For staff, with the rule that hides it and a sentence about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from booking import availability, words
from booking.availability import Reason
from booking.models import Appointment, Location, Practitioner, Service
from booking.scheduling.facts import Search, gather


class Withheld(Enum):
    """Why no start at all is offered to this patient, whatever the hour (R11, R13)."""

    SERVICE_INACTIVE = "the service is not offered any more"
    STAFF_ONLY = "only staff book this service"
    OTHER_PATIENTS = "the service is for other patients"
    PRACTITIONER_INACTIVE = "the practitioner has left"
    NOT_OFFERED = "the practitioner does not offer the service"
    NOT_AUTHORISED = "the practitioner is not authorised for needling"
    NO_NEW_PATIENTS = "the practitioner takes no new patients"


@dataclass(frozen=True)
class Explanation:
    """The first rule that hides a start, and what to say about it."""

    reason: Reason | Withheld
    sentence: str


_SENTENCES = {
    Withheld.SERVICE_INACTIVE: "{service} is not offered any more.",
    Withheld.STAFF_ONLY: "{service} is booked by staff only, so patients are not offered it online.",
    Withheld.OTHER_PATIENTS: "{service} is not open to this patient: it is for {audience}.",
    Withheld.PRACTITIONER_INACTIVE: "{practitioner} no longer sees patients here.",
    Withheld.NOT_OFFERED: "{practitioner} does not offer {service}.",
    Withheld.NOT_AUTHORISED: "{practitioner} is not authorised for needling, which {service} needs.",
    Withheld.NO_NEW_PATIENTS: "{practitioner} takes no new patients.",
    Reason.HORIZON: "Patients can book {service} from today to {horizon_days} days ahead.",
    Reason.LEAD_TIME: "{service} is offered online at least {lead_time} ahead, so this is too soon.",
    Reason.CLOSURE: "{location} is closed on that day.",
    Reason.OVERRIDE: "{practitioner} has other hours on that date, and the visit does not fit into them.",
    Reason.CLOSED: "The visit does not fit into the hours of {practitioner} at {location}.",
    Reason.TIME_OFF: "{practitioner} has time off then.",
    Reason.BREAK: "{practitioner} has a break then.",
    Reason.VISIT: "{practitioner} has another visit then, or somebody is just booking that time.",
    Reason.BUFFER: "Another visit of {practitioner} is so close that the time between them would be too short.",
    Reason.GRID: "{service} is offered at other times: every {step} from the start of the hours.",
    Reason.ROOM: "{service} needs a room, and at {location} every room is taken then.",
}


def why_not(
    *,
    service: Service,
    starts_at: datetime,
    practitioner: Practitioner,
    location: Location,
    now: datetime,
    new_patient: bool | None = None,
    moving: Appointment | None = None,
) -> Explanation | None:
    """The rule that keeps patients from this start; None exactly when ``open_starts`` offers it to them.

    ``moving`` is an appointment that looks for a new time: what takes no bookings any more still
    moves, as ``reschedule`` allows.
    """
    withheld = None if moving else _withheld_from_all(service, new_patient)
    reason = withheld or _withheld_by(practitioner, service, new_patient)
    if reason is not None:
        return _explained(reason, service, practitioner, location)
    search = Search(service, now, practitioner, location, new_patient, moving=moving)
    first, last = availability.horizon(now, service.horizon_days, location.zone)
    if not first <= availability.local_day(starts_at, location.zone) <= last:
        # Bounded before any arithmetic: a year 9999 in a form must not overflow.
        return _explained(Reason.HORIZON, service, practitioner, location)
    day = availability.local_day(starts_at, location.zone)
    facts = gather(search, day, day)
    request = facts.requests[practitioner.pk]
    hidden_by = availability.why_not(
        facts.schedules[practitioner.pk],
        facts.places[location.pk],
        request,
        starts_at,
        first=first,
        last=last,
        not_before=search.not_before,
    )
    return hidden_by and _explained(hidden_by, service, practitioner, location, step=words.duration(request.step))


def _withheld_from_all(service: Service, new_patient: bool | None) -> Withheld | None:
    if not service.is_active:
        return Withheld.SERVICE_INACTIVE
    if not service.is_bookable:
        return Withheld.STAFF_ONLY
    return None if service.is_open_to(new_patient) else Withheld.OTHER_PATIENTS


def _withheld_by(practitioner: Practitioner, service: Service, new_patient: bool | None) -> Withheld | None:
    if not practitioner.is_active:
        return Withheld.PRACTITIONER_INACTIVE
    if not practitioner.practitioner_services.filter(service=service).exists():
        return Withheld.NOT_OFFERED
    if service.needs_needling_authorisation and not practitioner.authorised_for_needling:
        return Withheld.NOT_AUTHORISED
    if new_patient and not practitioner.takes_new_patients:
        return Withheld.NO_NEW_PATIENTS
    return None


def _explained(
    reason: Reason | Withheld, service: Service, practitioner: Practitioner, location: Location, step: str = ""
) -> Explanation:
    sentence = _SENTENCES[reason].format(
        service=service,
        practitioner=practitioner,
        location=location,
        audience=str(service.get_audience_display()).lower(),
        horizon_days=service.horizon_days,
        lead_time=words.duration(service.lead_time),
        step=step,
    )
    return Explanation(reason, sentence)
