"""The two typefaces: cut to the letters we use, written as WOFF2, with fallbacks of the same size.

Text is Atkinson Hyperlegible, headings are Bricolage Grotesque (both under the SIL Open Font
License, whose text is written beside them). Until they arrive, the browser shows Arial or a
font of the same widths, stretched and shifted by ``@font-face`` so that nothing moves when
they do.
"""

import importlib.util
import io
from dataclasses import dataclass
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

# English and Canadian French, names from most of Europe, punctuation, fractions, a few signs.
LETTERS = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x100),
    *(0x0131, 0x0152, 0x0153, 0x0160, 0x0161, 0x0178, 0x017D, 0x017E, 0x0141, 0x0142, 0x0106, 0x0107),
    *(0x010C, 0x010D, 0x0110, 0x0111, 0x0118, 0x0119, 0x011B, 0x0159, 0x015A, 0x015B, 0x0179, 0x017A, 0x017B, 0x017C),
    *(0x2009, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2018, 0x2019, 0x201A, 0x201C, 0x201D, 0x201E, 0x2020),
    *(0x2022, 0x2026, 0x202F, 0x2032, 0x2033, 0x2039, 0x203A, 0x20AC, 0x2122, 0x2212, 0x2248),
    *(0x2264, 0x2265),
)
FEATURES = ("kern", "mark", "mkmk", "ccmp", "locl", "liga", "calt", "tnum", "frac")

# Advance widths of Arial (and of Liberation Sans and Helvetica, made to match it) in 1/2048 em,
# for the letters that running English is made of. Source: the fonts' own hmtx tables.
ARIAL_UNITS = 2048
ARIAL = {
    "regular": dict(
        zip(
            "abcdefghijklmnopqrstuvwxyz ",
            (
                *(1139, 1139, 1024, 1139, 1139, 569, 1139, 1139, 455, 455, 1024, 455, 1706, 1139),
                *(1139, 1139, 1139, 682, 1024, 569, 1139, 1024, 1479, 1024, 1024, 1024, 569),
            ),
            strict=True,
        )
    ),
    "bold": dict(
        zip(
            "abcdefghijklmnopqrstuvwxyz ",
            (
                *(1139, 1251, 1139, 1251, 1139, 682, 1251, 1251, 569, 569, 1139, 569, 1821, 1251),
                *(1251, 1251, 1251, 797, 1139, 682, 1251, 1139, 1593, 1139, 1139, 1024, 569),
            ),
            strict=True,
        )
    ),
}
LOCAL_NAMES = {
    "regular": ("Arial", "Liberation Sans", "Helvetica"),
    "bold": ("Arial Bold", "Arial-BoldMT", "Liberation Sans Bold", "Helvetica Bold"),
}
# How often each letter occurs in running English, per thousand characters with spaces.
FREQUENCY = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz ",
        (65, 12, 22, 33, 103, 18, 16, 49, 57, 1, 6, 33, 20, 57, 62, 15, 1, 49, 52, 74, 22, 8, 19, 1, 16, 1, 182),
        strict=True,
    )
)


class FontMissing(Exception):
    """A font package is not installed. The message says what to do."""


@dataclass(frozen=True)
class Face:
    """One font file of the site, and where it is cut from."""

    file: str
    family: str
    weight: str  # as CSS says it: one weight, or the two ends of the range that it stands for
    package: str
    source: str
    fallback: str  # family name of the stretched fallback
    model: str  # which of Arial's weights stands in for it
    pinned: tuple[tuple[str, float], ...] = ()  # axes that are given up, and at what value

    def package_dir(self) -> Path:
        """The folder of the installed font package, or FontMissing."""
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None:
            raise FontMissing(f"The font package {self.package} is not installed: install requirements.txt again.")
        return Path(spec.origin).parent

    def source_path(self) -> Path:
        return self.package_dir() / "files" / self.source


FACES = (
    Face(
        file="atkinson-regular.woff2",
        family="Atkinson Hyperlegible",
        weight="400",
        package="fontpkg_atkinson_hyperlegible",
        source="AtkinsonHyperlegible-Regular.ttf",
        fallback="Atkinson Fallback",
        model="regular",
    ),
    Face(
        file="atkinson-bold.woff2",
        family="Atkinson Hyperlegible",
        weight="700",
        package="fontpkg_atkinson_hyperlegible",
        source="AtkinsonHyperlegible-Bold.ttf",
        fallback="Atkinson Fallback",
        model="bold",
    ),
    Face(
        file="bricolage.woff2",
        family="Bricolage Grotesque",
        weight="500 800",
        package="fontpkg_bricolage_grotesque",
        source="BricolageGrotesque[opsz,wdth,wght].ttf",
        fallback="Bricolage Fallback",
        model="bold",
        pinned=(("opsz", 36), ("wdth", 100), ("wght", 750)),
    ),
)


def cut(face: Face) -> TTFont:
    """The font with only our letters, our features and the axis we keep."""
    font = TTFont(face.source_path(), recalcTimestamp=False)
    if face.pinned:
        # One weight for all headings: the axis would nearly double the file that each first visit waits for.
        font = instantiateVariableFont(font, dict(face.pinned))
    options = Options()
    options.layout_features = list(FEATURES)
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=LETTERS)
    subsetter.subset(font)
    font.flavor = "woff2"
    return font


def written(font: TTFont) -> bytes:
    """The bytes of the font file, the same for the same font."""
    buffer = io.BytesIO()
    font.save(buffer, reorderTables=False)
    return buffer.getvalue()


def mean_width(font: TTFont, weights: dict[str, int]) -> float:
    """The mean advance width of running English, in em."""
    letters, widths = font.getBestCmap(), font["hmtx"].metrics
    total = sum(widths[letters[ord(letter)]][0] * share for letter, share in weights.items())
    return total / sum(weights.values()) / font["head"].unitsPerEm


def fallback_css(face: Face, font: TTFont) -> str:
    """An @font-face that gives Arial this face's mean width and line box."""
    arial = ARIAL[face.model]
    arial_width = sum(arial[letter] * share for letter, share in FREQUENCY.items())
    size = mean_width(font, FREQUENCY) / (arial_width / sum(FREQUENCY.values()) / ARIAL_UNITS)
    units, line = font["head"].unitsPerEm, font["hhea"]
    names = ", ".join(f'local("{name}")' for name in LOCAL_NAMES[face.model])
    return (
        f'@font-face {{\nfont-family: "{face.fallback}";\nsrc: {names};\nfont-weight: {face.weight};\n'
        f"size-adjust: {size:.2%};\nascent-override: {line.ascent / units / size:.2%};\n"
        f"descent-override: {-line.descent / units / size:.2%};\n"
        f"line-gap-override: {line.lineGap / units / size:.2%};\n}}\n"
    )


def face_css(face: Face) -> str:
    """The @font-face rule of the file itself, seen from css/site.css."""
    return (
        f'@font-face {{\nfont-family: "{face.family}";\nsrc: url("../fonts/{face.file}") format("woff2");\n'
        f"font-weight: {face.weight};\nfont-style: normal;\nfont-display: swap;\n}}\n"
    )
