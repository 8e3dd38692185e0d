"""The JSON Schema (2020-12) of data.json, derived from the tables that it holds."""

from typing import Any

from booking.privacy.export.collect import PersonExport
from booking.privacy.export.tables import ExportTable

_HEAD: dict[str, dict[str, Any]] = {
    "version": {"type": "integer", "description": "Of this format"},
    "made_at": {"type": "string", "format": "date-time"},
    "made_by": {"type": "string"},
    "clinic": {"type": "string"},
    "patient": {"type": "integer", "description": "The id of the surviving row in patients"},
}


def schema_of(export: PersonExport) -> dict[str, Any]:
    properties = {**_HEAD, **{table.name: _array(table) for table in export.tables}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Everything held about one patient",
        **_object(properties),
    }


def _array(table: ExportTable) -> dict[str, Any]:
    labels, types = table.labels(), table.types()
    columns = {name: _property(types[name], labels[name]) for name in labels}
    return {"type": "array", "title": str(table.title), "items": _object(columns)}


def _property(kind: Any, label: str) -> dict[str, Any]:
    if kind is None:
        return {"description": label}
    items = {"items": {"type": "string"}} if kind == "array" else {}
    return {"type": kind, **items, "description": label}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
