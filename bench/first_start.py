"""First start: CPU time of ``manage.py serve`` in an empty folder until the first page answers 200.

    python -m bench.first_start [--runs 3]

Needs Linux (/proc). CPU time is the user and system time of ``serve`` and of all processes that it has started. It is
also read at each line that ``serve`` prints, which gives the cost of each step.
"""

import argparse
import http.client
import os
import queue
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
MOST_SECONDS = 300.0
POLL_SECONDS = 0.05
GOAL_CPU_SECONDS = 12.0
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "DATABASE_URL", "VIRTUAL_ENV", "PYTHONPATH")


@dataclass(frozen=True)
class Step:
    """A line that ``serve`` printed, and the seconds from the start to it."""

    line: str
    cpu: float
    wall: float


@dataclass
class FirstStart:
    """Seconds until the first page."""

    cpu: float = 0.0
    wall: float = 0.0
    steps: list[Step] = field(default_factory=list)

    @property
    def is_reached(self) -> bool:
        return self.cpu <= GOAL_CPU_SECONDS


def measure() -> FirstStart:
    """Start the site in a new folder, and stop it again. Raises RuntimeError if no page is answered."""
    with tempfile.TemporaryDirectory(prefix="first-start-") as folder:
        port = _free_port()
        environ = {name: os.environ[name] for name in INHERITED if name in os.environ}
        # DATABASE_URL must name an empty database; without it, the site creates a SQLite file in the folder.
        environ |= {"VAR_DIR": folder, "SITE_URL": f"http://127.0.0.1:{port}", "PYTHONUNBUFFERED": "1"}
        began = time.monotonic()
        serve = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            return _watch(serve, port, began)
        finally:
            serve.send_signal(signal.SIGTERM)
            try:
                serve.wait(timeout=60)
            except subprocess.TimeoutExpired:
                serve.kill()
                serve.wait()


def _watch(serve: subprocess.Popen[str], port: int, began: float) -> FirstStart:
    result = FirstStart()
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    assert serve.stdout is not None
    threading.Thread(target=lambda: [lines.put(line) for line in serve.stdout or ()], daemon=True).start()
    while True:
        answered = _answers(port)
        cpu, wall = cpu_seconds(serve.pid), time.monotonic() - began
        while not lines.empty():
            if line := lines.get().strip():
                result.steps.append(Step(line, cpu, wall))
        if answered:
            result.cpu, result.wall = cpu, wall
            return result
        if serve.poll() is not None or wall > MOST_SECONDS:
            printed = "\n".join(step.line for step in result.steps)
            raise RuntimeError(f"No page was answered in {wall:.0f} seconds. The site said:\n{printed}")
        time.sleep(POLL_SECONDS)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def cpu_seconds(root: int) -> float:
    """Return the user and system time of a process and all its descendants, including those that have exited."""
    ticks: dict[int, int] = {}
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue  # It has exited meanwhile.
            # After the name, which may have spaces: state, ppid, ... utime, stime, cutime, cstime (proc(5), 14 to 17).
            fields = stat.rpartition(")")[2].split()
            parents[int(entry.name)] = int(fields[1])
            ticks[int(entry.name)] = sum(map(int, fields[11:15]))
    descendants, has_grown = {root}, True
    while has_grown:
        children = {pid for pid, parent in parents.items() if parent in descendants} - descendants
        has_grown = bool(children)
        descendants |= children
    return sum(ticks.get(pid, 0) for pid in descendants) / TICKS


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def table(result: FirstStart) -> str:
    """Format the steps and the total."""
    rows = [f"{'processor s':>11}  {'wall s':>6}  "]
    rows += [f"{step.cpu:11.1f}  {step.wall:6.1f}  {step.line[:80]}" for step in result.steps]
    verdict = "reached" if result.is_reached else "NOT reached"
    rows.append(
        f"{result.cpu:11.1f}  {result.wall:6.1f}  first page (goal: {GOAL_CPU_SECONDS:.0f} processor s, {verdict})"
    )
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.first_start", description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="how often; the median run is printed")
    runs = sorted((measure() for _ in range(parser.parse_args().runs)), key=lambda result: result.cpu)
    middle = statistics.median_low([result.cpu for result in runs])
    print(table(next(result for result in runs if result.cpu == middle)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
