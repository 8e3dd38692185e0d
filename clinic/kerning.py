"""The space between pairs of letters, told in as few bytes as it takes.

A font tells it in exceptions for single pairs and in classes of letters, each as exactly as its makers
drew it. Both together say one number for each pair. Here these numbers are rounded to what can be seen,
and letters that behave alike then make one class: one table that packs into a half of the bytes.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import product
from typing import Any

from fontTools.otlLib.builder import buildPairPosClassesSubtable, buildValue
from fontTools.ttLib import TTFont

PAIRS = 2  # The number of the OpenType lookup that holds kerning.
BY_CLASS = 2  # The format of its tables that knows classes of letters; the other names single pairs.

Kerning = dict[tuple[str, str], int]  # The names of two letters, and by how much the second comes nearer (less than 0).


def of(font: TTFont) -> Kerning:
    """How far each pair of letters moves, in the font's units; pairs that stay where they are, are left out."""
    told: Kerning = {}
    for table in _tables(_lookup(font)):
        for pair, move in _classes(table, font) if table.Format == BY_CLASS else _exceptions(table):
            told.setdefault(pair, move)  # The first table that knows a pair decides.
    return {pair: move for pair, move in told.items() if move}


def simplify(font: TTFont, *, steps: int) -> None:
    """Round all kerning to so many steps an em, and tell it in one table."""
    step = font["head"].unitsPerEm // steps
    rounded = {pair: round(move / step) * step for pair, move in of(font).items()}
    kept = {pair: move for pair, move in rounded.items() if move}
    pairs = {
        (first, second): (buildValue({"XAdvance": kept[first[0], second[0]]}), None)
        for first, second in product(_alike(kept, 0), _alike(kept, 1))
        if (first[0], second[0]) in kept
    }
    lookup = _lookup(font)
    lookup.LookupType = PAIRS
    lookup.SubTable = [buildPairPosClassesSubtable(pairs, font.getReverseGlyphMap())]
    lookup.SubTableCount = 1


def _lookup(font: TTFont) -> Any:
    """The one that tells of pairs. Were there several, their moves would add up: ValueError, as for none."""
    lookups = font["GPOS"].table.LookupList.Lookup
    [found] = [lookup for lookup in lookups if any(table.LookupType == PAIRS for table in _tables(lookup))]
    return found


def _tables(lookup: Any) -> list[Any]:
    """Where a font is large its tables lie elsewhere, and the lookup says where."""
    return [getattr(table, "ExtSubTable", table) for table in lookup.SubTable]


def _exceptions(table: Any) -> Iterable[tuple[tuple[str, str], int]]:
    for first, records in zip(table.Coverage.glyphs, table.PairSet, strict=True):
        for record in records.PairValueRecord:
            yield (first, record.SecondGlyph), _advance(record)


def _classes(table: Any, font: TTFont) -> Iterable[tuple[tuple[str, str], int]]:
    for first in table.Coverage.glyphs:
        records = table.Class1Record[table.ClassDef1.classDefs.get(first, 0)].Class2Record
        for second in font.getGlyphOrder():
            yield (first, second), _advance(records[table.ClassDef2.classDefs.get(second, 0)])


def _advance(record: Any) -> int:
    return getattr(record.Value1, "XAdvance", 0)


def _alike(kerning: Kerning, side: int) -> list[tuple[str, ...]]:
    """Classes of the letters that stand first (0) or second (1): those that move alike beside every other letter."""
    beside: dict[str, dict[str, int]] = defaultdict(dict)
    for pair, move in kerning.items():
        beside[pair[side]][pair[1 - side]] = move
    classes: dict[frozenset[tuple[str, int]], list[str]] = defaultdict(list)
    for letter, moves in beside.items():
        classes[frozenset(moves.items())].append(letter)
    return [tuple(sorted(letters)) for letters in classes.values()]
