"""Operations on half-open intervals [start, end) (R1)."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from operator import itemgetter

Interval = tuple[int, int]  # Start and end, in seconds since 1970 UTC (see ``booking.availability``).
ALWAYS: Interval = (-(1 << 62), 1 << 62)


def overlaps(visit: Interval, block: Interval) -> bool:
    """Whether two intervals overlap. An empty ``block`` (a closed day that a time zone skips) overlaps nothing."""
    return visit[0] < block[1] and block[0] < visit[1] and block[0] < block[1]


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Sort intervals and merge those that overlap or touch (R4)."""
    merged: list[Interval] = []
    current_start = current_end = ALWAYS[0]
    for start, end in sorted(intervals, key=itemgetter(0)):
        if start > current_end:
            if current_start < current_end:
                merged.append((current_start, current_end))
            current_start, current_end = start, end
        elif end > current_end:
            current_end = end
    if current_start < current_end:
        merged.append((current_start, current_end))
    return merged


def intersections(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """The intersection of two lists of merged intervals."""
    result = []
    index = 0
    for start, end in left:
        while index < len(right) and right[index][1] <= start:
            index += 1
        ahead = index
        while ahead < len(right) and right[ahead][0] < end:
            result.append((max(start, right[ahead][0]), min(end, right[ahead][1])))
            ahead += 1
    return result


def difference(seconds: Sequence[int], intervals: Sequence[Interval]) -> list[int]:
    """The sorted ``seconds`` that are in none of the merged ``intervals``."""
    remaining: list[int] = []
    after = 0
    for start, end in intervals:
        remaining += seconds[after : bisect_left(seconds, start, after)]
        after = bisect_left(seconds, end, after)
    return [*remaining, *seconds[after:]]


def subtract(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """What remains of the merged intervals ``left`` outside the merged intervals ``right``."""
    result = []
    index = 0
    for start, end in left:
        while index < len(right) and right[index][1] <= start:
            index += 1
        for ahead in range(index, len(right)):
            block_start, block_end = right[ahead]
            if block_start >= end:
                break
            if start < block_start:
                result.append((start, block_start))
            start = block_end
        if start < end:
            result.append((start, end))
    return result
