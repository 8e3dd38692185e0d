"""The bench's believable clinic, with a row for every rule, can be asked for its free times over HTTP."""

import json
import os
import subprocess
import sys

import pytest
from django.db import connection

from bench.serving import ROOT

pytestmark = pytest.mark.prove


def test_the_bench_of_free_times_starts_and_measures(tmp_path):
    if connection.vendor == "postgresql":
        pytest.skip("It makes databases of its own, and the server is the tests'.")
    results = tmp_path / "found.json"
    own = {"DATABASE_URL": f"sqlite:///{tmp_path}/clinic.sqlite3", "BENCH_RESULTS": str(results)}
    command = [sys.executable, "-m", "bench", "availability", "--tiny"]
    subprocess.run(command, cwd=ROOT, env=os.environ | own, check=True, timeout=600)

    cells = json.loads(results.read_text())["cells"]
    assert {(cell["days"], cell["queries"]) for cell in cells} == {(14, 2), (60, 2)}
    assert all(cell["candidates"] > cell["days"] for cell in cells)
