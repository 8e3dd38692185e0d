"""What a backup holds: rows of each table, digests of each file, and which secret key goes with it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

FORMAT = 1
_KEY_SALT = "clinic.ops.backup"


class NotABackup(Exception):
    """Raised for a file that is no backup of this site, is damaged or of a newer release. Its text is for people."""


@dataclass(frozen=True)
class FileEntry:
    """A file of the backup."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The last file of a backup. ``rows``: the number of rows by table; ``files``: all others by name."""

    made_at: str
    site_url: str
    vendor: str
    rows: dict[str, int]
    key: str
    files: dict[str, FileEntry] = field(default_factory=dict)
    format: int = FORMAT

    def as_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_json(cls, content: bytes) -> "Manifest":
        try:
            fields: dict[str, Any] = json.loads(content)
            if fields["format"] > FORMAT:
                raise NotABackup("This backup was made by a newer release. Restore it with that release.")
            files = {name: FileEntry(**entry) for name, entry in fields.pop("files").items()}
            return cls(**fields, files=files)
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise NotABackup("The manifest of this backup cannot be read.") from problem


def table_names() -> list[str]:
    """The tables of all models, those of many-to-many fields included."""
    models = apps.get_models(include_auto_created=True)
    return sorted({model._meta.db_table for model in models if model._meta.managed and not model._meta.proxy})


def key_fingerprint(key: str) -> str:
    """Tell one secret key from another without giving it away."""
    return salted_hmac(_KEY_SALT, "key", secret=key, algorithm="sha256").hexdigest()[:16]


def has_its_key(manifest: Manifest) -> bool:
    """Whether the site has the key that signed the links in the e-mails of this backup."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(key_fingerprint(key), manifest.key) for key in keys)


def differing_rows(manifest: Manifest, rows: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """The tables whose number of rows differs: expected and found."""
    return {
        table: (expected, rows.get(table, 0))
        for table, expected in manifest.rows.items()
        if rows.get(table, 0) != expected
    }
