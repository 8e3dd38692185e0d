"""What a public site does not give away: source, folders, debug pages, and data left in the browser."""

import re
from pathlib import Path

import pytest

from clinic import settings as shipped_settings

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/.git/HEAD", "/.env", "/manage.py", "/media/", "/static/", "/media/people/"])
def test_no_source_and_no_list_of_files_is_served(client, settings, address):
    (settings.MEDIA_ROOT / "people").mkdir(parents=True)
    (settings.MEDIA_ROOT / "people" / "portrait.jpg").write_bytes(b"")
    response = client.get(address)
    assert response.status_code == 404
    assert "portrait" not in response.content.decode()


def test_debug_pages_are_off_and_no_variable_turns_them_on():
    assert shipped_settings.DEBUG is False
    assert re.findall(r"^DEBUG = .*", (ROOT / "clinic" / "settings.py").read_text(), re.MULTILINE) == ["DEBUG = False"]


# The words of a draft that are not saved yet, and how its preview is shown: nothing about patients.
STORES = ["static/js/page_editor/local_copy.js", "static/js/page_editor/preview.js"]


def test_no_script_but_the_page_editor_stores_anything_in_the_browser():
    scripts = [*(ROOT / "static").rglob("*.js"), *(ROOT / "static").rglob("*.mjs")]
    assert scripts
    stores = re.compile(r"localStorage|sessionStorage|indexedDB|document\.cookie|caches\.open|serviceWorker")
    found = [str(path.relative_to(ROOT)) for path in scripts if stores.search(path.read_text(encoding="utf-8"))]
    assert sorted(found) == STORES
