"""The first start of the site, on SQLite (bench.first_start)."""

import os

from bench import first_start
from bench.clinics import Clinics
from bench.sizes import Size
from bench.tables import Row, at_most

MOST_SECONDS = 12


def measure(clinics: Clinics, size: Size) -> list[Row]:
    if clinics.is_postgresql:
        return []
    url = os.environ.pop("DATABASE_URL", None)  # serve creates its own database.
    try:
        result = first_start.measure()
    finally:
        if url:
            os.environ["DATABASE_URL"] = url
    return [
        at_most("First start, to the first page", result.cpu, MOST_SECONDS, " s", f"{result.wall:.0f} s by the clock")
    ]
