"""The slots that an appointment can be moved to."""

from datetime import datetime

from booking import scheduling
from booking.models import Appointment, Practitioner
from booking.scheduling import SlotOverview, SlotQuery
from booking.views.query_params import InvalidParams, parse_start
from booking.views.slot_choices import SlotChoice, SlotFinder


def people_for(appointment: Appointment, now: datetime) -> dict[int, Practitioner]:
    """The practitioners who may see this patient for this service, by id."""
    offers = scheduling.offers_of_service(service=appointment.service, now=now, new_patient=appointment.is_first_visit)
    return {offer.practitioner_id: offer.practitioner for offer in offers}


def finder_for(appointment: Appointment, now: datetime, people: dict[int, Practitioner]) -> SlotFinder:
    """Finds slots as if the appointment's own slot were free."""
    query = SlotQuery(
        appointment.service,
        now,
        location=appointment.location,
        new_patient=appointment.is_first_visit,
        moving=appointment,
    )
    return SlotFinder(query, people, SlotOverview(query))


def slot_before(appointment: Appointment, start: str, now: datetime) -> SlotChoice | None:
    """The slot that an appointment was moved from (a value of ``format_start``); None if it is no longer free."""
    people = people_for(appointment, now)
    try:
        starts_at, practitioner = parse_start(start, list(people.values()))
    except InvalidParams:
        return None
    if starts_at <= now or not appointment.can_cancel_online(now):
        return None
    return finder_for(appointment, now, people).at(starts_at, practitioner)
