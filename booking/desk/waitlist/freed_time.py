"""The time of a visit that is cancelled, for the waitlist: who could take it, and an offer to the first of them."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from booking import scheduling
from booking.desk.calendar.board import CalendarBlock
from booking.desk.calendar.grid import Cell
from booking.desk.calendar.page import CalendarPage
from booking.desk.calendar.waiting import WaitingPeople
from booking.desk.waitlist.gap import GapPerson, gap_people
from booking.formatting import clock
from booking.models import Appointment, WaitlistEntry, WaitlistOffer
from booking.scheduling import Actor, SchedulingError


def people_for(page: CalendarPage, visit: Appointment) -> list[GapPerson]:
    """Who could take the visit's time, or what is left of it, in order of joining."""
    starts_at = max(visit.local_start, page.now.astimezone(visit.location.zone))
    if visit.ends_at <= starts_at or not page.may("view_waitlistentry"):
        return []
    people = page.board.waiting
    if visit.local_on not in page.params.days:
        people = WaitingPeople.load([visit.local_on], scheduling.offered_services())
    waiting = people.for_gap(visit.practitioner, visit.location, starts_at, visit.local_end)
    gap = CalendarBlock("gap", starts_at, visit.local_end, visit.location, Cell(1, 1), waiting=waiting)
    return gap_people(page, visit.practitioner, gap)


def can_get_offer(person: GapPerson) -> bool:
    return person.open_offer is None and not person.why_no_offer


def offer_to_first(request: HttpRequest, visit: Appointment, people: Sequence[GapPerson]) -> bool:
    """Offer the time to the first of these who can get an offer, and say so. Returns whether it was offered."""
    refusal = ""
    for person in filter(can_get_offer, people):
        try:
            made = scheduling.offer_to(
                entry=person.entry,
                starts_at=person.starts_at,
                practitioner=visit.practitioner,
                by=Actor.staff(request.user),
                now=timezone.now(),
            )
        except SchedulingError as refused:
            refusal = refused.message
            continue
        say_offered(request, person.entry, made)
        return True
    messages.warning(request, f"{gettext('No one was offered this time.')} {refusal}".strip())
    return False


def say_offered(request: HttpRequest, entry: WaitlistEntry, offer: WaitlistOffer) -> None:
    sentence = gettext("Offered to %(name)s by email, and held until %(time)s")
    until = clock(offer.expires_at.astimezone(entry.location.zone))
    messages.success(request, sentence % {"name": entry.name, "time": until})
