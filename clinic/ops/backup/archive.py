"""Read and write the file of a backup: a tar archive, encrypted with age if there is somebody to encrypt it to."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

from django.conf import settings

from clinic.ops.backup.manifest import FileEntry, Manifest, NotABackup
from clinic.ops.folders import make_private

MANIFEST = "manifest.json"
MEDIA = "media"
ENCRYPTED = ".age"
STALE_AFTER = 24 * 3600.0  # seconds
_BLOCK = 1024 * 1024


class MissingProgram(Exception):
    """Raised if a program is not installed. Its text is for people."""


class Writer:
    """Adds files to an archive and records their digests."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, FileEntry] = {}

    def add(self, name: str, file: IO[bytes], size: int) -> None:
        """Add ``size`` bytes of a file. Raises OSError if it has fewer."""
        reader = _HashingReader(file)
        self._tar.addfile(_header(name, size), reader)
        self.files[name] = FileEntry(size, reader.digest.hexdigest())

    def finish(self, manifest: Manifest) -> Manifest:
        """Add the manifest, with the files that were added before."""
        manifest = replace(manifest, files=self.files)
        content = manifest.as_json()
        self._tar.addfile(_header(MANIFEST, len(content)), BytesIO(content))
        return manifest


class _HashingReader:
    """A file whose content is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    return header


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder in VAR_DIR for what is not encrypted, which is deleted at the end, also at SIGTERM."""
    make_private(Path(settings.VAR_DIR))
    previous = signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        delete_stale(Path(settings.VAR_DIR), ".backup-*")
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings.VAR_DIR) as name:
            yield Path(name)
    finally:
        signal.signal(signal.SIGTERM, previous)


def delete_stale(folder: Path, pattern: str) -> None:
    """Delete what a backup left that was killed more than a day ago."""
    for path in folder.glob(pattern):
        if time.time() - path.stat().st_mtime < STALE_AFTER:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def written(path: Path, recipients: Sequence[str]) -> Iterator[Writer]:
    """Write an archive, readable by its owner alone. It has its name only when it is complete."""
    part = path.with_name(f".{path.name}.part")
    delete_stale(path.parent, ".clinic-*.part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with _encrypting(file, recipients) as target, tarfile.open(mode="w|", fileobj=target) as tar:
                yield Writer(tar)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _encrypting(file: IO[bytes], recipients: Sequence[str]) -> Iterator[IO[bytes]]:
    if not recipients:
        yield file
        return
    command = [program("age"), *(word for recipient in recipients for word in ("--recipient", recipient))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=file)
    assert process.stdin is not None
    try:
        with suppress(BrokenPipeError):  # age has ended, and says why itself.
            yield process.stdin
            process.stdin.close()
    finally:
        with suppress(BrokenPipeError):
            process.stdin.close()
        status = process.wait()
    if status:
        raise NotABackup("age could not encrypt the backup. Its own words are above.")


def unpack(path: Path, folder: Path | None, identity: Path | None = None) -> Manifest:
    """Compare the files of a backup with its manifest, and write them into ``folder``, if there is one.

    Raises NotABackup.
    """
    files: dict[str, FileEntry] = {}
    manifest: Manifest | None = None
    try:
        with _decrypting(path, identity) as source, tarfile.open(mode="r|", fileobj=source) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is None or not _is_expected(member.name):
                    raise NotABackup(f"This file holds {member.name!r}, which no backup has.")
                if member.name == MANIFEST:
                    manifest = Manifest.from_json(content.read())
                else:
                    files[member.name] = _read(content, folder / member.name if folder else Path(os.devnull))
    except (tarfile.TarError, EOFError) as problem:
        raise NotABackup(f"{path} is damaged, or no backup.") from problem
    if manifest is None:
        raise NotABackup(f"{path} is damaged: its end is missing.")
    for name in sorted({*manifest.files, *files}):
        if manifest.files.get(name) != files.get(name):
            raise NotABackup(f"{path} is damaged: {name} is not what was written.")
    return manifest


def _is_expected(name: str) -> bool:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        return False
    return len(path.parts) == 1 or path.parts[0] == MEDIA


def _read(content: IO[bytes], target: Path) -> FileEntry:
    target.parent.mkdir(parents=True, exist_ok=True)
    reader, size = _HashingReader(content), 0
    with target.open("wb") as file:
        while block := reader.read(_BLOCK):
            size += file.write(block)
    return FileEntry(size, reader.digest.hexdigest())


@contextmanager
def _decrypting(path: Path, identity: Path | None) -> Iterator[IO[bytes]]:
    if path.suffix != ENCRYPTED:
        with path.open("rb") as file:
            yield file
        return
    if identity is None:
        raise NotABackup(f"{path} is encrypted. Name the file with the key: --identity FILE.")
    command = [program("age"), "--decrypt", "--identity", str(identity), str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield process.stdout
        process.stdout.read()  # What follows the archive, so that age does not fail at a closed pipe.
    finally:
        process.stdout.close()
        status = process.wait()
    if status:
        raise NotABackup(f"age could not decrypt {path}. Its own words are above.")


def program(name: str) -> str:
    """Return the path of a program. Raises MissingProgram."""
    path = shutil.which(name)
    if path is None:
        packages = {"age": "age", "pg_dump": "postgresql-client", "pg_restore": "postgresql-client"}
        raise MissingProgram(f"{name} is not installed. On Debian: apt-get install {packages[name]}")
    return path
