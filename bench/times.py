"""What does choose-a-time cost beside the availability call alone and a Django view of the same size?

A whole week, anyone, once with 5 and once with 20 people, and years of visits behind them. Both stand
under the site's own gunicorn set-up and are asked turn by turn: read the ratio.
"""

import statistics
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.availability import Asker, turn_by_turn
from bench.serving import HOST, free_port, gunicorn, town
from bench.tables import Goal, in_columns

NEEDS = ()
CLINICS = {"full": ((5, 10_000), (20, 50_000)), "short": ((5, 10_000),), "tiny": ((2, 20),)}  # people, visits


def measure(size: str) -> dict[str, Any]:
    return {"cells": [measure_cell(*clinic) for clinic in CLINICS[size]]}


def measure_cell(people: int, history: int) -> dict[str, Any]:
    site, bare = free_port(), free_port()
    today = datetime.now(tz=UTC).date()
    monday = (today + timedelta(days=7 - today.weekday())).isoformat()
    path = f"/book/bench-visit/?from={monday}"
    with tempfile.TemporaryDirectory(prefix="clinic-bench-times-") as name, ExitStack() as stack:
        folder = Path(name)
        variables = {"VAR_DIR": name, "DATABASE_URL": town(folder, people=people, history=history)}
        stack.enter_context(gunicorn("clinic.wsgi", site, SITE_URL=f"http://{HOST}:{site}", **variables))
        page = Asker(site, path).ask()
        body = folder / "times.html"
        body.write_bytes(page)
        variables |= {"BENCH_BODY": str(body), "DJANGO_SETTINGS_MODULE": "bench.times_settings"}
        stack.enter_context(gunicorn("django.core.wsgi:get_wsgi_application()", bare, **variables))
        ours, theirs = map(statistics.median, turn_by_turn(Asker(site, path), Asker(bare, f"/?from={monday}")))
    return {
        "people": people,
        "history": history,
        "starts": page.count(b'name="start"'),
        "bytes": len(page),
        "ours_ms": ours / 1e6,
        "bare_ms": theirs / 1e6,
        "times": ours / theirs,
    }


def goals(found: dict[str, Any]) -> list[Goal]:
    return [
        Goal(
            f"choose a time beside the call and a view, {cell['people']} people, {cell['history']} visits",
            cell["times"],
            2.0,
            at_most=True,
        )
        for cell in found["cells"]
    ]


def table(found: dict[str, Any]) -> str:
    lines = [("choose a time", "visits", "starts", "KB", "ms", "call and view, ms", "x")]
    for cell in found["cells"]:
        numbers = (f"{cell['bytes'] / 1024:.0f}", f"{cell['ours_ms']:.1f}", f"{cell['bare_ms']:.1f}")
        lines.append(
            (f"{cell['people']} people", str(cell["history"]), str(cell["starts"]), *numbers, f"{cell['times']:.2f}")
        )
    return in_columns(lines)
