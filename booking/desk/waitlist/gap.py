"""Who on the waitlist could take a gap: why, in which order, and from when."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from booking.desk.calendar.board import CalendarBlock
from booking.desk.calendar.page import CalendarPage
from booking.formatting import instant, parts_of_day
from booking.models import Practitioner, PractitionerService, WaitlistEntry, WaitlistOffer
from booking.scheduling import part_of_day, why_not_offer

STEP = timedelta(minutes=5)


@dataclass(frozen=True)
class GapPerson:
    """One person in order of joining; ``why_no_offer`` says why they can only be called."""

    entry: WaitlistEntry
    starts_at: datetime  # In the location's time zone.
    days_waiting: int
    parts: str
    open_offer: WaitlistOffer | None
    why_no_offer: str

    @property
    def start_value(self) -> str:
        return instant(self.starts_at)


def gap_people(page: CalendarPage, practitioner: Practitioner, gap: CalendarBlock) -> list[GapPerson]:
    """Four queries, however many wait."""
    if not gap.waiting:
        return []
    offers = WaitlistOffer.objects.filter(state=WaitlistOffer.State.OPEN, entry__in=gap.waiting)
    open_offers = {offer.entry_id: offer for offer in offers.select_related("entry__location")}
    lengths = {
        offer.service_id: offer.duration
        for offer in PractitionerService.objects.filter(practitioner=practitioner).select_related("service")
    }
    refusals = why_not_offer(gap.waiting)
    people = []
    for entry in gap.waiting:
        length = lengths.get(entry.service_id)
        if length and (start := first_start(gap, length, set(map(str, entry.parts)))):
            people.append(
                GapPerson(
                    entry,
                    start,
                    (page.now - entry.created_at).days,
                    parts_of_day(entry.parts),
                    open_offers.get(entry.pk),
                    refusals[entry.pk],
                )
            )
    return people


def first_start(gap: CalendarBlock, length: timedelta, parts: set[str]) -> datetime | None:
    """The first start in the gap, on a row of the calendar, that is in one of these parts of the day."""
    start = _next_row(gap.starts_at)
    while start + length <= gap.ends_at:
        if part_of_day(_wall(start)) in parts:
            return start
        start += STEP
    return None


def _next_row(moment: datetime) -> datetime:
    excess = timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)
    return moment + STEP - excess if excess else moment


def _wall(moment: datetime) -> time:
    return moment.timetz().replace(tzinfo=None)
