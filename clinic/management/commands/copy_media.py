"""Copy pictures between a folder and an object store, or between two of either."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from clinic.ops.backup.pictures import stored_names
from clinic.ops.environment.media import bucket_storage, folder_storage


class Command(BaseCommand):
    help = "Copy the pictures that are missing elsewhere, and compare each with what arrived. Run it again to continue."

    def add_arguments(self, parser: CommandParser) -> None:
        in_file = "a file with the address of a bucket, s3://KEY:SECRET@host/bucket as in MEDIA_STORAGE"
        source, target = parser.add_mutually_exclusive_group(), parser.add_mutually_exclusive_group()
        source.add_argument(
            "--from", dest="source", help="Where from: the full path of a folder. By default the site's own storage."
        )
        source.add_argument("--from-file", dest="source_file", help=f"Where from: {in_file}.")
        target.add_argument("--to", dest="target", help="Where to, likewise. Name one place at least.")
        target.add_argument("--to-file", dest="target_file", help=f"Where to: {in_file}.")
        parser.add_argument("--verify", action="store_true", help="Also read what was copied earlier, and compare it.")

    def handle(self, *args: Any, **options: Any) -> None:
        source = storage_at(options["source"], options["source_file"])
        target = storage_at(options["target"], options["target_file"])
        if not (source or target):
            raise CommandError(
                "Name a place with --from, --from-file, --to or --to-file. The site's own storage is the other one."
            )
        source, target = source or default_storage, target or default_storage
        copied, same, wrong = 0, 0, []
        for name in stored_names(source):
            if is_complete(source, target, name, verify=options["verify"]):
                same += 1
            elif copy(source, target, name):
                copied += 1
            else:
                wrong.append(name)
        self.stdout.write(f"{copied} files copied, {same} were there.")
        if wrong:
            raise CommandError(f"{len(wrong)} files arrived changed: {', '.join(wrong[:10])}. Run this again.")


def storage_at(folder: str | None, file: str | None) -> Storage | None:
    """Return the storage of a folder, or of the bucket whose address is in a file; None if neither is given."""
    if folder and "://" in folder:  # Not repeated: it may hold a secret.
        raise CommandError(
            "An address with a key does not belong on the command line, where every process sees it. Write it into a "
            "file, and give the file's path with --from-file or --to-file."
        )
    if folder and not Path(folder).is_absolute():
        raise CommandError("Give the full path of a folder, such as /srv/clinic/media.")
    if not (folder or file):
        return None
    config = folder_storage(Path(folder)) if folder else bucket_in(Path(file or ""))
    storage: Storage = import_string(config["BACKEND"])(**config["OPTIONS"])
    return storage


def bucket_in(file: Path) -> dict[str, Any]:
    try:
        return bucket_storage(file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as problem:
        raise CommandError(f"{file} cannot be read as text by this user.") from problem
    except ImproperlyConfigured as problem:
        raise CommandError(f"In {file}: {problem}") from problem


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
