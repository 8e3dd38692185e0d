"""The pictures of a backup, read and written through the storage."""

from collections.abc import Iterator
from pathlib import Path

from django.core.files import File
from django.core.files.storage import Storage, default_storage

from clinic.ops.backup.archive import MEDIA, Writer

UNFINISHED = ".part"  # Of an earlier release.


def stored_names(storage: Storage, folder: str = "") -> Iterator[str]:
    """Yield the name of each file in a storage, in all folders."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    prefix = f"{folder}/" if folder else ""
    yield from (f"{prefix}{file}" for file in sorted(files) if file and not file.endswith(UNFINISHED))
    for name in sorted(folders):
        yield from stored_names(storage, f"{prefix}{name}")


def add_pictures(writer: Writer) -> int:
    """Add the stored files to a backup, and return their number. One that is deleted meanwhile is left out."""
    count = 0
    for name in stored_names(default_storage):
        try:
            with default_storage.open(name) as file:
                writer.add(f"{MEDIA}/{name}", file, file.size)
        except FileNotFoundError:
            continue
        count += 1
    return count


def restore_pictures(folder: Path) -> tuple[int, list[str]]:
    """Store the pictures of an unpacked backup. Return their number, and the names that are taken by another file."""
    root, taken, count = folder / MEDIA, [], 0
    for path in sorted(root.rglob("*")):
        if path.is_dir():
            continue
        name = path.relative_to(root).as_posix()
        if default_storage.exists(name):
            if not _is_same(name, path):
                taken.append(name)
            continue
        with path.open("rb") as file:
            default_storage.save(name, File(file))
        count += 1
    return count, taken


def _is_same(name: str, path: Path) -> bool:
    with default_storage.open(name) as stored:
        return bool(stored.read() == path.read_bytes())
