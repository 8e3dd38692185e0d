"""Rule: the health check reports unsent messages and a stopped worker, and no personal data."""

import ipaddress
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone

from booking import messages
from booking.models import Message, TaskRun
from booking.rate_limits import delete_expired_buckets
from booking.worker.periodic_tasks import periodic_tasks
from clinic.ops import error_page
from clinic.ops.version import site_version
from clinic.web.health import healthz as health
from content.models import PictureFile
from tests.support import factories

pytestmark = pytest.mark.django_db
LATE = health.LATE


@pytest.fixture(autouse=True)
def _stopped_clock(stopped_clock):
    pass


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch):
    monkeypatch.setattr(health, "write_check", health.WriteCheck())
    monkeypatch.setattr(health, "error_page_check", health.ErrorPageCheck())


def health_of(client) -> tuple[int, list[str]]:
    response = client.get("/healthz/")
    assert response["Cache-Control"] == "no-store"
    return response.status_code, response.content.decode().splitlines()


def make_message(**fields) -> Message:
    return Message.objects.create(**{"key": f"contact-{Message.objects.count()}", "kind": "contact"} | fields)


def test_a_worker_that_never_ran_is_no_problem_without_due_messages(client):
    assert health_of(client) == (200, ["ok"])


@pytest.mark.parametrize(("late", "status"), [(timedelta(0), 200), (timedelta(seconds=1), 503)])
def test_overdue_messages_are_a_problem(late, status, client, now):
    make_message(due_at=now - LATE - late)
    assert health_of(client)[0] == status


def test_scheduled_and_parked_messages_are_no_problem(client, now):
    make_message(due_at=now + LATE)
    make_message(due_at=now - LATE * 2, state="parked")
    assert health_of(client) == (200, ["ok"])


def test_repeated_failures_without_any_sent_message_are_a_problem(client, now):
    make_message(due_at=now + LATE, attempts=4)
    assert health_of(client) == (503, ["messages fail again and again, and none has left for an hour"])
    make_message(due_at=now, state="sent", sent_at=now - timedelta(minutes=59))
    assert health_of(client) == (200, ["ok"])  # Then only that address fails.


@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8::9", "10.0.0.7", ""])
def test_strangers_are_told_that_something_is_wrong_and_not_what(address, client, now):
    assert client.get("/healthz/", REMOTE_ADDR=address).content == b"ok\n"
    make_message(due_at=now - LATE * 2)
    response = client.get("/healthz/", REMOTE_ADDR=address)
    assert (response.status_code, response.content) == (503, b"not ok\n")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_the_machine_itself_is_told_what_is_wrong(address, client, now):
    make_message(due_at=now - LATE * 2)
    response = client.get("/healthz/", REMOTE_ADDR=address)
    assert b"messages are waiting" in response.content


def test_over_the_trusted_unix_socket_the_machine_itself_is_told_and_visitors_are_not(client, now, settings):
    """As ``curl --unix-socket`` asks, and as nginx asks for a visitor."""
    make_message(due_at=now - LATE * 2)
    assert client.get("/healthz/", REMOTE_ADDR="").content == b"not ok\n"
    settings.TRUST_UNIX_SOCKET = True
    response = client.get("/healthz/", REMOTE_ADDR="")
    assert (b"messages are waiting" in response.content, response["X-Version"]) == (True, site_version())
    for forwarded in ("203.0.113.9", "unix:", "not an address", ""):
        response = client.get("/healthz/", REMOTE_ADDR="", HTTP_X_FORWARDED_FOR=forwarded)
        assert (response.content, "X-Version" in response) == (b"not ok\n", False)


def test_a_client_behind_the_front_server_is_not_the_machine_itself(client, now, settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.1")]
    make_message(due_at=now - LATE * 2)
    assert client.get("/healthz/", HTTP_X_FORWARDED_FOR="203.0.113.9").content == b"not ok\n"


def test_staff_are_told_what_is_wrong_once_they_may_enter_the_office(client, admin_client, now, settings):
    make_message(due_at=now - LATE * 2)
    assert b"messages are waiting" in admin_client.get("/healthz/", REMOTE_ADDR="203.0.113.9").content
    settings.STAFF_SECOND_FACTOR = True
    assert admin_client.get("/healthz/", REMOTE_ADDR="203.0.113.9").content == b"not ok\n"


@pytest.mark.parametrize("direction", [1, -1], ids=["past", "future"])
def test_a_task_without_a_recent_success_is_a_problem(direction, client, now):
    TaskRun.objects.create(name="holds", went_well_at=now - direction * LATE)
    TaskRun.objects.create(name="mail", went_well_at=now - direction * (LATE + timedelta(seconds=1)))
    assert health_of(client) == (503, ["the worker has not got through this for a while: mail"])


@pytest.mark.parametrize("interval", [timedelta(seconds=30), timedelta(hours=1), timedelta(days=7)])
def test_a_task_is_expected_after_its_own_interval(interval, client, now):
    run = TaskRun.objects.create(name="daily", went_well_at=now - interval - LATE, interval=interval)
    assert health_of(client) == (200, ["ok"])
    run.went_well_at -= timedelta(seconds=1)
    run.save()
    assert health_of(client)[0] == 503


def test_if_only_the_tasks_with_pictures_fail_the_store_is_suspected(client, now):
    assert periodic_tasks.keys() > health.PICTURE_TASKS
    TaskRun.objects.create(name="mail", went_well_at=now)
    TaskRun.objects.create(name="picture files", went_well_at=now - LATE * 2)
    late = "the worker has not got through this for a while: picture files"
    assert health_of(client) == (503, [f"{late}. Does the store of pictures answer?"])
    TaskRun.objects.filter(name="mail").update(went_well_at=now - LATE * 2)
    assert "store" not in health_of(client)[1][0]


def test_pictures_that_the_worker_did_not_find_are_a_problem(client, monkeypatch):
    monkeypatch.setattr("django.core.files.storage.FileSystemStorage.exists", lambda *args: pytest.fail("asked"))
    PictureFile.objects.create(name="pictures/there.jpg", state=PictureFile.State.READY)
    assert health_of(client) == (200, ["ok"])
    PictureFile.objects.create(name="pictures/lost.jpg", state=PictureFile.State.MISSING)
    said = "pictures that are not in the storage: 1. The office's start page names them"
    assert health_of(client) == (503, [said])


def test_all_problems_are_reported_together(client, now):
    TaskRun.objects.create(name="holds", went_well_at=now - timedelta(days=1))
    make_message(due_at=now - timedelta(days=1), attempts=5)
    status, lines = health_of(client)
    assert (status, len(lines)) == (503, 3)


def test_an_unavailable_database_is_a_problem(client, monkeypatch):
    def fail():
        raise OperationalError("password=secret")

    monkeypatch.setattr(messages, "oldest_due_at", fail)
    assert health_of(client) == (503, ["the database does not answer"])


@pytest.mark.parametrize("host", ["10.1.2.3", "10.1.2.3:8000", "anything.example", "[::1]", ""])
def test_a_probe_may_ask_by_any_host_over_http(client, settings, host):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz/", headers={"host": host}).status_code == 200
    assert client.get("/book/", headers={"host": "anything.example"}).status_code == 400


# Files and disks


@pytest.fixture
def disk(monkeypatch, settings, tmp_path):
    """The disk of VAR_DIR, whose usage a test may set."""
    settings.VAR_DIR = tmp_path
    state = SimpleNamespace(total=100 * 10**9, used=0, free=50 * 10**9)
    monkeypatch.setattr(health.shutil, "disk_usage", lambda folder: state)
    monkeypatch.setattr(health, "local_folders", lambda: {"VAR_DIR": tmp_path})
    return state


@pytest.mark.parametrize(
    ("total", "free", "word"),
    [
        (100 * 10**9, 10**9, None),
        (100 * 10**9, 10**9 - 1, "nearly full"),
        (5 * 10**9, 10**8, None),
        (5 * 10**9, 10**8 - 1, "nearly full"),
        (5 * 10**9, 0, "full"),
    ],
)
def test_a_full_disk_is_a_problem_before_it_is_full(client, disk, total, free, word):
    disk.total, disk.free = total, free
    expected = (503, [f"the disk of VAR_DIR is {word}"]) if word else (200, ["ok"])
    assert health_of(client) == expected


def test_the_disk_of_a_sqlite_database_is_looked_at(settings):
    folders = health.local_folders()
    assert ("the database" in folders) == (connection.vendor == "sqlite")
    assert all(folder.is_dir() for folder in folders.values())


def test_missing_static_files_are_a_problem(client, monkeypatch):
    monkeypatch.setattr(health, "are_static_files_collected", lambda: False)
    assert health_of(client) == (503, ["the static files are missing: run collectstatic, then restart the site"])


def test_a_database_that_cannot_write_is_a_problem(client, monkeypatch):
    def fail(**kwargs):
        raise OperationalError from PostgresqlError("53100")

    monkeypatch.setattr(health.RateLimitBucket.objects, "create", fail)
    assert health_of(client) == (503, ["the database cannot write: The database or its disk is full"])


def test_the_database_is_written_to_once_a_minute(client, monkeypatch):
    before = health.RateLimitBucket.objects.count()
    for _ in range(3):
        assert health_of(client) == (200, ["ok"])
    assert health.RateLimitBucket.objects.count() == before + 1
    delete_expired_buckets(now=timezone.now() + timedelta(seconds=1))
    assert health.RateLimitBucket.objects.count() == before


class PostgresqlError(Exception):
    def __init__(self, sqlstate):
        self.sqlstate = sqlstate


# The front server's error page


def test_an_error_page_older_than_the_clinics_phone_is_a_problem_after_a_while(client, settings, tmp_path, now):
    settings.VAR_DIR = tmp_path
    clinic = factories.make_clinic(phone="+14035550100")
    assert error_page.keep_error_page_current()
    assert not error_page.keep_error_page_current()  # Nothing has changed.
    clinic.phone = "+14035550177"
    clinic.save()
    with time_machine.travel(now, tick=False) as clock:
        assert health_of(client) == (200, ["ok"])
        clock.shift(LATE + timedelta(seconds=1))
        assert health_of(client)[0] == 503
        assert error_page.keep_error_page_current()
        assert health_of(client) == (200, ["ok"])
    assert "403-555-0177" in (tmp_path / error_page.FILE_NAME).read_text()


def test_the_worker_leaves_a_folder_alone_in_which_it_may_not_write(settings, tmp_path, monkeypatch):
    settings.VAR_DIR = tmp_path
    factories.make_clinic()
    monkeypatch.setattr(error_page.os, "access", lambda path, mode: False)
    assert error_page.keep_error_page_current() == ""
    assert list(tmp_path.iterdir()) == []


def test_a_site_with_another_var_dir_than_the_workers_finds_the_error_page_where_both_are_told(settings, tmp_path):
    settings.ERROR_PAGE, settings.VAR_DIR = tmp_path / "shared" / "down.html", tmp_path / "worker"
    settings.ERROR_PAGE.parent.mkdir()
    factories.make_clinic(phone="+14035550177")
    assert error_page.keep_error_page_current()
    settings.VAR_DIR = tmp_path / "site"
    assert error_page.contact_in_kept_page().phone == "403-555-0177"
