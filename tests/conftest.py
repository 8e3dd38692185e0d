"""What every test needs: a small clinic, a clock that stands still where it matters, no stray files."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import make

pytest.register_assert_rewrite("tests.race_books")  # Its comparisons say what differs, as a test's do.

# Monday 23 November 2026, 8:00 am in Alberta.
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
IN_CI = os.environ.get("CI") == "true"
CHROMIUM = "/usr/bin/chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests say how to get a browser where there is none; in CI they fail instead of being skipped."""
    if IN_CI or shutil.which("chromium"):
        return
    missing = pytest.mark.skip(reason="Chromium is not installed. Get it with: apt-get install chromium")
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(missing)


@pytest.fixture(autouse=True)
def _own_media_folder(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def _pictures_are_encoded_once() -> Iterator[None]:
    """The sample's pictures come again in a hundred tests, and a rendition's name says all that is in it."""
    from content import pictures

    encoded: dict[str, bytes] = {}
    write = pictures._write

    def write_or_copy(picture: object, width: int, name: str, kind: str, **options: object) -> str:
        if name in encoded:
            pictures.store(name, encoded[name])
        else:
            write(picture, width, name, kind, **options)  # type: ignore[arg-type]
            encoded[name] = (Path(pictures.default_storage.location) / name).read_bytes()  # type: ignore[attr-defined]
        return name

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "_write", write_or_copy)
        yield


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def stopped_clock() -> Iterator[datetime]:
    """``timezone.now()`` says NOW for as long as the test runs."""
    import time_machine

    with time_machine.travel(NOW, tick=False):
        yield NOW


@pytest.fixture
def location(db: None) -> object:
    return make.make_location()
