"""The site on two machines, shared by all tests of this folder, and the figures that they measured."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import time_machine

from tests.operations import site as sites
from tests.operations.network import wait_until
from tests.proofs import race_site
from tests.support.clock import TEST_NOW
from tests.support.postgresql import find_programs

FIGURES = pytest.StashKey[list[str]]()
IN_CI = os.environ.get("CI") == "true"
NEEDED = {"haproxy": "haproxy", "nginx": "nginx", "openssl": "openssl", "setpriv": "util-linux"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip these tests where a program is missing; in CI they fail instead."""
    missing = [package for program, package in NEEDED.items() if not shutil.which(program)]
    if find_programs() is None:
        missing.append("postgresql")
    if missing and not IN_CI:
        for item in items:
            if "operations" in item.keywords:
                item.add_marker(pytest.mark.skip(reason=f"Get what is missing: apt-get install {' '.join(missing)}"))


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Any:
    """A function that adds a line to the figures that are printed after all tests."""
    lines = request.config.stash.setdefault(FIGURES, [])
    return lambda line: lines.append(f"{request.node.name}: {line}")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if lines := config.stash.get(FIGURES, []):
        terminalreporter.section("figures of operations")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def running_site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[sites.Site]:
    """Two machines behind HAProxy."""
    with (
        time_machine.travel(TEST_NOW, tick=True),
        django_db_blocker.unblock(),
        sites.running(tmp_path_factory.mktemp("site")) as site,
    ):
        request.config.stash.setdefault(FIGURES, []).append(f"The machines are {site.network.kind}.")
        yield site


@pytest.fixture
def site(running_site: sites.Site, settings: Any) -> Iterator[sites.Site]:
    """The same, healthy before each test. The test's clock agrees with that of the machines."""
    settings.SITE_URL = sites.SITE_URL  # As on the machines, because Message-IDs contain the host.
    wait_until(running_site.is_healthy, seconds=30, what="the machines are up")  # gunicorn may replace a process.
    with time_machine.travel(time_machine.escape_hatch.time.time() + running_site.clock_ahead, tick=True):
        yield running_site


@pytest.fixture(scope="session")
def prepared(running_site: sites.Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with the clinic, to copy. It is made in memory, where nothing waits for a disk."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    file = tmp_path_factory.mktemp("prepared") / "clinic.sqlite3"
    with TemporaryDirectory(dir=memory) as folder:
        url = f"sqlite:///{folder}/clinic.sqlite3"
        with race_site.connected(url):
            sites.make_clinic(running_site.hosts[0].environment | {"DATABASE_URL": url})
        with closing(sqlite3.connect(f"{folder}/clinic.sqlite3")) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(f"{folder}/clinic.sqlite3", file)
    return file
