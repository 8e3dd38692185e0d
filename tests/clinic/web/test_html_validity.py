"""Validate every page in every state with the W3C's Nu HTML checker.

It checks HTML with ARIA and embedded SVG. The stylesheet is left out, because its CSS checker does not support cascade
layers. All pages are checked in one run, because Java starts slowly.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import Client

from tests.conftest import IN_CI
from tests.support import states
from tests.support.sample import load_sample

# Installed for the usual environment, and used by that of make test-next, too.
JAR = Path(__file__).resolve().parents[3] / ".venv" / "share" / "vnu-26.9.27.jar"
HOW_TO_GET_IT = "The Nu checker or Java is missing. Get them with: tests/support/install_tools.sh"

pytestmark = [
    pytest.mark.once,
    pytest.mark.django_db,
    pytest.mark.skipif(not IN_CI and not (JAR.exists() and shutil.which("java")), reason=HOW_TO_GET_IT),
]


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """An empty folder: ``tmp_path`` also contains uploaded pictures."""
    folder = tmp_path / "pages"
    folder.mkdir()
    return folder


def errors_in(folder: Path) -> list[str]:
    """Return the errors in the pages of a folder, each with the page, the line and the message."""
    assert JAR.exists(), HOW_TO_GET_IT
    command = ["java", "-jar", str(JAR), "--format", "json", "--stdout", "--exit-zero-always", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    # Warnings ("info") are advice, such as to remove a role that older browsers need.
    return [
        f"{Path(message.get('url', '')).name}, line {message.get('lastLine')}: {message['message']}"
        for message in json.loads(result.stdout)["messages"]
        if message["type"] != "info"
    ]


def save(folder: Path, name: str, content: bytes) -> None:
    number = len(list(folder.iterdir()))
    plain = "".join(character if character.isalnum() else "-" for character in name)
    (folder / f"{number:03} {plain}.html").write_bytes(content)


def test_the_checker_finds_errors(pages):
    save(pages, "wrong", b"<!doctype html><html lang=en><title>A page</title><p id=a><p id=a><img src=x>")
    assert len(errors_in(pages)) == 2


def test_no_public_page_has_an_error(pages, settings):
    load_sample()
    client = Client()
    for address in states.PUBLIC:
        save(pages, f"page{address}", client.get(address).content)
    for name in ("500.html", "429.html"):
        save(pages, name, render_to_string(name).encode())
    assert errors_in(pages) == []


def test_no_booking_page_has_an_error(pages):
    for name, response in states.collect().items():
        save(pages, name, response.content)
    assert errors_in(pages) == []
