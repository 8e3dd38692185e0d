"""Read, write and delete picture files with Django's storage API alone, so that every storage will do.

A storage that cannot be reached raises OSError; a file that is not there FileNotFoundError, which is one, too.
"""

from collections.abc import Iterable
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage


class TrustedFile(ContentFile):
    """A picture that ships with the project: stored unchanged, not re-encoded."""


def read(name: str) -> bytes:
    with default_storage.open(name) as stored:
        content: bytes = stored.read()
    return content


def store(name: str, content: bytes) -> str:
    """Write a file that no row names yet, and return its name.

    What a crash left under this name is replaced. Writing is not atomic: a row may name the file only afterwards.
    """
    if default_storage.exists(name):
        default_storage.delete(name)
    return str(default_storage.save(name, ContentFile(content)))


def delete(names: Iterable[str]) -> None:
    for name in names:
        default_storage.delete(name)


def names_in(folder: str) -> set[str]:
    """Return the names of the files in a folder; none if there is no such folder."""
    try:
        _folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return set()
    return {f"{folder}/{file}" for file in files}


def size_of(file: Any) -> tuple[int, int]:
    """Return the width and height that the row of a model keeps of its picture; 0 if it keeps none."""
    return getattr(file.instance, "width", 0) or 0, getattr(file.instance, "height", 0) or 0
