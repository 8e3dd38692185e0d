"""The manifests of releases before ``PictureFile``: a JSON file beside the renditions of each picture.

Renditions that they list are adopted rather than encoded again. The files stay where they are, because the earlier
release reads them if an update is taken back; they are deleted with their picture. A later release deletes the rest.
"""

import hashlib
import json
from typing import Any

from django.core.files.storage import default_storage

from content.media import stored_files
from content.models import PictureFile


def manifest_name(name: str) -> str:
    return f"renditions/{hashlib.sha256(name.encode()).hexdigest()[:24]}.json"


def adopted_fields(row: PictureFile) -> dict[str, Any]:
    """Return the fields that an earlier manifest gives a row; none if it is missing or broken, or a file of it."""
    try:
        manifest = json.loads(stored_files.read(manifest_name(row.name)))
        renditions = {key: manifest[key] for key in ("avif", "webp", "fallback", "share")}
        fields = {"renditions": renditions, **{key: manifest[key] for key in ("digest", "width", "height")}}
        names = PictureFile(renditions=renditions).rendition_names
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}
    return fields if all(map(default_storage.exists, names)) else {}
