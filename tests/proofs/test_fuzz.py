"""Fuzz test: random POST requests to all public forms never cause a 5xx or inconsistent data.

Sends 6,000 requests (20,000 with ``make prove-long``) from two processes with a database each (``fuzz_clinic``).
Set FUZZ_SEED for another sequence; a failure prints its seed.
"""

import os
import subprocess
import sys
from contextlib import ExitStack

import pytest

from tests.proofs.race_site import ROOT, own_database

pytestmark = pytest.mark.prove

SEED = int(os.environ.get("FUZZ_SEED", "20261124"))
TOWNS = 2
MOST_SECONDS = 1500  # Far more than it takes: a timeout for processes that hang.


@pytest.mark.parametrize("posts", [6_000, pytest.param(20_000, marks=pytest.mark.long)])
def test_random_posts_never_fail_and_keep_the_data_consistent(tmp_path, posts):
    with ExitStack() as stack:
        towns = [stack.enter_context(town(number, posts // TOWNS, stack, tmp_path)) for number in range(TOWNS)]
        codes = [process.wait(timeout=MOST_SECONDS) for process in towns]
        logs = [(tmp_path / f"{number}.log").read_text() for number in range(TOWNS)]
    print("\n".join(logs))
    assert codes == [0] * TOWNS
    posted = sum(int(line.split()[0]) for text in logs for line in text.splitlines() if " posts to " in line)
    assert posted == posts


def town(number, posts, stack, folder):
    """Start one fuzzing process, which is killed at the end of the test."""
    seed = SEED + number
    print(f"Town {number}: FUZZ_SEED={seed}")
    (folder / str(number)).mkdir()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-s",
            "--show-capture=no",
            "-p",
            "no:cacheprovider",
            "tests/proofs/fuzz_clinic.py",
        ],
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": stack.enter_context(own_database(folder / str(number))),
            "FUZZ_SEED": str(seed),
            "FUZZ_POSTS": str(posts),
        },
        stdout=stack.enter_context((folder / f"{number}.log").open("w")),
        stderr=subprocess.STDOUT,
    )
    stack.callback(process.kill)
    return process
