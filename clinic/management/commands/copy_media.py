"""Copy pictures between a folder and an object store, or between two of either."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from clinic.ops.environment.media import bucket_storage, folder_storage


class Command(BaseCommand):
    help = "Copy the pictures that are missing elsewhere, and compare each with what arrived. Run it again to continue."

    def add_arguments(self, parser: CommandParser) -> None:
        place = "the full path of a folder, or s3://KEY:SECRET@host/bucket as in MEDIA_STORAGE"
        parser.add_argument("--from", dest="source", help=f"Where from: {place}. By default the site's own storage.")
        parser.add_argument("--to", dest="target", help="Where to, likewise. Name at least one of the two.")
        parser.add_argument("--verify", action="store_true", help="Also read what was copied earlier, and compare it.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (options["source"] or options["target"]):
            raise CommandError("Name a place with --from or --to. The site's own storage is the other one.")
        source = storage_at(options["source"]) if options["source"] else default_storage
        target = storage_at(options["target"]) if options["target"] else default_storage
        copied, same, wrong = 0, 0, []
        for name in names_in(source):
            if is_complete(source, target, name, verify=options["verify"]):
                same += 1
            elif copy(source, target, name):
                copied += 1
            else:
                wrong.append(name)
        self.stdout.write(f"{copied} files copied, {same} were there.")
        if wrong:
            raise CommandError(f"{len(wrong)} files arrived changed: {', '.join(wrong[:10])}. Run this again.")


def storage_at(place: str) -> Storage:
    """Return the storage of an address or folder; raises CommandError."""
    if not place.startswith("s3://") and not Path(place).is_absolute():
        raise CommandError("Give s3://KEY:SECRET@host/bucket, or the full path of a folder, such as /srv/clinic/media.")
    config = bucket_storage(place) if place.startswith("s3://") else folder_storage(Path(place))
    storage: Storage = import_string(config["BACKEND"])(**config["OPTIONS"])
    return storage


def names_in(storage: Storage, folder: str = "") -> Iterator[str]:
    """Yield the name of each file, without those that an earlier release left unfinished."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    prefix = f"{folder}/" if folder else ""
    yield from (f"{prefix}{file}" for file in sorted(files) if not file.endswith(".part"))
    for inner in sorted(folders):
        yield from names_in(storage, f"{prefix}{inner}")


def is_complete(source: Storage, target: Storage, name: str, *, verify: bool) -> bool:
    """Whether the target has the file; names contain a hash of the content, so the size tells a copy cut short."""
    try:
        is_same = target.size(name) == source.size(name)
    except FileNotFoundError:
        return False
    return is_same and (not verify or digest(source, name) == digest(target, name))


def copy(source: Storage, target: Storage, name: str) -> bool:
    """Copy a file over whatever has its name, and read it back. Return whether it arrived unchanged."""
    with source.open(name) as file:
        content = file.read()
    if target.exists(name):
        target.delete(name)
    return target.save(name, ContentFile(content)) == name and digest(target, name) == hashlib.sha256(content).digest()


def digest(storage: Storage, name: str) -> bytes:
    with storage.open(name) as file:
        return hashlib.sha256(file.read()).digest()
