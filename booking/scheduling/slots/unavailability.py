"""Explain to staff why a start is unavailable: the first rule that excludes it, and a sentence."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from booking import availability, formatting
from booking.availability import Reason
from booking.models import Appointment, Location, Practitioner, Service
from booking.scheduling.slots.data import load
from booking.scheduling.types import SlotQuery


class Restriction(Enum):
    """Restrictions that apply to every start, from the service or the practitioner (R11, R13)."""

    SERVICE_INACTIVE = "the service is no longer offered"
    STAFF_ONLY = "only staff book this service"
    OTHER_PATIENTS = "the service is for other patients"
    PRACTITIONER_INACTIVE = "the practitioner has left"
    NOT_OFFERED = "the practitioner doesn't offer the service"
    NOT_AUTHORISED = "the practitioner isn't authorized for needling"
    NO_NEW_PATIENTS = "the practitioner takes no new patients"


@dataclass(frozen=True)
class UnavailabilityReason:
    """The first rule that excludes a start, and a sentence for staff."""

    reason: Reason | Restriction
    sentence: str


SENTENCES = {
    Restriction.SERVICE_INACTIVE: "{service} is no longer offered.",
    Restriction.STAFF_ONLY: "Only staff book {service}, so patients aren't offered it online.",
    Restriction.OTHER_PATIENTS: "{service} isn't open to this patient. It's for {audience}.",
    Restriction.PRACTITIONER_INACTIVE: "{practitioner} no longer sees patients here.",
    Restriction.NOT_OFFERED: "{practitioner} doesn't offer {service}.",
    Restriction.NOT_AUTHORISED: "{practitioner} isn't authorized for needling, which {service} needs.",
    Restriction.NO_NEW_PATIENTS: "{practitioner} isn't taking new patients.",
    Reason.HORIZON: "Patients can book {service} from today to {horizon_days} days ahead.",
    Reason.LEAD_TIME: "{service} is offered online at least {lead_time} ahead, so this is too soon.",
    Reason.CLOSURE: "{location} is closed on that day.",
    Reason.OVERRIDE: "{practitioner} has different hours on that date, and the visit doesn't fit.",
    Reason.CLOSED: "The visit doesn't fit {practitioner}'s hours at {location}.",
    Reason.TIME_OFF: "{practitioner} has time off then.",
    Reason.OWN_CALENDAR: "{practitioner} is busy then, says their own calendar.",
    Reason.BREAK: "{practitioner} has a break then.",
    Reason.VISIT: "{practitioner} has another visit then, or someone is booking that time right now.",
    Reason.BUFFER: (
        "{practitioner} has another visit too close to it. There wouldn't be enough time in "
        "between, or to get there from another location."
    ),
    Reason.GRID: "{service} is offered at other times: every {step} from the start of the hours.",
    Reason.ROOM: "{service} needs a room, and every room at {location} is taken then.",
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
) -> UnavailabilityReason | None:
    """Return the first rule that excludes this start; None exactly when ``available_slots`` contains it.

    ``moving`` is an appointment to reschedule. As in ``reschedule``, it may move even if its service
    no longer takes bookings.
    """
    restriction = None if moving else _service_restriction(service, new_patient)
    reason = restriction or _practitioner_restriction(practitioner, service, new_patient)
    if reason is not None:
        return build_reason(reason, service, practitioner, location)
    query = SlotQuery(service, now, practitioner, location, new_patient, moving=moving)
    first, last = availability.horizon(now, service.horizon_days, location.zone)
    if not first <= availability.local_day(starts_at, location.zone) <= last:
        # Check before any date arithmetic: year 9999 in a form must not overflow.
        return build_reason(Reason.HORIZON, service, practitioner, location)
    day = availability.local_day(starts_at, location.zone)
    data = load(query, day, day)
    request = data.requests[practitioner.pk]
    rule = availability.why_not(
        data.schedules[practitioner.pk],
        data.location_days[location.pk],
        request,
        starts_at,
        first=first,
        last=last,
        not_before=query.not_before,
    )
    return rule and build_reason(rule, service, practitioner, location, step=formatting.duration(request.step))


def _service_restriction(service: Service, new_patient: bool | None) -> Restriction | None:
    if not service.is_active:
        return Restriction.SERVICE_INACTIVE
    if not service.is_bookable:
        return Restriction.STAFF_ONLY
    return None if service.is_open_to(new_patient) else Restriction.OTHER_PATIENTS


def _practitioner_restriction(
    practitioner: Practitioner, service: Service, new_patient: bool | None
) -> Restriction | None:
    if not practitioner.is_active:
        return Restriction.PRACTITIONER_INACTIVE
    if not practitioner.practitioner_services.filter(service=service).exists():
        return Restriction.NOT_OFFERED
    if service.needs_needling_authorisation and not practitioner.authorised_for_needling:
        return Restriction.NOT_AUTHORISED
    if new_patient and not practitioner.takes_new_patients:
        return Restriction.NO_NEW_PATIENTS
    return None


def build_reason(
    reason: Reason | Restriction, service: Service, practitioner: Practitioner, location: Location, step: str = ""
) -> UnavailabilityReason:
    sentence = SENTENCES[reason].format(
        service=service,
        practitioner=practitioner,
        location=location,
        audience=str(service.get_audience_display()).lower(),
        horizon_days=service.horizon_days,
        lead_time=formatting.duration(service.lead_time),
        step=step,
    )
    return UnavailabilityReason(reason, sentence)
