"""`make bench`: measure on SQLite, and on PostgreSQL where it is installed; print tables, keep the numbers.

python -m bench [--quick]
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from bench import availability, pages

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "bench"


def main() -> int:
    RESULTS.mkdir(parents=True, exist_ok=True)
    for subject in (availability, pages):
        failed = measure(subject)
        if failed:
            return failed
    return 0


def measure(subject: ModuleType) -> int:
    """Run one subject's measurements on each engine, print its tables, and keep its numbers."""
    name = subject.__name__.rpartition(".")[2]
    command = [sys.executable, "-m", subject.__name__, *sys.argv[1:]]
    found = {}
    with tempfile.TemporaryDirectory(prefix="clinic-bench-") as folder:
        engines = {
            "SQLite": (command, {"DATABASE_URL": f"sqlite:///{folder}/clinic.sqlite3"}),
            "PostgreSQL": ([sys.executable, str(ROOT / "tests" / "on_postgresql.py"), *command], {}),
        }
        for engine, (arguments, variables) in engines.items():
            results = Path(folder) / f"{engine}.json"
            # Where PostgreSQL is missing, its command says how to get it and writes nothing.
            finished = subprocess.run(
                arguments, cwd=ROOT, env=os.environ | variables | {"BENCH_RESULTS": str(results)}, check=False
            )
            if finished.returncode != 0:
                return finished.returncode
            if results.exists():
                found[engine] = json.loads(results.read_text())
                (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
                print(f"\n{name} on {engine}\n{subject.table(found[engine])}\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
