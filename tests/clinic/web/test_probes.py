"""Rule: /livez says that the process answers, /readyz that it can answer pages, to any host, over http and https."""

import ipaddress
import json
import runpy
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from clinic.ops.drain import drain_file
from clinic.web.health import readiness

pytestmark = pytest.mark.once

MANIFEST = json.dumps({"version": "1.1", "paths": {"css/site.css": "css/site.0123456789ab.css"}})
PROBES = ["/livez", "/readyz"]


@pytest.fixture(autouse=True)
def _ready(monkeypatch, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(readiness.database, "answers", lambda: True)
    monkeypatch.setattr(readiness.migrations, "are_applied", lambda: True)


# No database fixture: a query here fails the test.


@pytest.mark.parametrize("path", PROBES)
@pytest.mark.parametrize("host", ["10.1.2.3", "10.1.2.3:8000", "anything.example", "[::1]", ""])
@pytest.mark.parametrize("secure", [True, False])
def test_a_probe_is_answered_to_any_host_over_http_and_https(client, settings, path, host, secure):
    settings.SECURE_SSL_REDIRECT = True
    response = client.get(path, headers={"host": host}, secure=secure)
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert response.cookies == {}


@pytest.mark.parametrize("path", PROBES)
def test_a_probe_is_answered_to_a_front_server_that_is_not_trusted(client, settings, path):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(path, headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"}).status_code == 200


@pytest.mark.parametrize("path", PROBES)
def test_a_probe_may_be_head_and_changes_nothing(client, path):
    assert client.head(path).status_code == 200
    response = client.post(path)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


def test_livez_needs_nothing(client, monkeypatch):
    def fail():
        raise AssertionError

    monkeypatch.setattr("clinic.web.health.probes.reasons_not_ready", fail)
    drain_file().touch()
    assert client.get("/livez").content == b"live\n"


@pytest.mark.parametrize("reason", ["draining", "database", "migrations", "static"])
def test_readyz_names_what_is_missing_on_the_machine_itself_only(client, monkeypatch, reason, settings):
    if reason == "draining":
        drain_file().touch()
    elif reason == "database":
        monkeypatch.setattr(readiness.database, "answers", lambda: False)
    elif reason == "migrations":
        monkeypatch.setattr(readiness.migrations, "are_applied", lambda: False)
    else:
        monkeypatch.setattr(readiness, "are_static_files_collected", lambda: False)
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, f"{reason}\n".encode())
    assert client.get("/readyz", REMOTE_ADDR="203.0.113.9").content == b"not ready\n"
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.1")]
    assert client.get("/readyz", headers={"X-Forwarded-For": "203.0.113.9"}).content == b"not ready\n"


def test_readyz_names_what_is_missing_over_the_trusted_unix_socket_but_not_to_visitors(client, settings):
    settings.TRUST_UNIX_SOCKET = True
    drain_file().touch()
    assert client.get("/readyz", REMOTE_ADDR="").content == b"draining\n"
    assert client.get("/readyz", REMOTE_ADDR="", HTTP_X_FORWARDED_FOR="203.0.113.9").content == b"not ready\n"


@pytest.mark.django_db
def test_readyz_names_what_is_missing_to_staff(admin_client, client, settings):
    drain_file().touch()
    assert admin_client.get("/readyz", REMOTE_ADDR="203.0.113.9").content == b"draining\n"
    client.cookies["session"] = "a" * 32
    assert client.get("/readyz", REMOTE_ADDR="203.0.113.9").content == b"not ready\n"
    settings.STAFF_SECOND_FACTOR = True
    assert admin_client.get("/readyz", REMOTE_ADDR="203.0.113.9").content == b"not ready\n"


@pytest.mark.parametrize("path", [*PROBES, "/healthz/"])
def test_a_probe_is_not_in_the_log(client, path, monkeypatch, caplog):
    drain_file().touch()
    monkeypatch.setattr("clinic.web.health.healthz.shutil.disk_usage", lambda folder: SimpleNamespace(total=1, free=0))
    monkeypatch.setattr("clinic.web.health.healthz._problems", lambda now: [])
    monkeypatch.setattr("clinic.web.health.healthz.write_check", SimpleNamespace(problems=list))
    monkeypatch.setattr("clinic.web.health.healthz.error_page_check", SimpleNamespace(problems=lambda now: []))
    assert client.get(path).status_code == (200 if path == "/livez" else 503)
    assert caplog.records == []


# What readiness checks


def test_a_database_that_refuses_does_not_answer(monkeypatch):
    def refuse(self):
        raise OperationalError("refused")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.ensure_connection", refuse)
    assert not readiness.DatabaseCheck().answers()


class Asked:
    """A database that answers, and counts how often it was asked, when ``goes_on`` is set."""

    def __init__(self, monkeypatch):
        self.count, self.goes_on, self.clock = 0, threading.Event(), 0.0
        monkeypatch.setattr(readiness.DatabaseCheck, "_ask", staticmethod(self.ask))
        monkeypatch.setattr(readiness, "time", SimpleNamespace(monotonic=lambda: self.clock))

    def ask(self):
        self.count += 1
        return self.goes_on.wait(30)


@pytest.fixture
def asked(monkeypatch):
    asked = Asked(monkeypatch)
    yield asked
    asked.goes_on.set()


def test_a_database_that_hangs_is_not_waited_for_and_asked_by_one_thread_only(monkeypatch, asked):
    monkeypatch.setattr(readiness, "DATABASE_TIMEOUT", 0.01)
    check = readiness.DatabaseCheck()
    assert [check.answers() for _ in range(3)] == [False] * 3
    assert asked.count == 1


def test_who_asks_while_the_database_is_asked_gets_the_same_answer(asked):
    check = readiness.DatabaseCheck()
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(check.answers) for _ in range(4)]
        assert not any(answer.done() for answer in answers)
        asked.goes_on.set()
        assert [answer.result(30) for answer in answers] == [True] * 4
    assert asked.count == 1


def test_the_database_is_asked_once_a_second_at_most(asked):
    check = readiness.DatabaseCheck()
    asked.goes_on.set()
    assert [check.answers() for _ in range(5)] == [True] * 5
    assert asked.count == 1
    asked.clock += 1.0
    assert check.answers()
    assert asked.count == 2


@pytest.mark.django_db
def test_a_migration_that_this_code_knows_is_missing_until_it_is_applied():
    check = readiness.MigrationCheck()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET app = 'away' WHERE app = 'sessions'")
        assert not check.are_applied()
        cursor.execute("UPDATE django_migrations SET app = 'sessions' WHERE app = 'away'")
        assert check.are_applied()


@pytest.mark.django_db
def test_migrations_of_a_newer_release_do_not_count():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('clinic', '9999_newer', CURRENT_TIMESTAMP)"
        )
    assert readiness.MigrationCheck().are_applied()


def test_applied_migrations_are_looked_up_once(monkeypatch):
    calls = []
    monkeypatch.setattr(readiness, "call_command", lambda *args, **kwargs: calls.append(args))
    check = readiness.MigrationCheck()
    assert check.are_applied()
    assert check.are_applied()
    assert len(calls) == 1


def test_static_files_are_missing_until_they_are_collected(monkeypatch, tmp_path):
    monkeypatch.setattr(readiness, "staticfiles_storage", ManifestStaticFilesStorage(tmp_path))
    assert not readiness.are_static_files_collected()
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "site.css").write_text("")
    (tmp_path / "staticfiles.json").write_text(MANIFEST)
    assert not readiness.are_static_files_collected()  # A process reads the list when it starts.
    monkeypatch.setattr(readiness, "staticfiles_storage", ManifestStaticFilesStorage(tmp_path))
    assert readiness.are_static_files_collected()
    (tmp_path / "css" / "site.css").unlink()
    assert not readiness.are_static_files_collected()


# Draining


def test_drain_makes_readyz_answer_503_until_it_is_undone(client, capsys):
    call_command("drain", wait=0)
    assert client.get("/readyz").status_code == 503
    assert client.get("/livez").status_code == 200
    call_command("drain", undo=True)
    assert client.get("/readyz").status_code == 200


def test_drain_waits_for_the_balancer(monkeypatch, capsys):
    waited = []
    monkeypatch.setattr("clinic.management.commands.drain.time.sleep", waited.append)
    call_command("drain")
    call_command("drain", "--wait", "2.5")
    assert waited == [10, 2.5]


def test_drain_says_when_it_cannot(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "missing"
    with pytest.raises(CommandError, match="cannot be changed"):
        call_command("drain", wait=0)


def test_a_start_of_gunicorn_ends_the_draining(monkeypatch, settings):
    drain_file().touch()
    monkeypatch.setenv("VAR_DIR", str(settings.VAR_DIR))
    config = runpy.run_path("clinic/ops/gunicorn.py")
    config["on_starting"](SimpleNamespace(cfg=SimpleNamespace(bind=["127.0.0.1:0"])))
    assert not drain_file().exists()
