"""Sets of half-open stretches of time (R1): each holds its start, but not its end."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from operator import itemgetter

Stretch = tuple[int, int]  # From one second to another (see ``booking.availability``).
ALWAYS: Stretch = (-(1 << 62), 1 << 62)


def meet(visit: Stretch, block: Stretch) -> bool:
    """Whether they overlap. A block may be empty, as a closed day is that a place skips: that meets nothing."""
    return visit[0] < block[1] and block[0] < visit[1] and block[0] < block[1]


def merge(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Sorted, with overlapping and touching ones made one (R4)."""
    merged: list[Stretch] = []
    begin = reach = ALWAYS[0]
    for start, end in sorted(stretches, key=itemgetter(0)):
        if start > reach:
            if begin < reach:
                merged.append((begin, reach))
            begin, reach = start, end
        elif end > reach:
            reach = end
    if begin < reach:
        merged.append((begin, reach))
    return merged


def overlaps_of(one: Sequence[Stretch], other: Sequence[Stretch]) -> list[Stretch]:
    """What two merged sets both cover."""
    found = []
    index = 0
    for start, end in one:
        while index < len(other) and other[index][1] <= start:
            index += 1
        ahead = index
        while ahead < len(other) and other[ahead][0] < end:
            found.append((max(start, other[ahead][0]), min(end, other[ahead][1])))
            ahead += 1
    return found


def outside(seconds: Sequence[int], stretches: Sequence[Stretch]) -> list[int]:
    """Those of the sorted ``seconds`` that none of the merged ``stretches`` holds."""
    found: list[int] = []
    after = 0
    for start, end in stretches:
        found += seconds[after : bisect_left(seconds, start, after)]
        after = bisect_left(seconds, end, after)
    return [*found, *seconds[after:]]
