"""Read an uploaded CSV file into a table of text. A cell that looks like a formula is text like any other."""

import csv
import io
from dataclasses import dataclass

from django.utils.translation import gettext

MAX_BYTES = 400 * 1024
MAX_ROWS = 2000
MAX_COLUMNS = 60
MAX_CELL = 2000  # characters


class UnreadableFile(Exception):
    """The file is no CSV file that can be imported. ``message`` is text for the user."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class CsvTable:
    """The header, and the rows with their number in the file, in which the header is number 1."""

    header: list[str]
    rows: list[tuple[int, list[str]]]


def read_table(data: bytes) -> CsvTable:
    """Read UTF-8, with or without a byte order mark, with commas or semicolons. Raises UnreadableFile."""
    if len(data) > MAX_BYTES:
        raise UnreadableFile(gettext("The file is too large: up to %(kb)d KB. Split it.") % {"kb": MAX_BYTES // 1024})
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile(gettext("The file is not UTF-8. Save it as “CSV UTF-8” and try again.")) from None
    if "\0" in text:
        raise UnreadableFile(gettext("This is not a CSV file. Save the list as “CSV UTF-8” and try again."))
    records = max((_records(text, delimiter) for delimiter in ",;"), key=lambda rows: len(rows[0]) if rows else 0)
    rows = [(number, cells) for number, cells in enumerate(records, start=1) if any(map(str.strip, cells))]
    if len(rows) < 2:
        raise UnreadableFile(gettext("The file has no rows below its header."))
    (_number, header), *body = rows
    if len(body) > MAX_ROWS:
        raise UnreadableFile(gettext("The file has more than %(rows)d rows. Split it.") % {"rows": MAX_ROWS})
    if len(header) > MAX_COLUMNS:
        raise UnreadableFile(gettext("The file has more than %(columns)d columns.") % {"columns": MAX_COLUMNS})
    width = len(header)
    return CsvTable(header, [(number, [*cells, *[""] * width][:width]) for number, cells in body])


def _records(text: str, delimiter: str) -> list[list[str]]:
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        raise UnreadableFile(gettext("This is not a CSV file. Save the list as “CSV UTF-8” and try again.")) from None
    if any(len(cell) > MAX_CELL for cells in records for cell in cells):
        raise UnreadableFile(gettext("A cell is too long. Is a quotation mark missing?"))
    return records
