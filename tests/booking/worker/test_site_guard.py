"""The worker knows whether the database is the site's: what it records, when it is mute, and what goes on then."""

import logging
import os
import stat as stat_module
import subprocess
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection
from django.urls import reverse

from booking import messages, site_identity
from booking.models import Appointment, Message, SiteIdentity, TaskRun, current_content_version
from booking.site_identity import place
from booking.site_identity.birth_time import birth_time
from booking.worker import clock_guard, conditions, loop, site_guard
from booking.worker.periodic_tasks import PeriodicTask, periodic_tasks
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ELSEWHERE = {"database": "postgresql 1 timeline 00000001 database 2 table 3"}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(loop, "close_old_connections", lambda: None)
    monkeypatch.setattr(loop, "periodic_tasks", {})
    monkeypatch.setattr(site_guard, "CHECK_INTERVAL", 0.0)
    monkeypatch.setattr(site_guard, "HEARTBEAT_INTERVAL", 0.0)


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO, logger="booking")
    return caplog


def work(worker=None) -> str:
    """Run a worker once. Returns what it complains of."""
    try:
        (worker or loop.Worker()).work_once()
    except CommandError as error:
        return str(error)
    return ""


def record() -> SiteIdentity:
    return SiteIdentity.objects.get()


def change(**fields) -> None:
    SiteIdentity.objects.update(**fields)


def queue_confirmation(now) -> None:
    factories.make_clinic()
    messages.enqueue_booking(factories.make_appointment(), now=now - 5 * MINUTE)


class TestRecord:
    def test_the_first_worker_records_the_place_and_sends(self, now):
        queue_confirmation(now)
        assert work() == ""
        assert len(mail.outbox) == 2
        assert record().database == site_identity.current_place().database

    def test_a_site_of_one_machine_may_change_its_address_and_get_a_public_one(self, settings):
        work()
        settings.SITE_URL = "http://127.0.0.1:8001"
        assert work() == ""
        settings.SITE_URL, settings.IS_LOCAL = "https://clinic.example", False
        assert work() == ""
        assert record().site_url == "https://clinic.example"

    def test_another_address_of_the_same_database_is_a_copy_until_it_is_set_right(self, settings):
        settings.SITE_URL, settings.IS_LOCAL = "https://clinic.example", False
        assert work() == ""
        settings.SITE_URL = "https://test.clinic.example"
        assert "served as https://clinic.example, and now it is https://test.clinic.example" in work()
        settings.SITE_URL, settings.IS_LOCAL = "http://127.0.0.1:8000", True
        assert "here it is an address of this machine alone" in work()
        settings.SITE_URL, settings.IS_LOCAL = "https://clinic.example", False
        assert work() == ""

    def test_a_missing_record_is_a_restore_that_is_not_complete(self, now):
        queue_confirmation(now)
        SiteIdentity.objects.all().delete()
        assert "is missing, as while a backup is restored" in work()
        assert mail.outbox == []

    def test_migrate_restores_a_missing_row(self):
        SiteIdentity.objects.all().delete()
        call_command("migrate", verbosity=0)
        assert record().database == ""

    @pytest.mark.parametrize(("ago", "is_mute"), [(59 * MINUTE, False), (61 * MINUTE, True), (-61 * MINUTE, True)])
    def test_a_database_of_an_earlier_release_is_the_sites_if_it_sent_messages_a_moment_ago(self, ago, is_mute, now):
        TaskRun.objects.create(name="mail", went_well_at=now - ago)
        assert ("may be a copy" in work()) == is_mute
        assert ("may be a copy" in work()) == is_mute  # The mute worker does not make itself trusted.

    def test_a_backup_of_an_earlier_release_over_a_database_that_had_a_record_is_mute(self, now):
        work()
        change(database="", token="", site_url="", heartbeats=0)
        assert "may be a copy" in work()

    def test_a_new_database_in_the_place_of_a_deleted_one_is_none(self):
        work()
        TaskRun.objects.all().delete()
        change(database="", token="", site_url="", heartbeats=0)
        assert work() == ""

    def test_while_the_clock_is_wrong_no_place_is_recorded(self, settings, monkeypatch):
        tasks = [PeriodicTask("pictures", str, 1.0, needs_site=True), PeriodicTask("links", str, 1.0, needs_clock=True)]
        monkeypatch.setattr(loop, "periodic_tasks", {task.name: task for task in tasks})
        settings.CLOCK_TOLERANCE = 5 * MINUTE
        monkeypatch.setattr(clock_guard.ClockGuard, "problem", lambda self: "The clock is wrong.")
        work()
        assert record().database == ""

    def test_counting_leaves_cached_pages_valid(self):
        work()
        version, heartbeats = current_content_version(), record().heartbeats
        work()
        assert record().heartbeats > heartbeats
        assert current_content_version() == version


class TestPlace:
    def test_it_is_the_same_from_one_connection_to_the_next(self):
        before = site_identity.current_place()
        assert site_identity.current_place() == before

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's functions.")
    def test_a_server_that_refuses_to_name_itself_is_known_by_its_address(self, monkeypatch):
        monkeypatch.setattr(place, "_CLUSTER", "SELECT no_such_function()")
        assert connection.settings_dict["NAME"] in site_identity.current_place().database
        assert TaskRun.objects.count() == 0  # The transaction goes on.

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's roles.")
    def test_an_ordinary_role_may_ask_for_it(self):
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE ordinary_clinic_role")
            cursor.execute("SET LOCAL ROLE ordinary_clinic_role")
        try:
            assert "timeline" in site_identity.current_place().database
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")

    @pytest.mark.once
    def test_the_number_of_the_device_says_nothing(self, tmp_path, monkeypatch):
        """It may change when the machine restarts, and on XFS and NFS the id of the file system with it."""
        path = tmp_path / "clinic.sqlite3"
        path.write_bytes(b"one")
        before, stat = place.file_identity(str(path)), os.stat

        def after_restart(name, **options):
            values = list(stat(name, **options))
            values[stat_module.ST_DEV] += 1
            return os.stat_result(values)

        monkeypatch.setattr(os, "stat", after_restart)
        monkeypatch.setattr(os, "statvfs", lambda name: SimpleNamespace(f_fsid=1))
        assert place.file_identity(str(path)) == before

    @pytest.mark.once
    def test_a_file_with_the_same_inode_on_another_disk_is_another(self, tmp_path, monkeypatch):
        path = tmp_path / "clinic.sqlite3"
        path.write_bytes(b"one")
        before = place.file_identity(str(path))
        monkeypatch.setattr(place, "birth_time", lambda name: 1)
        assert place.file_identity(str(path)) != before

    @pytest.mark.once
    @pytest.mark.skipif(sys.platform != "linux", reason="The program of GNU.")
    def test_the_birth_time_is_the_one_that_the_system_shows(self, tmp_path):
        shown = subprocess.run(["stat", "-c", "%W", tmp_path], capture_output=True, text=True, check=True).stdout
        assert birth_time(str(tmp_path)) // 1_000_000_000 == int(shown)
        assert birth_time(str(tmp_path / "missing")) == 0

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="A file.")
    def test_a_compacted_file_is_the_same_and_a_renamed_copy_is_another(self, tmp_path):
        path = tmp_path / "clinic.sqlite3"
        path.write_bytes(b"one")
        before = place.file_identity(str(path))
        path.write_bytes(b"two")
        assert place.file_identity(str(path)) == before
        other = tmp_path / "other.sqlite3"
        other.write_bytes(b"two")
        other.replace(path)
        assert place.file_identity(str(path)) != before


class TestMute:
    @pytest.fixture(autouse=True)
    def _copy(self, now):
        work()
        change(**ELSEWHERE)

    def test_holds_expire_and_tasks_that_tell_nobody_run(self, now, monkeypatch):
        done = []
        tasks = [
            PeriodicTask("pictures", lambda: done.append("pictures") or "", 1.0, needs_clock=True),
            PeriodicTask("retention", lambda: done.append("retention") or "", 1.0, needs_site=True),
        ]
        monkeypatch.setattr(loop, "periodic_tasks", {task.name: task for task in tasks})
        lapsed = factories.make_appointment(status="held", hold_expires_at=now)
        work()
        assert Appointment.objects.get(pk=lapsed.pk).status == "expired"
        assert done == ["pictures"]

    def test_no_offer_is_made_or_settled_and_nothing_is_deleted(self, monkeypatch):
        done = []
        for name in ("settle_waitlist", "offer_available_slots", "delete_old_entries", "delete_old_holds"):
            monkeypatch.setattr(loop.scheduling, name, lambda name=name, **_: done.append(name))
        monkeypatch.setattr(loop.messages, "check_deliveries", lambda **_: done.append("deliveries"))
        monkeypatch.setattr(loop.messages, "channels", lambda: ["email", "text"])
        work()
        assert done == []

    def test_the_log_says_it_once_and_then_every_hour(self, log, monkeypatch):
        worker = loop.Worker()
        clock = [conditions.time.monotonic()]
        monkeypatch.setattr(conditions.time, "monotonic", lambda: clock[0])
        for _ in range(5):
            work(worker)
        assert log.text.count("This database is a copy") == 1
        clock[0] += conditions.REPEAT + 1.0
        work(worker)
        work(worker)
        assert log.text.count("This database is a copy") == 2
        assert "manage.py take_over" in log.text

    def test_a_copy_that_is_taken_over_while_a_worker_runs_sends_within_a_round(self, log, now):
        queue_confirmation(now)
        worker = loop.Worker()
        assert work(worker)
        call_command("take_over", sent_until=(now - HOUR).isoformat(), yes=True)
        assert work(worker) == ""
        assert len(mail.outbox) == 2
        assert "This database is the site's: messages leave." in log.text

    def test_the_health_check_and_the_start_page_say_so(self, client, admin_client):
        answer = client.get("/healthz/")
        assert answer.status_code == 503
        assert "This database is a copy" in answer.content.decode()
        assert "manage.py take_over" in answer.content.decode()
        page = admin_client.get(reverse("admin:index")).content.decode()
        assert "Nothing is sent from here" in page
        assert "manage.py take_over" in page

    def test_a_worker_notices_between_two_messages(self, now, monkeypatch):
        change(database=site_identity.current_place().database)
        queue_confirmation(now)
        send = mail.EmailMultiAlternatives.send

        def send_and_restore(self):
            sent = send(self)
            change(**ELSEWHERE)
            return sent

        monkeypatch.setattr(mail.EmailMultiAlternatives, "send", send_and_restore)
        work()
        assert len(mail.outbox) == 1


class TestCounter:
    def test_a_database_that_goes_back_stays_mute_on_every_machine(self, settings, tmp_path):
        for _ in range(10):
            work()
        change(heartbeats=1)
        assert "gone back to an earlier state" in work()
        settings.VAR_DIR = tmp_path / "another machine"
        assert "gone back to an earlier state" in work()

    def test_the_last_beats_may_be_lost_in_a_power_cut(self):
        for _ in range(10):
            work()
        change(heartbeats=record().heartbeats - 2)
        assert work() == ""

    def test_a_take_over_on_one_machine_is_accepted_on_the_others(self, settings, tmp_path, now):
        first, second = tmp_path, tmp_path / "second"
        second.mkdir()
        for folder in (first, second):
            settings.VAR_DIR = folder
            for _ in range(10):
                work()
        backup = SiteIdentity.objects.values().get()
        change(heartbeats=1)
        assert work()
        call_command("take_over", sent_until="now", yes=True)
        for folder in (first, second):
            settings.VAR_DIR = folder
            assert work() == ""
        change(**backup)  # A backup of before the take-over, with more heartbeats.
        assert "gone back" in work()

    def test_what_a_site_queued_while_it_was_mute_is_not_its_own_after_a_restore(self, now):
        """The backup says since when the site was mute. It was taken over since, and has sent what was queued."""
        work()
        change(**ELSEWHERE)
        work()  # Mute.
        queue_confirmation(now)
        backup = SiteIdentity.objects.values().get()
        with time_machine.travel(now + HOUR, tick=False):
            call_command("take_over", sent_until="now", yes=True)
            assert work() == ""
            assert len(mail.outbox) == 2
        mail.outbox.clear()
        for is_noticed in (False, True):
            change(**backup)
            Message.objects.update(state="waiting", sent_at=None)
            with time_machine.travel(now + 2 * HOUR, tick=False):
                if is_noticed:
                    assert work()
                call_command("take_over", sent_until="now", yes=True)
                assert work() == ""
            assert mail.outbox == []

    @pytest.mark.parametrize("content", ["", "{", "[1]", '{"a": 1}', '{"a": {"b": null}}'])
    def test_a_damaged_memory_is_no_memory(self, content, tmp_path):
        (tmp_path / "site-memory.json").write_text(content)
        assert work() == ""

    def test_a_folder_that_cannot_be_written_is_no_problem(self, settings, tmp_path):
        settings.VAR_DIR = tmp_path / "missing"
        assert work() == ""
        assert work() == ""


def test_tasks_that_tell_people_something_or_delete_need_the_site():
    assert {name for name, task in periodic_tasks.items() if task.needs_site} == {
        "password links",
        "retention periods",
        # A copy, perhaps on somebody's computer, has no business with practitioners' private calendars.
        "own calendars",
        # A copy may have its pictures in the store of the site.
        "pictures",
        "picture files",
        "pictures for shared links",
    }


def test_a_table_that_is_missing_fails_the_round_and_not_the_worker(monkeypatch):
    def unmigrated():
        raise ProgrammingError from _WithState("42P01")

    monkeypatch.setattr(site_identity, "load_identity", unmigrated)
    assert work() == "The database lacks tables or columns of this release (ProgrammingError). Run manage.py migrate."


class _WithState(Exception):
    def __init__(self, sqlstate):
        self.sqlstate = sqlstate
