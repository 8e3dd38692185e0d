"""Pictures in a bucket of an S3-compatible object store, with django-storages (MEDIA_STORAGE).

The bucket needs no public access: pages link to /media/, which clinic/web/media.py answers. Errors of the store are
raised as those of a disk are, as OSError and FileNotFoundError, so that no other module knows of S3.
"""

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import ContentFile
from storages.backends.s3 import S3Storage

from clinic.ops.outages import StoreUnavailable

IMMUTABLE = "public, max-age=31536000, immutable"  # Names contain a hash of the content.
NOT_FOUND = {"404", "NoSuchKey"}  # Not NoSuchBucket, which loses no picture.


class BucketStorage(S3Storage):
    """An S3Storage with private objects, unique names, short timeouts and addresses of this site."""

    def get_default_settings(self) -> dict[str, Any]:
        # Nothing comes from AWS_* variables.
        timeouts = {"connect_timeout": 2, "read_timeout": 5, "retries": {"max_attempts": 1, "mode": "standard"}}
        # Many servers other than Amazon's understand neither buckets in the host's name nor the newest checksums.
        dialect = {"s3": {"addressing_style": "path"}, "signature_version": "s3v4"}
        checksums = dict.fromkeys(("request_checksum_calculation", "response_checksum_validation"), "when_required")
        own = {
            "file_overwrite": False,
            "querystring_auth": False,
            "default_acl": None,
            "object_parameters": {"CacheControl": IMMUTABLE},
            "client_config": Config(**timeouts, **dialect, **checksums),
        }
        return super().get_default_settings() | own

    def get_object_parameters(self, name: str) -> dict[str, Any]:
        kind = mimetypes.guess_type(name)[0] or ("image/avif" if name.endswith(".avif") else "application/octet-stream")
        return super().get_object_parameters(name) | {"ContentType": kind}

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        return settings.MEDIA_URL + quote(name, safe="/~!*()'")

    def _open(self, name: str, mode: str = "rb") -> ContentFile:
        """Return the whole file, read with one request; pictures have a few megabytes at most."""
        with as_os_errors(name):
            file = super()._open(name, mode)
            with file:
                return ContentFile(file.read(), name=name)

    def _save(self, name: str, content: Any) -> str:
        with as_os_errors(name):
            return str(super()._save(name, content))

    def exists(self, name: str) -> bool:
        with as_os_errors(name):
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        with as_os_errors(name):
            super().delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with as_os_errors(path):
            folders, files = super().listdir(path)
        return folders, files

    def size(self, name: str) -> int:
        with as_os_errors(name):
            return int(super().size(name))

    def get_modified_time(self, name: str) -> Any:
        with as_os_errors(name):
            return super().get_modified_time(name)


@contextmanager
def as_os_errors(name: str) -> Iterator[None]:
    """Raise the errors of boto3 as OSError, with their type only: their text holds addresses and request ids."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in NOT_FOUND:
            raise FileNotFoundError(f"The object store has no {name}.") from error
        raise StoreUnavailable(f"The object store refused a request ({code}).") from error
    except (BotoCoreError, Boto3Error) as error:
        raise StoreUnavailable(f"The object store does not answer ({type(error).__name__}).") from error
