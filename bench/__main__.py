"""`make bench`: measure on SQLite, and on PostgreSQL where it is installed; print tables, keep the numbers.

python -m bench [--quick]
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import availability

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "bench"


def main() -> int:
    RESULTS.mkdir(parents=True, exist_ok=True)
    measure = [sys.executable, "-m", "bench.availability", *sys.argv[1:]]
    found = {}
    with tempfile.TemporaryDirectory(prefix="clinic-bench-") as folder:
        on_sqlite = {"DATABASE_URL": f"sqlite:///{folder}/clinic.sqlite3"}
        engines = {
            "SQLite": (measure, on_sqlite),
            "PostgreSQL": ([sys.executable, str(ROOT / "tests" / "on_postgresql.py"), *measure], {}),
        }
        for engine, (command, variables) in engines.items():
            results = Path(folder) / f"{engine}.json"
            # Where PostgreSQL is missing, its command says how to get it and writes nothing.
            finished = subprocess.run(
                command, cwd=ROOT, env=os.environ | variables | {"BENCH_RESULTS": str(results)}, check=False
            )
            if finished.returncode != 0:
                return finished.returncode
            if results.exists():
                found[engine] = json.loads(results.read_text())
                (RESULTS / "availability.json").write_text(json.dumps(found, indent=1) + "\n")
                print(f"\navailability on {engine}\n{availability.table(found[engine])}\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
