"""The whole benchmark runs in the smallest size, and reports a row for each measurement."""

import json
import os
import subprocess
import sys

import pytest
from django.db import connection

from bench.serving import ROOT

pytestmark = pytest.mark.prove

MEASURED = [
    "Kept treatment page, 304",
    "Treatment page made anew",
    "  its queries, with 5 and with 25 blocks",
    "nginx with the site beside nginx with a file",
    "Memory of a worker, after pages",
    "Choose a time, 1 people, 5 visits",
    "Choose a time, 2 people, 10 visits",
    "  its queries, with 1 and 2 people",
    "A booking's three forms",
    "  on a day that unverified visitors fill",
    "  p99 beside p50 at 16 writers",
    "  errors",
    "  3 people race for one time",
    "Memory of a worker, after bookings",
    "Growth, 10 visits beside 5",
    "Growth, 8 pages beside 6",
]
PARTS = ["page", "times", "booking", "growth"]  # The first start has its own tests.


@pytest.mark.once
def test_every_part_measures_and_says_what_it_found(tmp_path):
    file = tmp_path / "rows.json"
    printed = measure(file, ["--database", "sqlite", "--results", str(file)])
    assert all(what in printed for what in MEASURED)


@pytest.mark.long
@pytest.mark.skipif(connection.vendor != "postgresql", reason="The other test measures SQLite.")
def test_every_part_measures_on_the_server_in_database_url(tmp_path):
    file = tmp_path / "rows.json"
    measure(file, ["--rows", str(file)])


def measure(file, where):
    """Run the benchmark, check its rows, and return what it printed."""
    command = [sys.executable, "-m", "bench", "--tiny", *where, *PARTS]
    finished = subprocess.run(
        command, cwd=ROOT, env=os.environ, check=True, stdout=subprocess.PIPE, text=True, timeout=900
    )

    rows = json.loads(file.read_text())
    assert [row["what"] for row in rows] == MEASURED
    assert not [row for row in rows if row["measured"].startswith("failed")]
    assert {row["what"]: row["measured"] for row in rows}["  errors"] == "0 in 2 bookings"
    return finished.stdout
