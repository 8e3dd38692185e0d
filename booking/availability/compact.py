"""Compact days: which starts leave no gap that is too short for another visit (R15)."""

from collections.abc import Sequence
from datetime import date, timedelta

from booking.availability.inputs import LocationDay, Request, Schedule
from booking.availability.intervals import Interval
from booking.availability.local_time import LOOK_BACK, SECOND
from booking.availability.starts import blocks_of, hours_of


def compact_starts(
    schedule: Schedule, place: LocationDay, request: Request, starts: Sequence[int], day: date, shortest: timedelta
) -> list[int]:
    """Filter the sorted free ``starts`` of a local day, in seconds since 1970 UTC.

    Kept are those whose visit touches a booked visit, a break or the edge of the hours, and those that leave on both
    sides at least ``shortest``, the length of the practitioner's shortest visit.
    """
    hours = hours_of(schedule, place, day - LOOK_BACK, day)
    free = _free_intervals(hours, blocks_of(schedule, place, request, day - LOOK_BACK, day))
    length, least = request.duration // SECOND, shortest // SECOND
    kept = []
    for start in starts:
        begin, end = next(interval for interval in free if interval[0] <= start and start + length <= interval[1])
        before, after = start - begin, end - start - length
        if 0 in (before, after) or min(before, after) >= least:
            kept.append(start)
    return kept


def _free_intervals(hours: Sequence[Interval], blocks: Sequence[Interval]) -> list[Interval]:
    """The parts of ``hours`` outside the merged ``blocks``."""
    free = []
    for opens, closes in hours:
        begin = opens
        for block_start, block_end in blocks:
            if block_end <= begin or block_start >= closes:
                continue
            if block_start > begin:
                free.append((begin, block_start))
            begin = max(begin, block_end)
        if begin < closes:
            free.append((begin, closes))
    return free
