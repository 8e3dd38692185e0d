"""Write an export as a ZIP file, in memory: nothing of it is stored on the server."""

import io
import json
import zipfile
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from booking.privacy.export.collect import PersonExport
from booking.privacy.export.schema import schema_of

SHEET, DATA, SCHEMA = "sheet.html", "data.json", "schema.json"


def archive(export: PersonExport) -> bytes:
    """The ZIP file: a page to read and print, the data, and the data's schema."""
    contents = {SHEET: sheet(export), DATA: _json(export.data()), SCHEMA: _json(schema_of(export))}
    made_at = timezone.localtime(export.made_at)
    stamp = (made_at.year, made_at.month, made_at.day, made_at.hour, made_at.minute, made_at.second)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in contents.items():
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, text)
    return file.getvalue()


def file_name(export: PersonExport) -> str:
    """A name without the person's own."""
    return f"patient-{export.patient.pk}-{timezone.localdate(export.made_at).isoformat()}.zip"


def sheet(export: PersonExport) -> str:
    """The page to read: complete in itself, without scripts."""
    sections = [
        {"title": table.title, "rows": [table.lines(item) for item in export.items[table.name]]}
        for table in export.tables
    ]
    return render_to_string("privacy/export_sheet.html", {"export": export, "sections": sections})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
