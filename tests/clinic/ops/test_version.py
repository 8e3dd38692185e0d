"""The version is shown to staff, and never on a public page."""

import io
import tomllib
from pathlib import Path

import pytest
from django.core.management import call_command

from clinic.ops import version
from tests.support import factories

ROOT = Path(__file__).resolve().parents[3]
NUMBER = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture
def release(monkeypatch):
    """Set RELEASE; the version is read once in each process."""

    def set_release(value: str) -> str:
        monkeypatch.setenv("RELEASE", value)
        version.site_version.cache_clear()
        return version.site_version()

    yield set_release
    version.site_version.cache_clear()


@pytest.mark.parametrize(
    ("value", "shown"),
    [("", NUMBER), ("05971f0", f"{NUMBER}+05971f0"), ("<script>", NUMBER), ("x" * 61, NUMBER)],
)
def test_the_version_is_that_of_the_project_with_the_commit_if_it_is_known(value, shown, release):
    assert release(value) == shown


def test_the_commit_may_stand_in_a_file(release, monkeypatch, tmp_path):
    (tmp_path / version.RELEASE_FILE).write_text("05971f0\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "2.3"\n')
    monkeypatch.setattr(version, "ROOT", tmp_path)
    assert release("") == "2.3+05971f0"
    assert release("other") == "2.3+other"


def test_without_the_project_s_file_the_site_still_runs(release, monkeypatch, tmp_path):
    monkeypatch.setattr(version, "ROOT", tmp_path)
    assert release("") == "unknown"


def test_a_command_prints_it(release):
    out = io.StringIO()
    release("05971f0")
    call_command("site_version", stdout=out)
    assert out.getvalue() == f"{NUMBER}+05971f0\n"


@pytest.mark.parametrize("address", ["/admin/", "/desk/"])
def test_staff_see_it_at_the_foot_of_the_office_and_the_desk(address, admin_client, release):
    release("05971f0")
    factories.make_location()
    assert f"Version {NUMBER}+05971f0" in admin_client.get(address, follow=True).content.decode()


@pytest.mark.django_db
def test_no_public_page_shows_it(client, release):
    release("05971f0")
    factories.make_clinic()
    for address in ("/", "/book/", "/nowhere/", "/staff/login/", "/contact/", "/robots.txt"):
        response = client.get(address)
        assert "05971f0" not in response.content.decode()
        assert "05971f0" not in str(response.headers)


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "is_told"), [("127.0.0.1", True), ("203.0.113.9", False)])
def test_the_health_check_tells_it_on_the_machine_and_nobody_else(address, is_told, client, release):
    shown = release("05971f0")
    response = client.get("/healthz/", REMOTE_ADDR=address)
    assert response.headers.get("X-Version") == (shown if is_told else None)


def test_the_health_check_tells_staff(admin_client, release):
    shown = release("05971f0")
    assert admin_client.get("/healthz/", REMOTE_ADDR="203.0.113.9").headers["X-Version"] == shown
