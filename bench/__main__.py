"""``make bench``: compare the site with yardsticks, on SQLite and PostgreSQL, and print one table.

    python -m bench [--quick | --tiny] [--database sqlite] [--results FILE] [part ...]

docs/bench.md explains what each part measures. All numbers are written to var/bench/results.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from bench.clinics import Clinics
from bench.serving import ROOT
from bench.sizes import SIZES
from bench.tables import Row, report

PARTS = ("page", "times", "desk", "booking", "growth", "start")
RESULTS = ROOT / "var" / "bench" / "results.json"
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def main() -> int:
    options = arguments()
    if options.rows:
        options.rows.write_text(json.dumps([asdict(row) for row in measured(options.parts or PARTS, options.size)]))
        return 0
    rows: list[tuple[str, Row]] = []
    options.results.parent.mkdir(parents=True, exist_ok=True)
    for name in options.database or DATABASES:
        rows += [(DATABASES[name], row) for row in on_database(name, options)]
        options.results.write_text(
            json.dumps([{"database": name} | asdict(row) for name, row in rows], indent=1) + "\n"
        )
    print(report(rows))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the site beside yardsticks.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="part", help=f"{', '.join(PARTS)}; or all")
    parser.add_argument("--quick", dest="size", action="store_const", const="quick", help="fewer rounds, less data")
    parser.add_argument("--tiny", dest="size", action="store_const", const="tiny", help="only see that it runs")
    parser.add_argument("--database", action="append", choices=DATABASES, help="only this one")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the numbers are kept, as JSON")
    parser.add_argument("--rows", type=Path, help=argparse.SUPPRESS)  # Measure on DATABASE_URL, write the rows here.
    parser.set_defaults(size="full")
    return parser.parse_args()


def on_database(name: str, options: argparse.Namespace) -> list[Row]:
    """Run the parts in a new process, on a temporary PostgreSQL server or on SQLite."""
    with tempfile.TemporaryDirectory(prefix="clinic-bench-") as folder:
        rows = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "bench", "--rows", str(rows), *options.parts]
        if options.size != "full":
            command.append(f"--{options.size}")
        environ = os.environ | {"SURVIVES_POWER_CUTS": "1"}  # PostgreSQL with fsync, like SQLite.
        environ.pop("DATABASE_URL", None)
        if name == "postgresql":
            command = [sys.executable, "tests/support/postgresql.py", *command]
        subprocess.run(command, cwd=ROOT, env=environ, check=True)
        if not rows.exists():  # PostgreSQL is not installed.
            return [Row("everything", "not measured: PostgreSQL is not installed")]
        return [Row(**row) for row in json.loads(rows.read_text())]


def measured(parts: Sequence[str], size: str) -> list[Row]:
    """Return the rows of all parts. A part that fails gets a row that says so, and the others still run."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="clinic-bench-") as folder:
        clinics = Clinics(Path(folder))
        for part in parts:
            print(part, file=sys.stderr, flush=True)
            try:
                rows += import_module(f"bench.{part}").measure(clinics, SIZES[size])
            except Exception:
                traceback.print_exc()
                rows.append(Row(part, "failed; the traceback is above", "", False))
    return rows


if __name__ == "__main__":
    sys.exit(main())
