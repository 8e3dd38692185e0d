"""CSV files that spreadsheets open safely: UTF-8 with a byte order mark, and no cell that is read as a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_BYTE_ORDER_MARK = "\ufeff"


class _Line:
    """A file whose ``write`` returns the text, so that ``csv.writer`` gives one line at a time."""

    def write(self, text: str) -> str:
        return text


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Stream the rows as an attachment. The time zone is no longer active while it streams: give ready values."""
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def safe_cell(value: Any) -> str:
    """OWASP, CSV injection: a cell that begins like a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer: Any = csv.writer(_Line())
    yield _BYTE_ORDER_MARK + writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])
