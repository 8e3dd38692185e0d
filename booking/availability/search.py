"""Which starts can be booked with one practitioner at one place."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

from booking.availability.clocks import (
    DAY,
    LOOK_BACK,
    ONE_DAY,
    SECOND,
    Day,
    ceil_second,
    days,
    floor_second,
    instant,
    local_day,
    second_at,
)
from booking.availability.facts import Place, Request, Schedule, Visit, WeeklySpan
from booking.availability.stretches import ALWAYS, Stretch, meet, merge, outside, overlaps_of


def starts(
    schedule: Schedule, place: Place, request: Request, *, first: date, last: date, not_before: datetime
) -> list[int]:
    """Every start on the local days ``first`` to ``last`` that can be booked, in order, as seconds (R5).

    ``not_before`` is now plus the lead time, and itself allowed (R7). The caller has already
    bounded the days by the horizon (R8).
    """
    window = second_at(first, 0, place.zone), second_at(last, DAY, place.zone)
    since = first - LOOK_BACK
    hours = hours_of(schedule, place, since, last)
    blocks = blocks_of(schedule, place, request, since, last)
    found = free_starts(hours, blocks, request, max(window[0], ceil_second(not_before)), window[1])
    return outside(found, roomless_starts(place, request.duration)) if request.needs_room else found


def free_starts(
    hours: Sequence[Stretch], blocks: Sequence[Stretch], request: Request, earliest: int, until: int
) -> list[int]:
    """The starts of visits that fit into ``hours``, in order, and between ``blocks``, which are merged (R5).

    Whatever is cut out, the grid stays where the hours began (R4).
    """
    duration, step = request.duration // SECOND, request.step // SECOND
    found: list[int] = []
    over = 0  # So many blocks are over when the hours begin.
    for opens, closes in hours:
        last_start = min(closes - duration, until - 1)
        start = opens if opens >= earliest else on_grid(earliest, opens, step)
        while over < len(blocks) and blocks[over][1] <= opens:
            over += 1
        for index in range(over, len(blocks)):
            block_start, block_end = blocks[index]
            if block_start - duration >= last_start:
                break
            if start <= block_start - duration:
                found += range(start, block_start - duration + 1, step)
            if start < block_end:
                start = on_grid(block_end, opens, step)
        if start <= last_start:
            found += range(start, last_start + 1, step)
    # Hours that run past midnight can meet the next day's.
    return found if all(one[1] <= two[0] for one, two in pairwise(hours)) else sorted(set(found))


# One start


def works_at(schedule: Schedule, place: Place, request: Request, start: int, *, not_before: datetime) -> bool:
    """Whether hours alone allow this start: everything that ``starts`` asks, but for visits and rooms."""
    day = local_day(instant(start), place.zone)
    if not max(second_at(day, 0, place.zone), ceil_second(not_before)) <= start < second_at(day, DAY, place.zone):
        return False
    visit, step = (start, start + request.duration // SECOND), request.step // SECOND
    since = day - LOOK_BACK
    if not any(
        opens <= start and visit[1] <= closes and (start - opens) % step == 0
        for opens, closes in hours_of(schedule, place, since, day)
    ):
        return False
    return not any(meet(visit, block) for block in breaks_and_closures(schedule, place, since, day))


def is_untaken(schedule: Schedule, place: Place, request: Request, start: int) -> bool:
    """Whether visits leave this start free, and a room where one is needed: the rest of what ``starts`` asks."""
    visit = start, start + request.duration // SECOND
    if any(meet(visit, block) for block in buffered(schedule.visits, request)):
        return False
    return not request.needs_room or free_room(place, instant(start), request.duration) is not None


def on_grid(earliest: int, anchor: int, step: int) -> int:
    """The first second, not before ``earliest``, that is a number of whole steps from ``anchor``."""
    return earliest + (anchor - earliest) % step


# Hours


def hours_of(schedule: Schedule, place: Place, first: date, last: date) -> list[Stretch]:
    """The merged working hours that start on each of these days (R3, R4, R9): dated ones, or else weekly ones."""
    weekly = Weekly((row for row in schedule.weekly if row.location == place.id), place.zone)
    found: list[Stretch] = []
    for day in days(first, last, place.zone):
        if day.on in schedule.overrides:
            spans = [dated.span for dated in schedule.overrides[day.on] if dated.location == place.id and dated.span]
            found += merge(span.on(day.on, place.zone) for span in spans)
        elif day.on not in place.closed_on:
            found += weekly.on(day)
    found.sort()  # Where a place skips a day, that day's hours lie among the next day's.
    return found


class Weekly:
    """Weekly rows asked for day by day: what they say is the same each week until a row begins or ends."""

    def __init__(self, rows: Iterable[WeeklySpan], zone: ZoneInfo) -> None:
        self.zone = zone
        self.rows: dict[int, list[WeeklySpan]] = defaultdict(list)
        for row in rows:
            self.rows[row.weekday].append(row)
        # By weekday, in seconds since midnight; only where no row ever begins or ends.
        self.patterns: dict[int, list[Stretch]] = {}

    def on(self, day: Day) -> list[Stretch]:
        """The merged stretches that start on ``day`` (R3, R4)."""
        _, weekday, midnight = day
        if weekday not in self.rows:
            return []
        if midnight is None:
            return merge(row.span.on(day.on, self.zone) for row in self.rows[weekday] if row.holds_on(day.on))
        pattern = self.patterns.get(weekday)
        if pattern is None:
            rows = self.rows[weekday]
            pattern = merge(row.span for row in rows if row.holds_on(day.on))
            if not any(row.starts_on or row.ends_on for row in rows):
                self.patterns[weekday] = pattern
        return [(midnight + opens, midnight + closes) for opens, closes in pattern]


# What cuts time out of them


def blocks_of(schedule: Schedule, place: Place, request: Request, first: date, last: date) -> list[Stretch]:
    """All that cuts time out of hours starting on ``first`` to ``last``: closures, breaks, time off, visits."""
    return merge(chain(breaks_and_closures(schedule, place, first, last), buffered(schedule.visits, request)))


def breaks_and_closures(schedule: Schedule, place: Place, first: date, last: date) -> Iterator[Stretch]:
    """What cuts time out of them whoever comes: closures, breaks, time off."""
    return chain(
        closures_of(schedule, place, first, last + LOOK_BACK),
        breaks_of(schedule, place, first - ONE_DAY, last + LOOK_BACK),
        (away.at(place.zone) for away in schedule.away),
    )


def closures_of(schedule: Schedule, place: Place, first: date, last: date) -> list[Stretch]:
    """The closed local days between ``first`` and ``last`` that no dated hours open again (R9)."""
    return [
        (second_at(day, 0, place.zone), second_at(day, DAY, place.zone))
        for day in place.closed_on
        if first <= day <= last and not reopens(schedule, place, day)
    ]


def reopens(schedule: Schedule, place: Place, day: date) -> bool:
    """Whether dated hours open a closed day again for this practitioner (R9)."""
    return any(dated.location == place.id and dated.span for dated in schedule.overrides.get(day, ()))


def breaks_of(schedule: Schedule, place: Place, first: date, last: date) -> list[Stretch]:
    """The breaks that start on the local days ``first`` to ``last``."""
    weekly = Weekly(schedule.breaks, place.zone)
    return [pause for day in days(first, last, place.zone) for pause in weekly.on(day)]


def buffered(visits: Iterable[Visit], request: Request) -> list[Stretch]:
    """The time that each visit takes from another one (R6).

    Buffers are shared: between two visits there is the longer of what the first needs after it
    and what the second needs before it.
    """
    ours_before, ours_after = request.buffer_before // SECOND, request.buffer_after // SECOND
    return [
        (start - (before if before > ours_after else ours_after), end + (after if after > ours_before else ours_before))
        for start, end, before, after in visits
    ]


def roomless_starts(place: Place, duration: timedelta) -> list[Stretch]:
    """When no room is free for a visit that starts then: merged, and worked out once for a place (R12)."""
    length = duration // SECOND
    found = place.roomless.get(length)
    if found is None:
        found = [ALWAYS]
        for taken in place.rooms.values():
            # A visit meets a taken stretch when it starts before its end, and ends after its start.
            meets = merge((start - length + 1, end) for start, end in taken)
            found = overlaps_of(found, meets)
        place.roomless[length] = found
    return found


def free_room(place: Place, start: datetime, duration: timedelta) -> int | None:
    """The first room, in the order they are filled, that nothing takes while this visit lasts (R12)."""
    begins, ends = floor_second(start), ceil_second(start + duration)
    for room, taken in place.rooms.items():
        if all(end <= begins or ends <= begin for begin, end in taken):
            return room
    return None
