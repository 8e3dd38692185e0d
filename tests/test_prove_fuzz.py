"""Whatever is posted to a public form, by anybody, in any order: never a 5xx, and the books stay right.

Twenty thousand posts on the database of this run, by two processes with a database each (``fuzz_town``).
Set FUZZ_SEED to take other ways; a failure says which seed it had.
"""

import os
import subprocess
import sys
from contextlib import ExitStack

import pytest

from tests.race_site import ROOT, own_database

pytestmark = pytest.mark.prove

SEED = int(os.environ.get("FUZZ_SEED", "20261124"))
POSTS = int(os.environ.get("FUZZ_POSTS", "20000"))
TOWNS = 2
MOST_SECONDS = 1500  # Far more than it takes: a town that hangs must not hang the proof.


def test_whatever_is_posted_nothing_fails_and_the_books_stay_right(tmp_path):
    with ExitStack() as stack:
        towns = [stack.enter_context(town(number, stack, tmp_path)) for number in range(TOWNS)]
        codes = [process.wait(timeout=MOST_SECONDS) for process in towns]
        said = [(tmp_path / f"{number}.log").read_text() for number in range(TOWNS)]
    print("\n".join(said))
    assert codes == [0] * TOWNS
    posted = sum(int(line.split()[0]) for text in said for line in text.splitlines() if " posts to " in line)
    assert posted == POSTS


def town(number, stack, folder):
    """One town under way, in a process that ends with this proof."""
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
            "tests/fuzz_town.py",
        ],
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": stack.enter_context(own_database(folder / str(number))),
            "FUZZ_SEED": str(seed),
            "FUZZ_POSTS": str(POSTS // TOWNS),
        },
        stdout=stack.enter_context((folder / f"{number}.log").open("w")),
        stderr=subprocess.STDOUT,
    )
    stack.callback(process.kill)
    return process
