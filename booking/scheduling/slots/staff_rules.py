"""Rules that staff may break on purpose: each is asked about once, with the rule in words, and needs a reason.

Staff are not patients: lead time, horizon, grid, audience and buffers do not apply to them at all.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.utils.translation import gettext

from booking import availability
from booking.availability import LocationDay, Reason, Request, Schedule
from booking.formatting import clock
from booking.models import Appointment
from booking.scheduling.exceptions import SlotTaken
from booking.scheduling.slots.schedules import schedules_for_service
from booking.scheduling.slots.unavailability import build_reason


class StaffRule(Enum):
    """A rule that a booking by staff breaks."""

    PAST = "past"
    CLOSURE = "closure"
    OVERRIDE = "override"
    HOURS = "hours"
    TIME_OFF = "time-off"
    OWN_CALENDAR = "own-calendar"
    BREAK = "break"
    VISIT = "visit"
    ROOM = "room"
    PATIENT = "patient"


OVERBOOKING = frozenset({StaffRule.VISIT, StaffRule.ROOM})  # These need the permission to overbook.

_RULE_OF = {
    Reason.CLOSURE: StaffRule.CLOSURE,
    Reason.OVERRIDE: StaffRule.OVERRIDE,
    Reason.CLOSED: StaffRule.HOURS,
    Reason.TIME_OFF: StaffRule.TIME_OFF,
    Reason.OWN_CALENDAR: StaffRule.OWN_CALENDAR,
    Reason.BREAK: StaffRule.BREAK,
}


@dataclass(frozen=True)
class Exemption:
    """Why staff book outside these rules; ``rules`` are those that they were asked about."""

    reason: str
    rules: Collection[StaffRule]


class NeedsReason(SlotTaken):
    """The booking breaks ``rules``, each with a sentence in ``sentences``.

    To book all the same, repeat the command with an Exemption from them.
    """

    def __init__(self, sentences: Mapping[StaffRule, str]) -> None:
        super().__init__(" ".join(sentences.values()))
        self.rules = frozenset(sentences)
        self.sentences = list(sentences.values())


def broken_rules(appointment: Appointment, *, now: datetime, asks_about_patient: bool) -> dict[StaffRule, str]:
    """The rules that the appointment's time breaks, except other visits of the practitioner and rooms, in words."""
    sentences = {}
    if appointment.ends_at <= now:
        sentences[StaffRule.PAST] = gettext("This time is in the past.")
    for reason in _reasons_of_schedule(appointment):
        built = build_reason(reason, appointment.service, appointment.practitioner, appointment.location)
        sentences[_RULE_OF[reason]] = built.sentence
    if asks_about_patient:
        others = Appointment.objects.at_same_time(appointment).select_related("location", "practitioner")
        if other := others.first():
            sentences[StaffRule.PATIENT] = (
                f"{appointment.patient} has another visit then: {clock(other.local_start)}, with {other.practitioner}."
            )
    return sentences


def _reasons_of_schedule(appointment: Appointment) -> list[Reason]:
    location = appointment.location
    day = availability.local_day(appointment.starts_at, location.zone)
    person = [appointment.practitioner_id]
    hours = schedules_for_service(person, day, day, own_calendars_of=person)
    return availability.schedule_rules_broken(
        hours.schedules.get(appointment.practitioner_id, Schedule()),
        LocationDay(id=location.pk, zone=location.zone, closed_on=hours.closures.get(location.pk, frozenset())),
        Request(appointment.duration, availability.SECOND),
        appointment.starts_at,
    )
