"""Where uploaded pictures are stored: a folder, or a bucket of an S3-compatible object store."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from clinic.ops.environment.secret_files import secret

FOLDER_STORAGE = "django.core.files.storage.FileSystemStorage"
BUCKET_STORAGE = "clinic.ops.bucket_storage.BucketStorage"


def media_storage(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return STORAGES["default"] for MEDIA_STORAGE; without it, the folder MEDIA_ROOT."""
    value = secret("MEDIA_STORAGE", environ).strip()
    return bucket_storage(value) if value else {"BACKEND": FOLDER_STORAGE}


def bucket_storage(value: str) -> dict[str, Any]:
    """Return the storage for s3://KEY:SECRET@host:port/bucket/folder?region=...&tls=off."""
    try:
        parts = urlsplit(value)
        port = parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError as problem:
        raise _invalid() from problem
    bucket, _, folder = parts.path.strip("/").partition("/")
    is_complete = parts.hostname and parts.username and parts.password and bucket
    is_known = set(options) <= {"region", "tls"} and options.get("tls", "on") in {"on", "off"}
    if parts.scheme != "s3" or not is_complete or not is_known or parts.fragment:
        raise _invalid()
    _require_driver()
    scheme = "http" if options.get("tls") == "off" else "https"
    return {
        "BACKEND": BUCKET_STORAGE,
        "OPTIONS": {
            "access_key": unquote(parts.username or ""),
            "secret_key": unquote(parts.password or ""),
            "endpoint_url": f"{scheme}://{_host(parts)}" + (f":{port}" if port else ""),
            "region_name": options.get("region", "us-east-1"),
            "bucket_name": bucket,
            "location": folder,
        },
    }


def folder_storage(path: Path) -> dict[str, Any]:
    return {"BACKEND": FOLDER_STORAGE, "OPTIONS": {"location": str(path)}}


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host


def _require_driver() -> None:
    try:
        import storages  # noqa: F401
    except ImportError as problem:
        raise ImproperlyConfigured(
            "MEDIA_STORAGE names an object store, but its driver is not installed. "
            "Run: pip install --require-hashes -r requirements-full.txt"
        ) from problem


def _invalid() -> ImproperlyConfigured:
    # Does not repeat the value, which contains a password: this text reaches logs.
    return ImproperlyConfigured(
        "MEDIA_STORAGE is not one this site understands. Use s3://KEY:SECRET@host/bucket with the access key, such as "
        "s3://KEY:SECRET@s3.ca-central-1.amazonaws.com/bucket?region=ca-central-1, add ?tls=off for a server without "
        "TLS, or leave it out for the folder MEDIA_ROOT. Write @ : / in a key or secret as %40 %3A %2F."
    )
