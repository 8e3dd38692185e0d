"""`make inspect`: first screens on a phone, then Lighthouse and pa11y, compared with a bare page of 20 KB.

Both are installed from npm into ``var/inspection`` (without install scripts), and use the tests' Chromium. Lighthouse
emulates a slow phone; the pages alternate with the bare page, so that a busy machine slows down both: compare ratios.
The report is written to ``var/bench/inspection.json``.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

from bench import first_screens
from bench.first_screens import BOOK
from bench.serving import ROOT, free_port, gunicorn
from bench.tables import Row, at_least, at_most, in_columns, report

LIGHTHOUSE, PA11Y = "lighthouse@12.8.2", "pa11y@9.1.1"
TOOLS = ROOT / "var" / "inspection"
RESULTS = ROOT / "var" / "bench" / "inspection.json"
ROUNDS = 3
MOST_PAINT, MOST_KILOBYTES = 1.3, 150
TREATMENT = "/treatments/dry-needling-for-back-pain/"
TIMES = "/book/back-assessment/?visit=new"
DONE = "/book/done/"
BARE, PAGES = "bare page", ("/", TREATMENT, TIMES, DONE)
UNLISTED = (TIMES, DONE)  # Kept out of search engines on purpose, which Lighthouse counts against them.
BEFORE_BOOKING = ("/book/", TIMES, "/appointment/lost-link/")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
# Chromium's values of prefers-color-scheme.
SCHEMES = {"light": "--blink-settings=preferredColorScheme=1", "dark": "--blink-settings=preferredColorScheme=0"}


class Unanswered(Exception):
    """Raised when a tool fails on a page; the message is its output."""


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or shutil.which("npm") is None:
        print("To inspect the pages, Chromium and npm are needed (Debian: apt-get install chromium npm).")
        return 1
    fetch_tools()
    os.environ["CHROME_PATH"] = chromium
    with tempfile.TemporaryDirectory(prefix="clinic-inspection-") as name, ExitStack() as stack:
        site, bare = serve(Path(name), stack)
        cookies = booked(site, chromium)
        warm(site)
        print(report([("SQLite", row) for row in first_screens.measure(site, chromium)]), flush=True)
        reports = measured(site, bare, cookies)
        if BARE in reports:
            print(table(reports), report([("SQLite", row) for row in rows(reports)]), sep="\n\n", flush=True)
        else:
            print("Without the bare page nothing can be compared.", flush=True)
        unseen = sorted({BARE, *PAGES} - set(reports))
        faults = found_by_pa11y(site, cookies, chromium, Path(name))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"lighthouse": reports, "pa11y": faults}, indent=1) + "\n")
    for fault in faults:
        print(f"pa11y, {fault['scheme']}: {fault['page']}: {fault['message']} ({fault['selector']})")
    for page in unseen:
        print(f"Lighthouse could not look at {page}.")
    return 1 if faults or unseen else 0


def fetch_tools() -> None:
    TOOLS.mkdir(parents=True, exist_ok=True)
    if all((TOOLS / "node_modules" / tool.partition("@")[0]).is_dir() for tool in (LIGHTHOUSE, PA11Y)):
        return
    print("Fetching Lighthouse and pa11y", flush=True)
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--prefix", str(TOOLS)]
    subprocess.run([*command, LIGHTHOUSE, PA11Y], check=True)


def serve(folder: Path, stack: ExitStack) -> tuple[str, str]:
    """Serve the sample clinic and the bare page with the site's gunicorn settings, and return their URLs."""
    site, bare = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    database = {"DATABASE_URL": f"sqlite:///{folder}/clinic.sqlite3"}
    key = {"SECRET_KEY": "the key of an inspection, which signs nothing real"}
    os.environ |= database | key | {"SITE_URL": site, "VAR_DIR": str(folder / "var")}
    for command in ("migrate", "build_static", "collectstatic", "load_sample"):
        more = {"collectstatic": ["--noinput"], "load_sample": ["--no-appointments"]}.get(command, [])
        subprocess.run([sys.executable, "manage.py", command, "--verbosity=0", *more], cwd=ROOT, check=True)
    words = "<p>" + "A plain sentence that somebody could read aloud. " * 20 + "</p>\n"
    page = folder / "bare.html"
    page.write_text(
        "<!doctype html><html lang=en><title>Bare</title><meta name=viewport content='width=device-width'>"
        f"<meta name=description content='A bare page'><main><h1>Bare</h1>{words * 20}</main></html>"
    )
    stack.enter_context(gunicorn("clinic.wsgi", int(site.rpartition(":")[2])))
    stack.enter_context(gunicorn("bench.bare:page", int(bare.rpartition(":")[2]), BENCH_BODY=str(page)))
    return site, bare


def booked(site: str, chromium: str) -> str:
    """Book as a patient, and return the cookies that give access to the "booked" page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS[1:])
        context = browser.new_context(java_script_enabled=False, locale="en-CA")
        page = context.new_page()
        page.goto(site + TIMES)
        page.locator(".times__list .time-button").first.click()
        page.get_by_role("link", name="None of these apply").first.click()
        page.get_by_label("Full name").first.fill("Robin Example")
        page.get_by_label("Email address").first.fill("robin@patients.example")
        page.get_by_label("Phone").first.fill("403-555-0188")
        page.wait_for_timeout(2500)  # Forms that are sent within two seconds are treated as spam.
        page.get_by_role("button", name="Continue").last.click()
        page.get_by_role("button", name=BOOK).click()
        if not page.url.endswith(DONE):
            raise RuntimeError(f"The booking ended at {page.url}.")
        cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in context.cookies())
        browser.close()
    return cookies


def warm(site: str) -> None:
    """Request each page until every process has rendered it once."""
    for path in ("/", TREATMENT, TIMES) * 6:
        fetch(site + path)


def fetch(address: str) -> str:
    with urlopen(address, timeout=60) as answer:  # noqa: S310 - only ever our own server on the loopback.
        return str(answer.read().decode())


def measured(site: str, bare: str, cookies: str) -> dict[str, dict[str, Any]]:
    """Run Lighthouse on each page, and return the scores of the worst round and the medians of the times."""
    pages = {BARE: bare + "/", **{path: site + path for path in PAGES}}
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in pages}
    for _ in range(ROUNDS):
        for name, address in pages.items():
            look = partial(lighthouse, address, cookies if name == DONE else "")
            if result := run_twice(f"Lighthouse, {name}", look):
                rounds[name].append(result)
    return {name: merged(results) for name, results in rounds.items() if results}


def run_twice(page: str, look: Callable[[], Any]) -> Any:
    """Return a tool's result for a page, with one retry, or None. Failures are printed."""
    for consequence in ("it is asked once more", "that is left out"):
        try:
            return look()
        except Unanswered as error:
            print(f"{page}: {error}; {consequence}.", flush=True)
    return None


def lighthouse(address: str, cookies: str) -> dict[str, Any]:
    command = [str(TOOLS / "node_modules" / ".bin" / "lighthouse"), address, "--quiet", "--output=json"]
    command.append(f"--chrome-flags={' '.join(FLAGS)}")
    if cookies:
        command.append(f"--extra-headers={json.dumps({'Cookie': cookies})}")
    result = answer(command)
    if error := result.get("runtimeError"):
        raise Unanswered(error["message"])
    audits = result["audits"]
    items = audits["network-requests"]["details"]["items"]
    requests = [item for item in items if not item["url"].startswith("data:")]
    own = urljoin(address, "/")
    return {
        **{name: round(100 * (part["score"] or 0)) for name, part in result["categories"].items()},
        "paint": audits["largest-contentful-paint"]["numericValue"],
        "shift": audits["cumulative-layout-shift"]["numericValue"],
        "bytes": audits["total-byte-weight"]["numericValue"],
        "requests": len(requests),
        "elsewhere": sorted({item["url"] for item in requests if not item["url"].startswith(own)}),
        "short of": sorted(
            reference["id"]
            for name, part in result["categories"].items()
            for reference in part["auditRefs"]
            if name != "performance" and reference["weight"] and audits[reference["id"]]["score"] == 0
        ),
    }


def answer(command: list[str]) -> Any:
    """Run a tool and return its JSON output. Raises Unanswered with the end of its output."""
    try:
        finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    except subprocess.TimeoutExpired as error:
        raise Unanswered(f"no answer within {error.timeout:.0f} seconds") from error
    if finished.returncode not in (0, 2):  # pa11y exits with 2 if it finds issues
        output = (finished.stderr or finished.stdout).strip()[-500:]
        raise Unanswered(f"it ended with {finished.returncode}: {output or 'without a word'}")
    try:
        return json.loads(finished.stdout)
    except ValueError as error:
        raise Unanswered(f"its answer is no JSON: {finished.stdout[-200:] or 'nothing'}") from error


def merged(results: list[dict[str, Any]]) -> dict[str, Any]:
    scores = ("accessibility", "best-practices", "seo")
    timed = ("performance", "paint")
    most = ("shift", "bytes", "requests")
    return {
        **{name: min(result[name] for result in results) for name in scores},
        **{name: statistics.median(result[name] for result in results) for name in timed},
        **{name: max(result[name] for result in results) for name in most},
        **{name: sorted({item for result in results for item in result[name]}) for name in ("elsewhere", "short of")},
    }


def table(reports: dict[str, dict[str, Any]]) -> str:
    """Format one line for each page, with its ratio to the bare page."""
    bare = reports[BARE]
    lines: list[tuple[str, ...]] = [
        ("", "accessible", "practices", "SEO", "performance", "paint ms", "x bare", "shift", "KB", "requests")
    ]
    for name, found in reports.items():
        lines.append(
            (
                name,
                *(f"{found[score]}" for score in ("accessibility", "best-practices", "seo")),
                f"{found['performance']:.0f} ({found['performance'] - bare['performance']:+.0f})",
                f"{found['paint']:.0f}",
                f"{found['paint'] / bare['paint']:.2f}",
                f"{found['shift']:.3f}",
                f"{found['bytes'] / 1024:.0f}",
                f"{found['requests']}",
            )
        )
    text = [in_columns(lines)]
    for name, found in reports.items():
        if found["short of"] and name != BARE:
            text.append(f"{name} falls short of: {', '.join(found['short of'])}")
        if found["elsewhere"]:
            text.append(f"{name} asks another host: {', '.join(found['elsewhere'])}")
    return "\n".join(text)


def rows(reports: dict[str, dict[str, Any]]) -> list[Row]:
    """Return a row for each target, with the worst page."""
    bare, pages = reports[BARE], [result for name, result in reports.items() if name != BARE]
    scores = ("accessibility", "best-practices")
    found = [at_least(f"Lighthouse: {score}", min(page[score] for page in pages), 100, "") for score in scores]
    listed = [result for name, result in reports.items() if name not in (BARE, *UNLISTED)]
    found.append(at_least("Lighthouse: SEO of the pages to be listed", min(page["seo"] for page in listed), 100, ""))
    found.append(at_most("Layout shift", max(round(page["shift"], 3) for page in pages), 0, ""))
    paint = max(page["paint"] for page in pages) / bare["paint"]
    found.append(at_most("Largest contentful paint beside the bare page", paint, MOST_PAINT, "x"))
    if TREATMENT in reports:
        found.append(at_most("Treatment page, all files", reports[TREATMENT]["bytes"] / 1024, MOST_KILOBYTES, " KB"))
    return found


def found_by_pa11y(site: str, cookies: str, chromium: str, folder: Path) -> list[dict[str, str]]:
    """Run pa11y, with axe and HTML_CodeSniffer at level AA, on all pages in both colour schemes."""
    listed = re.findall(r"<loc>(.+?)</loc>", fetch(f"{site}/sitemap.xml"))
    pages = [address.removeprefix(site) for address in listed] + [*BEFORE_BOOKING, DONE, "/no-such-page/"]
    faults = []
    for scheme, flag in SCHEMES.items():
        config = folder / f"pa11y-{scheme}.json"
        launch = {"executablePath": chromium, "args": [*FLAGS, flag]}
        # Undecided issues (text over a picture) are not errors: tests compute those contrasts.
        undecided = {"levelCapWhenNeedsReview": "warning"}
        config.write_text(json.dumps({"chromeLaunchConfig": launch, "headers": {"Cookie": cookies}} | undecided))
        for page in pages:
            command = [str(TOOLS / "node_modules" / ".bin" / "pa11y"), "--config", str(config), "--reporter", "json"]
            command += ["--standard", "WCAG2AA", "--runner", "axe", "--runner", "htmlcs", site + page]
            unseen = [{"message": "pa11y could not look at it", "selector": "", "code": "unanswered"}]
            found = run_twice(f"pa11y, {scheme}: {page}", partial(answer, command))
            for fault in unseen if found is None else found:
                details = {name: fault[name] for name in ("message", "selector", "code")}
                faults.append({"scheme": scheme, "page": page} | details)
    print(f"pa11y looked at {len(pages)} pages in {len(SCHEMES)} schemes and found {len(faults)} faults.")
    return faults


if __name__ == "__main__":
    sys.exit(main())
