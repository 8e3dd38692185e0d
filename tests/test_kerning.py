"""The space between pairs of letters is told in fewer bytes, and stays what it was as far as anybody can see."""

from itertools import product

import pytest
from fontTools.otlLib.builder import buildPairPosClassesSubtable, buildPairPosGlyphs, buildValue
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from clinic import kerning, typefaces


@pytest.fixture(scope="module", params=typefaces.FACES, ids=lambda face: face.name)
def face(request):
    return request.param


@pytest.fixture(scope="module")
def drawn(face):
    """The face with its common letters, as its makers spaced them."""
    font = TTFont(face.source_path())
    if face.pinned:
        font = instantiateVariableFont(font, dict(face.pinned))
    options = Options()
    options.layout_features = ["kern"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=face.common)
    subsetter.subset(font)
    return font


def moves(font, letters):
    """How far each pair of these letters moves, by the letters and not by the font's names for them."""
    names, told = font.getBestCmap(), kerning.of(font)
    return {pair: told.get((names[pair[0]], names[pair[1]]), 0) for pair in product(letters, repeat=2)}


def test_each_pair_moves_as_far_as_it_was_drawn_to_within_half_a_step(face, drawn):
    cut = typefaces.cut(face, face.common)
    was, now = moves(drawn, face.common), moves(cut, face.common)
    half = cut["head"].unitsPerEm / face.kerning_steps / 2
    assert {pair for pair in was if abs(was[pair] - now[pair]) > half} == set()
    assert {move % (2 * half) for move in now.values()} == {0}


def test_pairs_that_touch_unless_they_are_kerned_are_kerned(face):
    font = typefaces.cut(face, face.common)
    told = moves(font, face.common)
    for pair in ("To", "AV", "Yo"):
        assert told[ord(pair[0]), ord(pair[1])] < 0, pair


def test_all_of_it_is_in_one_table_of_classes(face):
    lookups = typefaces.cut(face, face.common)["GPOS"].table.LookupList.Lookup
    assert [(lookup.LookupType, [table.Format for table in lookup.SubTable]) for lookup in lookups] == [(2, [2])]


def test_it_is_read_as_a_browser_reads_it():
    """The first table that knows a pair decides, and a letter that is in no class is in class 0."""
    font = TTFont(typefaces.FACES[0].source_path())
    names = font.getReverseGlyphMap()
    exceptions = buildPairPosGlyphs({("A", "V"): (buildValue({"XAdvance": -7}), None)}, names)
    classes = buildPairPosClassesSubtable(
        {
            (("A", "B"), ("V", "W")): (buildValue({"XAdvance": -50}), None),
            (("T",), ("o",)): (buildValue({"XAdvance": -90}), None),
        },
        names,
    )
    lookup, *_ = font["GPOS"].table.LookupList.Lookup
    font["GPOS"].table.LookupList.Lookup = [lookup]
    lookup.SubTable = [*exceptions, classes]
    assert kerning.of(font) == {("A", "V"): -7, ("A", "W"): -50, ("B", "V"): -50, ("B", "W"): -50, ("T", "o"): -90}
