"""Sizes of the benchmark: full, quick, and tiny (to test that it runs)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    rounds: int  # within one process
    rate_rounds: int  # of one second with wrk
    clinics: tuple[tuple[int, int], ...]  # practitioners and appointments, for the page to choose a time
    visits: int  # appointments in the clinic where patients book
    bookings: int  # within one process
    load: int  # bookings by 16 concurrent patients
    races: int  # for one slot each
    racers: int
    growth_visits: tuple[int, int]
    growth_pages: tuple[int, int]


SIZES = {
    "full": Size(
        rounds=100,
        rate_rounds=7,
        clinics=((5, 10_000), (20, 50_000)),
        visits=10_000,
        bookings=60,
        load=960,
        races=100,
        racers=64,
        growth_visits=(1_000, 100_000),
        growth_pages=(20, 200),
    ),
    "quick": Size(
        rounds=30,
        rate_rounds=2,
        clinics=((5, 10_000), (20, 50_000)),
        visits=1_000,
        bookings=20,
        load=320,
        races=10,
        racers=64,
        growth_visits=(1_000, 10_000),
        growth_pages=(20, 100),
    ),
    "tiny": Size(
        rounds=1,
        rate_rounds=1,
        clinics=((1, 5), (2, 10)),
        visits=5,
        bookings=1,
        load=2,
        races=1,
        racers=3,
        growth_visits=(5, 10),
        growth_pages=(6, 8),
    ),
}
