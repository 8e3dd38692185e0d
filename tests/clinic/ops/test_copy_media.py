"""``manage.py copy_media``: pictures move between storages, whole or not at all, and a second run continues."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import CommandError, call_command

from clinic.management.commands.copy_media import storage_at

pytestmark = pytest.mark.once
FILES = {"pictures/path-1.jpg": b"one", "renditions/path-1-480.avif": b"two", "people/é b.webp": b"three"}


@pytest.fixture
def folder(tmp_path, settings):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
    for name, content in FILES.items():
        default_storage.save(name, ContentFile(content))
    return FileSystemStorage(tmp_path / "copy")


def copy(capsys, *options):
    call_command("copy_media", *options)
    return capsys.readouterr().out.strip()


def contents(storage):
    return {name: storage.open(name).read() for name in FILES if storage.exists(name)}


def test_all_files_are_copied_there_and_back(folder, capsys, settings):
    assert copy(capsys, "--to", folder.location) == "3 files copied, 0 were there."
    assert contents(folder) == FILES

    for name in FILES:
        default_storage.delete(name)
    assert copy(capsys, "--from", folder.location) == "3 files copied, 0 were there."
    assert contents(default_storage) == FILES


def test_a_second_run_copies_what_is_missing_or_was_cut_short(folder, capsys):
    copy(capsys, "--to", folder.location)
    folder.delete("pictures/path-1.jpg")
    folder.delete("people/é b.webp")
    folder.save("people/é b.webp", ContentFile(b"th"))

    assert copy(capsys, "--to", folder.location) == "2 files copied, 1 were there."
    assert contents(folder) == FILES


def test_verify_finds_a_copy_of_the_same_size_that_differs(folder, capsys):
    copy(capsys, "--to", folder.location)
    folder.delete("pictures/path-1.jpg")
    folder.save("pictures/path-1.jpg", ContentFile(b"ONE"))

    assert copy(capsys, "--to", folder.location) == "0 files copied, 3 were there."
    assert copy(capsys, "--to", folder.location, "--verify") == "1 files copied, 2 were there."
    assert contents(folder) == FILES


def test_a_file_that_arrives_changed_is_named(folder, monkeypatch):
    save = FileSystemStorage.save
    monkeypatch.setattr(FileSystemStorage, "save", lambda self, name, content: save(self, name, ContentFile(b"x")))

    with pytest.raises(CommandError, match=r"3 files arrived changed: .*pictures/path-1\.jpg"):
        call_command("copy_media", "--to", folder.location)


@pytest.mark.parametrize("options", [[], ["--to", "media"], ["--from", "s3:/bucket"]])
def test_a_place_must_be_named_in_full(folder, options):
    with pytest.raises(CommandError, match=r"Name a place|full path"):
        call_command("copy_media", *options)


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_an_address_with_a_secret_is_refused_on_the_command_line_and_not_repeated(folder, option):
    with pytest.raises(CommandError, match="--from-file") as refused:
        call_command("copy_media", option, "s3://key:secret@s3.example/bucket")
    assert "secret@" not in str(refused.value)


def test_the_address_of_a_bucket_is_read_from_a_file(tmp_path):
    (tmp_path / "bucket").write_text("s3://key:secret@s3.example/bucket\n")
    storage = storage_at(None, str(tmp_path / "bucket"))
    assert (storage.bucket_name, storage.secret_key) == ("bucket", "secret")


@pytest.mark.parametrize(("content", "says"), [(None, "cannot be read"), ("s3:secret@bucket", "s3://KEY:SECRET@")])
def test_a_file_without_an_address_is_refused_and_not_repeated(tmp_path, content, says):
    if content:
        (tmp_path / "bucket").write_text(content)
    with pytest.raises(CommandError, match=says) as refused:
        storage_at(None, str(tmp_path / "bucket"))
    assert "secret@" not in str(refused.value)
