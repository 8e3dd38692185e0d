"""What the booking panel offers: the visits of a practitioner, the starts within a gap, and free times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext

from booking import scheduling
from booking.desk.calendar.board import Board, CalendarBlock
from booking.desk.calendar.load import next_mark
from booking.formatting import clock, clock_change_note, duration, short_day
from booking.models import Appointment, Location, Patient, Practitioner, PractitionerService, Service, Status
from booking.scheduling import Slot

STEP = timedelta(minutes=5)
SOON_SHOWN = 6
FREE_SHOWN = 24
DAYS_SEARCHED = 14


@dataclass(frozen=True)
class VisitChoice:
    """A service as a radio button; ``why_not`` says why it cannot be chosen."""

    service: Service
    length: timedelta
    price: Decimal
    why_not: str = ""


@dataclass(frozen=True)
class FreeTime:
    """A free start as a button; ``value`` is read by ``parse_free_time``."""

    label: str
    detail: str
    value: str
    is_now: bool = False


@dataclass(frozen=True)
class ChosenTime:
    """What the button of a free time stands for. ``fold``: "0" or "1" for a time that comes twice."""

    on: date
    at: str
    practitioner: str
    location: str
    fold: str = ""


def visit_rows(practitioner: Practitioner | None, gap: CalendarBlock | None) -> list[VisitChoice]:
    """All services, those that can be chosen first. Two queries."""
    services = Service.objects.filter(is_active=True)
    if practitioner is None:
        return [VisitChoice(service, service.duration, service.price) for service in services]
    offers = {offer.service_id: offer for offer in PractitionerService.objects.filter(practitioner=practitioner)}
    rows = [_visit_row(service, practitioner, offers.get(service.pk), gap) for service in services]
    return sorted(rows, key=lambda row: bool(row.why_not))


def _visit_row(
    service: Service, practitioner: Practitioner, offer: PractitionerService | None, gap: CalendarBlock | None
) -> VisitChoice:
    if offer is None or (service.needs_needling_authorisation and not practitioner.authorised_for_needling):
        sentence = gettext("not with %(person)s") % {"person": practitioner.given_names}
        return VisitChoice(service, service.duration, service.price, sentence)
    length = offer.own_duration or service.duration
    price = service.price if offer.own_price is None else offer.own_price
    is_too_long = gap is not None and length > gap.length
    sentence = gettext("too long: %(length)s") % {"length": duration(length)} if is_too_long else ""
    return VisitChoice(service, length, price, sentence)


def usual_service(patient: Patient | None, rows: Sequence[VisitChoice]) -> Service | None:
    """What this patient, None for a new one, most likely comes for: the last visit's service, else the first in order.

    A visit for new patients is not repeated.
    """
    possible = [row.service for row in rows if not row.why_not]
    attended = [Status.BOOKED, Status.ARRIVED, Status.FULFILLED]
    past = Appointment.objects.filter(patient=patient, status__in=attended) if patient else Appointment.objects.none()
    last = past.select_related("service").order_by("-starts_at").first()
    if last and last.service in possible and last.service.audience != Service.Audience.NEW:
        return last.service
    return next((service for service in possible if service.is_open_to(last is None)), None)


def starts_in(gap: CalendarBlock, rows: Iterable[VisitChoice]) -> list[datetime]:
    """Every five minutes of the gap, in local time, and its own start, as long as the shortest visit fits."""
    shortest = min((row.length for row in rows if not row.why_not), default=STEP)
    start, last = gap.starts_at.astimezone(UTC), gap.ends_at.astimezone(UTC) - shortest
    starts = [start]
    following = next_mark(start + timedelta(seconds=1))
    while following <= last:
        starts.append(following)
        following += STEP
    return [start.astimezone(gap.location.zone) for start in starts]


def soon(board: Board, now: datetime) -> list[FreeTime]:
    """Everyone who is free now, then the first times of the gaps that follow on the days shown."""
    begins_now = next_mark(now)
    gaps = sorted(
        ((gap, column.practitioner) for column in board.columns for gap in column.gaps),
        key=lambda pair: pair[0].starts_at,
    )
    free_now = [pair for pair in gaps if pair[0].starts_at <= begins_now]
    later = [pair for pair in gaps if pair[0].starts_at > begins_now]
    return [
        _free_time(gap.starts_at, person, gap.location, is_now=index < len(free_now), until=gap.ends_at)
        for index, (gap, person) in enumerate([*free_now, *later[: max(SOON_SHOWN - len(free_now), 0)]])
    ]


def free_times(
    *, service: Service, now: datetime, first_on: date, practitioner: Practitioner | None, location: Location | None
) -> list[FreeTime]:
    """The first free starts of a service from this local day on."""
    slots = scheduling.free_times_for_staff(
        service=service,
        now=now,
        first_on=first_on,
        last_on=first_on + timedelta(days=DAYS_SEARCHED),
        practitioner=practitioner,
        location=location,
    )
    return as_free_times(slots[:FREE_SHOWN])


def as_free_times(slots: Sequence[Slot]) -> list[FreeTime]:
    """Each with the first practitioner who is free."""
    locations, people = Location.objects.in_bulk(), Practitioner.objects.in_bulk()
    return [
        _free_time(
            slot.starts_at.astimezone(locations[slot.location_id].zone),
            people[slot.practitioner_ids[0]],
            locations[slot.location_id],
        )
        for slot in slots
    ]


def _free_time(
    local: datetime, person: Practitioner, place: Location, *, is_now: bool = False, until: datetime | None = None
) -> FreeTime:
    fold = f" {local.fold}" if clock_change_note(local) else ""
    names = {"person": person.given_names}
    if until is None:
        label, detail = f"{short_day(local)}, {clock(local)}", names["person"]
    else:
        label = gettext("Now") if is_now else clock(local)
        detail = gettext("%(person)s, until %(end)s") % {**names, "end": clock(until)}
    return FreeTime(label, detail, f"{local:%Y-%m-%d %H:%M} {person.slug} {place.slug}{fold}", is_now)


def parse_free_time(value: str) -> ChosenTime | None:
    """What the button with this value stands for; None if it is malformed."""
    match value.split(" "):
        case [on, at, practitioner, location, *fold] if fold in ([], ["0"], ["1"]):
            try:
                chosen = datetime.strptime(f"{on} {at}", "%Y-%m-%d %H:%M")  # noqa: DTZ007  (a wall time)
            except ValueError:
                return None
            return ChosenTime(chosen.date(), f"{chosen:%H:%M}", practitioner, location, "".join(fold))
    return None
