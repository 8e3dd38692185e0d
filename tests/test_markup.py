"""The W3C's Nu checker finds no error in any page, in any state it can be in.

It checks the HTML, with ARIA and embedded SVG. The stylesheet is not among what it is given: its CSS
part knows no cascade layers. All pages go to it at once, as its virtual machine takes long to start.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client

from tests import states
from tests.conftest import IN_CI

JAR = Path(sys.prefix) / "share" / "vnu-26.9.27.jar"
HOW_TO_GET_IT = "The Nu checker or Java is missing. Get them with: tests/install_tools.sh"

pytestmark = [
    pytest.mark.once,
    pytest.mark.django_db,
    pytest.mark.skipif(not IN_CI and not (JAR.exists() and shutil.which("java")), reason=HOW_TO_GET_IT),
]


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder for pages alone: uploaded pictures lie beside it."""
    folder = tmp_path / "pages"
    folder.mkdir()
    return folder


def errors_in(folder: Path) -> list[str]:
    """What the checker finds wrong in the pages of a folder: the page, the line and the sentence."""
    assert JAR.exists(), HOW_TO_GET_IT
    command = ["java", "-jar", str(JAR), "--format", "json", "--stdout", "--exit-zero-always", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["messages"]
    # Warnings and notices ("info") are advice, such as to drop a role that is there for older browsers.
    return [
        f"{Path(each.get('url', '')).name}, line {each.get('lastLine')}: {each['message']}"
        for each in found
        if each["type"] != "info"
    ]


def save(folder: Path, name: str, content: bytes) -> None:
    number = len(list(folder.iterdir()))
    plain = "".join(character if character.isalnum() else "-" for character in name)
    (folder / f"{number:03} {plain}.html").write_bytes(content)


def test_the_checker_finds_what_is_wrong(pages):
    save(pages, "wrong", b"<!doctype html><html lang=en><title>A page</title><p id=a><p id=a><img src=x>")
    assert len(errors_in(pages)) == 2


def test_no_page_to_read_has_an_error(pages, settings):
    call_command("load_sample", verbosity=0)
    client = Client()
    for address in states.PUBLIC:
        save(pages, f"page{address}", client.get(address).content)
    for name in ("500.html", "429.html"):
        save(pages, name, render_to_string(name).encode())
    assert errors_in(pages) == []


def test_no_state_of_the_booking_has_an_error(pages):
    for name, response in states.collect().items():
        save(pages, name, response.content)
    assert errors_in(pages) == []
