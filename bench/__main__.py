"""`make bench`: measure on SQLite, and on PostgreSQL where it is installed; print tables, keep the numbers.

    python -m bench [--short | --tiny] [part ...]

Without a name every part is run; docs/bench.md says what each is about. ``--short`` takes some minutes
and tells much the same, ``--tiny`` only shows that everything starts.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.tables import verdicts

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "bench"
# A module a part: what it needs beside Python, ``measure(size)``, ``table(found)`` and ``goals(found)``.
PARTS = ("availability", "pages", "times", "front", "booking", "growth")
SIZES = ("full", "short", "tiny")
MOST_SECONDS = {"full": 1200, "short": 600, "tiny": 600}  # Far more than a part takes: one that hangs must end.


def main() -> int:
    wanted = arguments()
    if results := os.environ.get("BENCH_RESULTS"):
        found = import_module(f"bench.{wanted.parts[0]}").measure(wanted.size)
        Path(results).write_text(json.dumps(found))
        return 0
    RESULTS.mkdir(parents=True, exist_ok=True)
    missed = [line for part in wanted.parts or PARTS for line in run(part, wanted.size)]
    print("\nNot reached:\n" + "\n".join(missed) if missed else "\nEvery goal was reached.")
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the site beside bare servers.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="part", help=", ".join(PARTS))
    parser.add_argument("--short", dest="size", action="store_const", const="short", help="a few minutes")
    parser.add_argument("--tiny", dest="size", action="store_const", const="tiny", help="only see that it starts")
    parser.set_defaults(size="full")
    return parser.parse_args()


def run(part: str, size: str) -> list[str]:
    """One part on each engine: prints its tables, keeps its numbers, and gives the goals that were missed."""
    module = import_module(f"bench.{part}")
    missing = [program for program in module.NEEDS if shutil.which(program) is None]
    if missing:
        print(f"\n{part} is not measured: it needs {' and '.join(missing)} (Debian: apt-get install wrk nginx-light).")
        return [f"  {part}: not measured"]
    kept: dict[str, Any] = {"size": size}
    missed = []
    with tempfile.TemporaryDirectory(prefix="clinic-bench-") as folder:
        command = [sys.executable, "-m", "bench", part, *([] if size == "full" else [f"--{size}"])]
        engines = {
            "SQLite": (command, {"DATABASE_URL": f"sqlite:///{folder}/clinic.sqlite3"}),
            "PostgreSQL": ([sys.executable, "tests/on_postgresql.py", *command], {"SURVIVES_POWER_CUTS": "1"}),
        }
        for engine, (words, variables) in engines.items():
            results = Path(folder) / f"{engine}.json"
            # Where PostgreSQL is missing, its command says how to get it and writes nothing.
            variables = variables | {"BENCH_RESULTS": str(results)}
            subprocess.run(words, cwd=ROOT, env=os.environ | variables, check=True, timeout=MOST_SECONDS[size])
            if not results.exists():
                continue
            found = json.loads(results.read_text())
            goals = [goal.as_json() for goal in module.goals(found)]
            kept[engine] = found | {"goals": goals}
            (RESULTS / f"{part}.json").write_text(json.dumps(kept, indent=1) + "\n")
            print(f"\n{part} on {engine}\n{module.table(found)}\n{verdicts(goals)}\n", flush=True)
            missed += [f"  {part} on {engine}: {goal['what']}" for goal in goals if not goal["is_reached"]]
    return missed


if __name__ == "__main__":
    sys.exit(main())
