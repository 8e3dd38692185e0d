"""Growth: public pages without the cache, with many more appointments or many more pages in the database.

Measured in wall-clock time over one connection, because the database's own work counts here: the fastest of many
alternating rounds.
"""

from contextlib import ExitStack

from bench.clients import HTTPClient
from bench.clinics import SERVICE, Clinics
from bench.serving import free_port, gunicorn
from bench.sizes import Size
from bench.tables import Row, at_most

MOST = 1.2
PATHS = (
    "/",
    "/treatments/dry-needling-for-back-pain/",
    "/team/",
    "/team/steve-hansen/",
    "/fees/",
    "/contact/",
    "/book/",
    "/book/back-assessment/?visit=new",
    f"/book/{SERVICE}/?visit=new",
)  # Not /treatments/: it lists every page.
WARM_UP = 3


def measure(clinics: Clinics, size: Size) -> list[Row]:
    few_visits, many_visits = size.growth_visits
    few_pages, many_pages = size.growth_pages
    grown = {
        "": clinics.clinic(visits=few_visits, pages=few_pages),
        f"{many_visits:,} visits beside {few_visits:,}": clinics.clinic(visits=many_visits, pages=few_pages),
        f"{many_pages} pages beside {few_pages}": clinics.clinic(visits=few_visits, pages=many_pages),
    }
    with ExitStack() as stack:
        clients = {}
        for name, clinic in grown.items():
            port = free_port()
            stack.enter_context(gunicorn("clinic.wsgi", port, **clinic.environ, WEB_WORKERS="1", PAGE_CACHE="off"))
            clients[name] = HTTPClient(port, keep_open=True)
        quickest = {path: take_turns(clients, path, size.rounds) for path in PATHS}
    return [worst_page(name, quickest) for name in grown if name]


def take_turns(clients: dict[str, HTTPClient], path: str, rounds: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(WARM_UP + rounds):
        for name, client in clients.items():
            response = client.request("GET", path)
            if response.status != 200:
                raise RuntimeError(f"{path} answered {response.status}.")
            times[name].append(response.seconds)
    return {name: min(values[WARM_UP:]) for name, values in times.items()}


def worst_page(name: str, quickest: dict[str, dict[str, float]]) -> Row:
    ratios = {path: times[name] / times[""] for path, times in quickest.items()}
    worst = max(ratios, key=lambda path: ratios[path])
    before, after = (1000 * quickest[worst][each] for each in ("", name))
    more = f"{worst}: {before:.1f} to {after:.1f} ms"
    return at_most(f"Growth, {name}", ratios[worst], MOST, "x", more, **ratios)
