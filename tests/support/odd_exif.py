"""Pictures of 600 x 400 pixels, turned by Exif, with one malformed Exif entry, as phones and editors write them.

``python -m tests.support.odd_exif FOLDER`` writes each shape into a folder, to try it by hand.
"""

import struct
import sys
from pathlib import Path

from tests.support.content_factories import picture_bytes

Entry = tuple[int, int, int, bytes]  # Tag, type, count, and the value as it is stored.

BYTE, TEXT, SHORT, LONG, RATIONAL, SIGNED_BYTE, UNDEFINED = 1, 2, 3, 4, 5, 6, 7
SIGNED_SHORT, SIGNED_LONG, SIGNED_RATIONAL, FLOAT, DOUBLE = 8, 9, 10, 11, 12
WIDTH, COMPRESSION, DESCRIPTION, MAKE, STRIPS, ROWS = 0x0100, 0x0103, 0x010E, 0x010F, 0x0111, 0x0116
X_RESOLUTION, UNIT, SOFTWARE, DATE, EXIF_TABLE, GPS_TABLE = 0x011A, 0x0128, 0x0131, 0x0132, 0x8769, 0x8825
MAKER_NOTE, XP_TITLE, UNKNOWN = 0x927C, 0x9C9B, 0xFDE9
_NAN, _INFINITY = float("nan"), float("inf")

SHAPES: dict[str, Entry] = {
    "width as text": (WIDTH, TEXT, 4, b"abc\0"),
    "width as a float": (WIDTH, FLOAT, 1, struct.pack("<f", 1.5)),
    "width as a float that is not a number": (WIDTH, FLOAT, 1, struct.pack("<f", _NAN)),
    "width negative": (WIDTH, SIGNED_LONG, 1, struct.pack("<i", -600)),
    "width of no values": (WIDTH, LONG, 0, b""),
    "compression negative": (COMPRESSION, SIGNED_SHORT, 1, struct.pack("<h", -5)),
    "compression as a rational": (COMPRESSION, RATIONAL, 1, struct.pack("<II", 1, 1)),
    "rows as a signed byte": (ROWS, SIGNED_BYTE, 1, struct.pack("<b", -1)),
    "strips without end": (STRIPS, LONG, 2**31, b"\xff\xff\xff\xff"),
    "resolution not a number": (X_RESOLUTION, DOUBLE, 1, struct.pack("<d", _NAN)),
    "resolution infinite": (X_RESOLUTION, DOUBLE, 1, struct.pack("<d", _INFINITY)),
    "resolution divided by zero": (X_RESOLUTION, RATIONAL, 1, struct.pack("<II", 72, 0)),
    "resolution zero by zero": (X_RESOLUTION, RATIONAL, 1, struct.pack("<II", 0, 0)),
    "resolution negative by zero": (X_RESOLUTION, SIGNED_RATIONAL, 1, struct.pack("<ii", -1, 0)),
    "resolution negative, of unsigned type": (X_RESOLUTION, RATIONAL, 1, struct.pack("<ii", -72, 1)),
    "resolution as a short": (X_RESOLUTION, SHORT, 1, struct.pack("<H", 72)),
    "resolution as bytes": (X_RESOLUTION, UNDEFINED, 4, b"abcd"),
    "resolution as text": (X_RESOLUTION, TEXT, 6, b"72 dpi"),
    "unit as text": (UNIT, TEXT, 5, b"inch\0"),
    "unit twice": (UNIT, SHORT, 2, struct.pack("<HH", 2, 3)),
    "text behind the end": (DESCRIPTION, TEXT, 500, b"\xff\xff\0\0"),
    "text as numbers": (DESCRIPTION, LONG, 1, struct.pack("<I", 7)),
    "text that is not ASCII": (MAKE, TEXT, 6, b"\xff\xfe\x80\x81\x82\0"),
    "text of NUL": (SOFTWARE, TEXT, 8, b"\0" * 8),
    "date as a rational": (DATE, RATIONAL, 1, struct.pack("<II", 2026, 1)),
    "details as a short": (EXIF_TABLE, SHORT, 1, struct.pack("<H", 8)),
    "details within themselves": (EXIF_TABLE, LONG, 1, struct.pack("<I", 8)),
    "details behind the end": (EXIF_TABLE, LONG, 1, struct.pack("<I", 2**31)),
    "details as text": (EXIF_TABLE, TEXT, 3, b"no\0"),
    "place as a short": (GPS_TABLE, SHORT, 1, struct.pack("<H", 8)),
    "place negative": (GPS_TABLE, SIGNED_LONG, 1, struct.pack("<i", -1)),
    "place as a rational": (GPS_TABLE, RATIONAL, 1, struct.pack("<II", 8, 1)),
    "maker note of 60 kB": (MAKER_NOTE, UNDEFINED, 60_000, b"\xab" * 60_000),
    "half a UTF-16 character": (XP_TITLE, BYTE, 3, b"\xd8\0\x41"),
    "unknown tag of unknown type": (UNKNOWN, 99, 1, b"\x01\x02\x03\x04"),
}


def exif_block(*entries: Entry, orientation: int = 6) -> bytes:
    """An Exif block with this orientation and these entries."""
    entries = ((0x0112, SHORT, 1, struct.pack("<H", orientation)), *entries)
    table, after, values_at = b"", b"", 8 + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in entries:
        place = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", values_at + len(after))
        table += struct.pack("<HHI", tag, kind, count) + place
        after += value if len(value) > 4 else b""
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + table + b"\0\0\0\0" + after


def odd_picture(shape: str, *, kind: str = "JPEG") -> bytes:
    """A picture of 600 x 400 that is upright at 400 x 600, with this malformed entry."""
    return picture_bytes(size=(600, 400), kind=kind, exif=exif_block(SHAPES[shape]))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in SHAPES:
        (folder / f"{name.replace(' ', '_').replace(',', '')}.jpg").write_bytes(odd_picture(name))
