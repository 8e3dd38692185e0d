"""Subset the two typefaces into WOFF2 files: ``make fonts``, after a change here.

The files are committed, so that only the development requirements need font tools. Each face becomes two files in
``static/fonts/``: the characters of nearly every page, and the rest of the Latin alphabets, which a browser fetches
only if a page has one of them. ``static/css/fonts.css`` repeats the ``unicode-range`` of each
(tests/clinic/web/test_fonts.py compares them). The script is not in ``static/``, where it would be published.
"""

import importlib.util
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from fontTools.subset import Options, Subsetter, parse_unicodes, save_font
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

HERE = Path(__file__).resolve().parent
FONTS = HERE.parent.parent / "static" / "fonts"
# One file with all characters, for the pictures that Pillow draws (content/media/share_images.py).
CARD_FONT = HERE / "share_card.woff2"
# What a word is drawn with if the first has not all its letters: DejaVu Sans Bold, of Debian's fonts-dejavu-core. Latin
# with all its accents, phonetic letters, Greek, Cyrillic, Armenian, Georgian and Canadian syllabics: scripts that need
# no shaping.
OTHER_SOURCE = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf")
OTHER_FONT = HERE / "share_card_other.woff2"
OTHER = (
    "U+20-7E, U+A0-52F, U+531-58F, U+10A0-10FF, U+1400-167F, U+1D00-1DBF, U+1E00-1FFF, U+2000-206F, U+20AC, U+2122, "
    "U+2212, U+2248, U+2264-2265, U+2C60-2C7F, U+A720-A7FF"
)
COVERAGE = HERE / "coverage.json"  # Read by content/media/typefaces.py, because the site has no font tools.
# English, the site's punctuation, and the accents of French and Spanish names, in the syntax of unicode-range.
BASIC = (
    "U+20-7E, U+A0, U+B0, U+B7, U+C0, U+C7-C9, U+D7, U+E0-E2, U+E4, U+E7-EB, U+ED-EF, U+F1, U+F3-F4, U+F6, U+F9-FC, "
    "U+2013-2014, U+2018-2019, U+201C-201D, U+2022, U+2026"
)
# The rest of Latin-1, Latin Extended-A, Vietnamese, and some typographic and mathematical signs.
EXTENDED = (
    "U+A1-AF, U+B1-B6, U+B8-BF, U+C1-C6, U+CA-D6, U+D8-DF, U+E3, U+E5-E6, U+EC, U+F0, U+F2, U+F5, U+F7-F8, U+FD-17F, "
    "U+1A0-1A1, U+1AF-1B0, U+2BC, U+1EA0-1EF9, U+2009-2012, U+201A, U+201E, U+2020, U+202F, U+2032-2033, "
    "U+2039-203A, U+20AC, U+2122, U+2212, U+2248, U+2264-2265"
)
NAME_IDS = [0, 1, 2, 3, 4, 6, 14]  # Copyright, names, address of the licence (OpenType "name" table).


@dataclass(frozen=True)
class Face:
    """One face, and the font file of an installed package that it is subset from."""

    name: str  # prefix of its files
    package: str
    source: str
    features: tuple[str, ...] = ("kern",)  # OpenType layout features that are kept
    axes: tuple[tuple[str, float], ...] = ()  # Axes at which a variable font is instantiated.

    @property
    def package_dir(self) -> Path:
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None:
            raise SystemExit(f"The font package {self.package} is not installed: use `make fonts`.")
        return Path(spec.origin).parent


FACES = (
    Face(
        name="atkinson-regular",
        package="fontpkg_atkinson_hyperlegible",
        source="AtkinsonHyperlegible-Regular.ttf",
        features=("kern", "tnum"),
    ),
    Face(
        name="atkinson-bold",
        package="fontpkg_atkinson_hyperlegible",
        source="AtkinsonHyperlegible-Bold.ttf",
        features=("kern", "tnum"),
    ),
    # One weight for all headings: the weight axis would nearly double the size of the file.
    Face(
        name="bricolage",
        package="fontpkg_bricolage_grotesque",
        source="BricolageGrotesque[opsz,wdth,wght].ttf",
        axes=(("opsz", 36), ("wdth", 100), ("wght", 750)),
    ),
)
CARD = replace(FACES[-1], axes=(("opsz", 36), ("wdth", 100), ("wght", 700)))
RANGES = {"": BASIC, "-extended": EXTENDED}  # By suffix of the file name.


def write(face: Face, unicodes: str, target: Path) -> None:
    """Write a subset of one face as WOFF2."""
    font = TTFont(face.package_dir / "files" / face.source, recalcTimestamp=False)
    if face.axes:
        font = instantiateVariableFont(font, dict(face.axes))
    write_subset(font, unicodes, face.features, target)


def write_other(target: Path) -> None:
    """Write the face of share cards for words that the heading face has not all letters of."""
    if not OTHER_SOURCE.exists():
        raise SystemExit(f"{OTHER_SOURCE} is missing: install fonts-dejavu-core.")
    font = TTFont(OTHER_SOURCE, recalcTimestamp=False)
    write_subset(font, OTHER, ("kern", "mark", "mkmk", "ccmp"), target)


def write_subset(font: TTFont, unicodes: str, features: tuple[str, ...], target: Path) -> None:
    options = Options(layout_features=list(features), name_IDs=NAME_IDS, hinting=False, notdef_outline=True)
    options.flavor = "woff2"
    options.drop_tables += ["FFTM"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=parse_unicodes(unicodes.replace(" ", "")))
    subsetter.subset(font)
    save_font(font, str(target), options)


def coverage(*files: Path) -> dict[str, list[list[int]]]:
    """The characters of each font as ranges of code points, by file name."""
    found: dict[str, list[list[int]]] = {}
    for file in files:
        ranges: list[list[int]] = []
        for code_point in sorted(TTFont(file).getBestCmap()):
            if ranges and code_point == ranges[-1][1] + 1:
                ranges[-1][1] = code_point
            else:
                ranges.append([code_point, code_point])
        found[file.stem] = ranges
    return found


def main() -> None:
    for face in FACES:
        for ending, unicodes in RANGES.items():
            write(face, unicodes, FONTS / f"{face.name}{ending}.woff2")
        licence = face.package.removeprefix("fontpkg_").replace("_", "-")
        shutil.copyfile(face.package_dir / "LICENSE", FONTS / f"{licence}-licence.txt")
    write(CARD, f"{BASIC}, {EXTENDED}", CARD_FONT)
    write_other(OTHER_FONT)
    COVERAGE.write_text(json.dumps(coverage(CARD_FONT, OTHER_FONT)) + "\n")
    for path in (*sorted(FONTS.glob("*.woff2")), CARD_FONT, OTHER_FONT):
        print(f"{path.stat().st_size:7,} bytes  {path.name}")


if __name__ == "__main__":
    main()
