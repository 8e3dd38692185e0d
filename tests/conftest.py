"""Fixtures of all tests: a frozen clock, a media folder of their own, no caches."""

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.utils import deprecation

from clinic.ops.folders import make_private
from tests.support import content_factories, factories
from tests.support.append_only import empty_append_only_tables
from tests.support.clock import NOW, TEST_NOW

pytest.register_assert_rewrite("tests.proofs.race_books")  # Detailed messages for its assertions.

IN_CI = os.environ.get("CI") == "true"
CHROMIUM = "/usr/bin/chromium"
LONG_TESTS = {"proofs", "browser"}  # Folders.


# Deprecation warnings without an alternative that works on both Django 5.2 and the newest Django (regular expressions).
UNAVOIDABLE_DEPRECATIONS = [
    # The replacement, MAILERS, is new in Django 6.1.
    r"The EMAIL_\w+ setting is deprecated",
    r"Django \w+ will not have a default mailer",
    r"get_connection\(\) is deprecated",
    r"The 'connection' argument is deprecated",
    # Before Django 6.0, only MIMEBase can set a parameter of an attachment (method=REQUEST).
    r"MIMEBase attachments are deprecated",
]


def pytest_configure(config: pytest.Config) -> None:
    """Prepare what tests need on the disk, and turn Django's deprecation warnings into errors.

    The warnings' classes differ between versions, so they are looked up.
    """
    for folder in (settings.VAR_DIR, settings.STATIC_ROOT):
        make_private(folder)
    os.environ.setdefault("SECRET_KEY", settings.SECRET_KEY)  # For the processes that tests start.
    for name in dir(deprecation):
        if name.startswith("RemovedIn"):
            config.addinivalue_line("filterwarnings", f"error::django.utils.deprecation.{name}")
            for message in UNAVOIDABLE_DEPRECATIONS:
                config.addinivalue_line("filterwarnings", f"ignore:{message}:django.utils.deprecation.{name}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put folders with long tests first, so that at the end of a run no core waits for the other.

    Skip browser tests if Chromium is not installed; in CI they fail instead.
    """
    items.sort(key=lambda item: _folder(item) not in LONG_TESTS)
    if IN_CI or shutil.which("chromium"):
        return
    missing = pytest.mark.skip(reason="Chromium is not installed. Get it with: apt-get install chromium")
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(missing)


def _folder(item: pytest.Item) -> str:
    """The folder of a test below tests/."""
    return item.path.relative_to(Path(__file__).parent).parts[0]


@pytest.fixture(autouse=True)
def _temporary_media_root(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _temporary_var_dir(settings: object, tmp_path: Path) -> None:
    """What the worker remembers of the database must not outlive the test, after which the database is set back."""
    settings.VAR_DIR = tmp_path  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _no_caches(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable the caches, because every test starts with the same content version. Tests of a cache enable it."""
    from booking import site_context

    settings.PAGE_CACHE = False  # type: ignore[attr-defined]
    monkeypatch.setattr(site_context, "_cache", None)


@pytest.fixture
def kept_facts(settings: object, transactional_db: None) -> None:
    """Cache the site context between requests, but not pages. Needs transactions: inside one, nothing is cached."""
    settings.PAGE_CACHE = True  # type: ignore[attr-defined]
    dummy = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    settings.CACHES = settings.CACHES | {"pages": dummy}  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _jumping_clock(settings: object) -> None:
    """Let the worker trust the clock, which tests set and move. Tests of ``clock_guard`` set a tolerance."""
    settings.CLOCK_TOLERANCE = None  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _flushable_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let Django empty the database after a test that commits."""
    marker = request.node.get_closest_marker("django_db")
    commits = {"transactional_db", "live_server"} & set(request.fixturenames)
    if commits or (marker and marker.kwargs.get("transaction")):
        request.getfixturevalue("transactional_db")  # Set up before this fixture, so torn down after it.
        yield
        empty_append_only_tables()
    else:
        yield


@pytest.fixture(autouse=True)
def _rows_of_migrations(request: pytest.FixtureRequest, _flushable_database: None) -> None:
    """Restore the rows that migrations add: a test that commits empties every table for the tests after it."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        factories.restore_cancel_reasons()


@pytest.fixture(scope="session", autouse=True)
def _encode_pictures_once() -> Iterator[None]:
    """Reuse encoded renditions across tests: their names contain a hash of the source and all options."""
    from content.media import renditions, stored_files

    encoded: dict[str, bytes] = {}
    write = renditions.write_rendition

    def write_or_copy(picture: object, width: int, name: str, kind: str, **options: object) -> str:
        if name in encoded:
            return stored_files.store(name, encoded[name])
        written = write(picture, width, name, kind, **options)  # type: ignore[arg-type]
        encoded[name] = stored_files.read(written)
        return written

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renditions, "write_rendition", write_or_copy)
        yield


@pytest.fixture(scope="session", autouse=True)
def _freeze_session_clock() -> Iterator[None]:
    """Freeze the clock for fixtures of session and module scope as well."""
    with time_machine.travel(TEST_NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def _freeze_clock(request: pytest.FixtureRequest, _freeze_session_clock: None) -> Iterator[None]:
    """Set the clock before any other fixture of the test creates rows."""
    starts_at = NOW if "stopped_clock" in request.fixturenames else TEST_NOW
    with time_machine.travel(starts_at, tick="running_clock" in request.fixturenames):
        yield


@pytest.fixture
def stopped_clock(_freeze_clock: None) -> Iterator[datetime]:
    """Freeze the clock at NOW even if TEST_NOW differs, for tests that contain dates."""
    with time_machine.travel(NOW, tick=False):  # For request.getfixturevalue() in a running test.
        yield NOW


@pytest.fixture
def running_clock(_freeze_clock: None) -> datetime:
    """Let the clock run from TEST_NOW, for tests with a browser or other processes."""
    return TEST_NOW


@pytest.fixture
def now(stopped_clock: datetime) -> datetime:
    return stopped_clock


@pytest.fixture
def location(db: None) -> object:
    return factories.make_location()


@pytest.fixture
def home_page(db: None) -> object:
    """A published home page: without one, pages that do not exist say that the site is being set up."""
    return content_factories.make_page(kind="home")
