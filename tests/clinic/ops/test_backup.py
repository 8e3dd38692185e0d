"""Backups: what comes back is what was there, a damaged one is noticed, and a restored copy is checked."""

import errno
import os
import shutil
import subprocess
import tarfile
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from PIL import Image

from booking.models import Appointment, Message, Patient
from clinic.ops.backup.manifest import key_fingerprint
from content.models import Picture
from tests.proofs import race_site
from tests.support import factories
from tests.support.journey import NINE, book, make_small_clinic

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stopped_clock")]


def png():
    content = BytesIO()
    Image.new("RGB", (40, 30), "navy").save(content, "PNG")
    return ContentFile(content.getvalue(), name="clinic.png")


@pytest.fixture
def visit(client):
    """A booked visit, its messages and a picture: what a clinic would miss."""
    make_small_clinic()
    Picture.objects.create(image=png(), title="The clinic")
    return book(client)


def run(command, *arguments, **options):
    output = StringIO()
    call_command(command, *map(str, arguments), stdout=output, **options)
    return output.getvalue()


def backup(folder, **options):
    run("backup", to=folder, **options)
    return max(folder.glob("clinic-*.tar*"))


@contextmanager
def elsewhere(folder, settings):
    """Another machine: an empty database and an empty folder of pictures."""
    folder.mkdir(exist_ok=True)
    with race_site.own_database(folder) as url, race_site.connected(url):
        settings.MEDIA_ROOT = folder / "media"
        yield


def test_what_is_restored_is_what_was_backed_up(visit, tmp_path, settings):
    file = backup(tmp_path / "backups")
    keys = set(Message.objects.values_list("key", flat=True))
    (picture,) = Picture.objects.all()
    with elsewhere(tmp_path / "other", settings):
        run("restore", file)

        assert Appointment.objects.get().reference == visit.reference
        assert Patient.objects.get().name == "Alice Martin"
        assert set(Message.objects.values_list("key", flat=True)) == keys
        with default_storage.open(picture.image.name) as stored:
            assert Image.open(stored).size == (40, 30)
        assert "Nothing is missing" in run("restore_check", file)


def test_a_backup_is_of_one_instant_while_the_site_goes_on(visit, tmp_path, settings):
    """The manifest counts what the dump holds, not what came in since."""
    file = backup(tmp_path / "backups")
    factories.make_patient(name="Later")
    with elsewhere(tmp_path / "other", settings):
        run("restore", file)
        assert Patient.objects.count() == 1
        assert "Nothing is missing" in run("restore_check", file)


def test_only_the_sites_user_can_read_a_backup(visit, tmp_path):
    file = backup(tmp_path / "backups")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_no_secret_key_is_in_a_backup(visit, tmp_path, settings):
    with tarfile.open(backup(tmp_path / "backups")) as tar:
        manifest = tar.extractfile("manifest.json").read().decode()
    assert settings.SECRET_KEY not in manifest
    assert key_fingerprint(settings.SECRET_KEY) in manifest


@pytest.mark.parametrize("damage", ["cut off", "a byte changed", "another file"])
def test_a_damaged_backup_is_noticed_and_nothing_is_restored(visit, tmp_path, settings, damage):
    file = backup(tmp_path / "backups")
    content = file.read_bytes()
    middle = content.index(b"\x1f\x8b" if connection.vendor == "sqlite" else b"PGDMP") + 200
    changed = {
        "cut off": content[: len(content) // 2],
        "a byte changed": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "another file": b"not a backup " * 100,
    }[damage]
    file.write_bytes(changed)
    with elsewhere(tmp_path / "other", settings):
        with pytest.raises(CommandError, match="damaged"):
            run("restore", file)
        assert connection.introspection.table_names() == []
        assert not (tmp_path / "other" / "media").exists()


@pytest.mark.parametrize("name", ["../outside", "/outside", "media/../../outside", "folder/outside"])
def test_a_file_with_another_name_is_no_backup_and_is_written_nowhere(tmp_path, settings, name):
    file = tmp_path / "clinic.tar"
    with tarfile.open(file, "w") as tar:
        header = tarfile.TarInfo(name)
        header.size = 3
        tar.addfile(header, BytesIO(b"abc"))
    with elsewhere(tmp_path / "other", settings), pytest.raises(CommandError, match="no backup has"):
        run("restore", file)
    assert not list(tmp_path.parent.rglob("outside"))


def test_a_database_with_rows_is_never_overwritten(visit, tmp_path):
    file = backup(tmp_path / "backups")
    with pytest.raises(CommandError, match="not empty"):
        run("restore", file)
    assert Appointment.objects.count() == 1


def test_older_backups_are_deleted_but_nothing_else_in_the_folder(visit, tmp_path):
    folder = tmp_path / "backups"
    for hours in range(4):
        with time_machine.travel(NINE + timedelta(hours=hours), tick=False):
            backup(folder, keep=2)
    (folder / "notes.tar").touch()
    with time_machine.travel(NINE + timedelta(hours=4), tick=False):
        backup(folder, keep=2)
    assert [path.name[-12:-4] for path in sorted(folder.glob("clinic-*.tar"))] == ["T180000Z", "T190000Z"]
    assert (folder / "notes.tar").exists()


def test_without_a_database_there_is_no_backup_and_older_ones_stay(visit, tmp_path, settings):
    folder = tmp_path / "backups"
    backup(folder)
    with elsewhere(tmp_path / "other", settings), pytest.raises(CommandError, match="not there, or empty"):
        run("backup", to=folder, keep=1)
    assert len(list(folder.iterdir())) == 1


def test_a_restore_that_fails_at_the_pictures_can_be_run_again(visit, tmp_path, settings, monkeypatch):
    file = backup(tmp_path / "backups")
    with elsewhere(tmp_path / "other", settings):
        with monkeypatch.context() as patch:
            patch.setattr("django.core.files.storage.FileSystemStorage.save", raise_full)
            with pytest.raises(CommandError, match="No space left"):
                run("restore", file)
        run("restore", file)
        assert "Nothing is missing" in run("restore_check", file)


def raise_full(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_a_killed_backup_left_is_deleted_a_day_later_and_nothing_stays_beside_a_backup(visit, tmp_path, settings):
    folder = tmp_path / "backups"
    folder.mkdir()
    left = [folder / ".clinic-20261101T090000Z.tar.age.part", settings.VAR_DIR / ".backup-x"]
    left[0].touch()
    left[1].mkdir()
    for path in left:
        os.utime(path, (0, 0))
    file = backup(folder)
    assert list(folder.iterdir()) == [file]
    assert not list(settings.VAR_DIR.glob(".backup-*"))


def test_a_longer_file_that_a_killed_restore_left_does_not_end_up_in_the_database(visit, tmp_path, settings):
    if connection.vendor != "sqlite":
        pytest.skip("SQLite is one file.")
    file = backup(tmp_path / "backups")
    with elsewhere(tmp_path / "other", settings):
        database = Path(connection.settings_dict["NAME"])
        database.with_name(f".{database.name}.part").write_bytes(b"x" * 20_000_000)
        run("restore", file)
        assert database.stat().st_size < 20_000_000
        assert "Nothing is missing" in run("restore_check", file)


@pytest.mark.skipif(not shutil.which("age-keygen"), reason="age is not installed. Get it with: apt-get install age")
def test_an_encrypted_backup_opens_with_its_key_alone(visit, tmp_path, settings):
    identity = tmp_path / "key.txt"
    subprocess.run(["age-keygen", "-o", str(identity)], check=True, capture_output=True)
    recipient = subprocess.run(["age-keygen", "-y", str(identity)], check=True, capture_output=True, text=True)
    file = backup(tmp_path / "backups", encrypt_to=[recipient.stdout.strip()])
    assert b"Alice Martin" not in file.read_bytes()
    assert b"ustar" not in file.read_bytes()
    with elsewhere(tmp_path / "other", settings):
        with pytest.raises(CommandError, match="--identity"):
            run("restore", file)
        run("restore", file, identity=str(identity))
        assert Patient.objects.get().name == "Alice Martin"


@pytest.mark.skipif(not shutil.which("age"), reason="age is not installed. Get it with: apt-get install age")
def test_a_backup_that_cannot_be_encrypted_is_not_kept(visit, tmp_path):
    with pytest.raises(CommandError, match="age could not encrypt"):
        backup(tmp_path / "backups", encrypt_to=["nobody"])
    assert list((tmp_path / "backups").iterdir()) == []


class TestTheCheckOfARestoredCopy:
    def restored(self, tmp_path, settings):
        file = backup(tmp_path / "backups")
        return file, elsewhere(tmp_path / "other", settings)

    def problems(self, *arguments):
        with pytest.raises(CommandError) as error:
            run("restore_check", *arguments)
        return str(error.value)

    def test_it_counts_the_rows(self, visit, tmp_path, settings):
        file, other = self.restored(tmp_path, settings)
        with other:
            run("restore", file)
            Message.objects.first().delete()
            assert f"booking_message has {Message.objects.count()} rows" in self.problems(file)

    def test_it_says_that_migrations_are_missing_and_looks_no_further(self, visit, tmp_path, settings):
        file, other = self.restored(tmp_path, settings)
        with other:
            run("restore", file)
            newest = MigrationLoader(connection).graph.leaf_nodes("content")[0]
            MigrationRecorder(connection).record_unapplied(*newest)
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE content_picturefile")
            assert self.problems().splitlines() == ["Migrations are missing: run manage.py migrate."]

    def test_it_misses_a_picture(self, visit, tmp_path, settings):
        file, other = self.restored(tmp_path, settings)
        with other:
            run("restore", file)
            default_storage.delete(Picture.objects.get().image.name)
            assert "1 pictures that pages show are not in the storage" in self.problems(file)

    def test_it_wants_the_secret_key_of_the_backup(self, visit, tmp_path, settings):
        file, other = self.restored(tmp_path, settings)
        settings.SECRET_KEY, old = "another key of at least thirty-two letters", settings.SECRET_KEY
        with other:
            run("restore", file)
            assert "SECRET_KEY is not the one of this backup" in self.problems(file)
            settings.SECRET_KEY_FALLBACKS = [old]
            assert "Nothing is missing" in run("restore_check", file)

    def test_it_finds_visits_that_overlap(self, visit, tmp_path, settings):
        """The guard of the database is taken away first, as a damaged restore might."""
        file, other = self.restored(tmp_path, settings)
        with other:
            run("restore", file)
            drop_guard_of_practitioners()
            factories.make_appointment(
                practitioner=visit.practitioner, service=visit.service, location=visit.location,
                starts_at=visit.starts_at, ends_at=visit.ends_at,
            )  # fmt: skip
            found = self.problems()
            assert "2 visits overlap another of the same practitioner" in found
            assert "has lost its guard appointment_practitioner_no_overlap" in found


def drop_guard_of_practitioners():
    name = "appointment_practitioner_no_overlap"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE booking_appointment DROP CONSTRAINT {name}")
        else:
            cursor.execute(f"DROP TRIGGER {name}_insert")
            cursor.execute(f"DROP TRIGGER {name}_update")
