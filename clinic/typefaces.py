"""The two typefaces: cut to the letters we use, and written as WOFF2.

Text is Atkinson Hyperlegible, headings are Bricolage Grotesque (both under the SIL Open Font
License, whose text is written beside them). Each comes in two files: the letters of nearly every
page, and the rest. What stands in for them until they arrive is in ``stand_ins.py``.
"""

import base64
import importlib.util
import io
from dataclasses import dataclass
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from clinic import kerning

# What nearly every page is written with: English, our punctuation, and the accents of French and Spanish names, which
# stand among the authors of sources: one of them alone would fetch a file more beside the picture.
COMMON = (
    *range(0x20, 0x7F),
    *(0xA0, 0xB0, 0xB7, 0xD7, 0xC0, 0xC7, 0xC8, 0xC9, 0xE0, 0xE1, 0xE2, 0xE4, 0xE7, 0xE8, 0xE9, 0xEA, 0xEB, 0xED, 0xEE),
    *(0xEF, 0xF1, 0xF3, 0xF4, 0xF6, 0xF9, 0xFA, 0xFB, 0xFC),
    *(0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026),
)
# The rest of Canadian French, names from most of Europe, fractions, a few signs: in files of their own, which a
# browser fetches for a page that has such a letter. They would be a third of what each first visit waits for.
RARE = (
    *(letter for letter in range(0xA1, 0x100) if letter not in COMMON),
    *(0x0131, 0x0152, 0x0153, 0x0160, 0x0161, 0x0178, 0x017D, 0x017E, 0x0141, 0x0142, 0x0106, 0x0107),
    *(0x010C, 0x010D, 0x0110, 0x0111, 0x0118, 0x0119, 0x011B, 0x0159, 0x015A, 0x015B, 0x0179, 0x017A, 0x017B, 0x017C),
    *(0x2009, 0x2010, 0x2011, 0x2012, 0x201A, 0x201E, 0x2020),
    *(0x202F, 0x2032, 0x2033, 0x2039, 0x203A, 0x20AC, 0x2122, 0x2212, 0x2248),
    *(0x2264, 0x2265),
)
# No heading has these: they are a tenth of the letters that headings would need, with all their kerning.
NOT_IN_HEADINGS = tuple(map(ord, "#*<=>[\\]^_`{|}~"))
NAMES = (0, 1, 2, 3, 4, 6, 14)  # Who made it, what it is called, where its licence is.


class FontMissing(Exception):
    """A font package is not installed. The message says what to do."""


@dataclass(frozen=True)
class Face:
    """One face of the site, the two font files it is cut into, and what it is cut from."""

    name: str  # of its file
    family: str
    weight: str  # as CSS says it: one weight, or the two ends of the range that it stands for
    package: str
    source: str
    fallback: str  # family name of the stretched fallback
    model: str  # which of Arial's weights stands in for it
    kerning_steps: int  # to an em: at most a tenth of a pixel off in text, half a pixel in the largest heading
    pinned: tuple[tuple[str, float], ...] = ()  # axes that are given up, and at what value
    seldom: tuple[int, ...] = ()  # common letters that this face hardly ever shows
    features: tuple[str, ...] = ("kern", "tnum")  # OpenType: space in pairs, figures of one width

    @property
    def common(self) -> tuple[int, ...]:
        return tuple(letter for letter in COMMON if letter not in self.seldom)

    @property
    def rare(self) -> tuple[int, ...]:
        return RARE + self.seldom

    def files(self) -> dict[str, tuple[int, ...]]:
        """The names of its two files, and the letters in each."""
        return {f"{self.name}.woff2": self.common, f"{self.name}-rare.woff2": self.rare}

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
        name="atkinson-regular",
        family="Atkinson Hyperlegible",
        weight="400",
        package="fontpkg_atkinson_hyperlegible",
        source="AtkinsonHyperlegible-Regular.ttf",
        fallback="Atkinson Fallback",
        model="regular",
        kerning_steps=100,
    ),
    Face(
        name="atkinson-bold",
        family="Atkinson Hyperlegible",
        weight="700",
        package="fontpkg_atkinson_hyperlegible",
        source="AtkinsonHyperlegible-Bold.ttf",
        fallback="Atkinson Fallback",
        model="bold",
        kerning_steps=100,
    ),
    Face(
        name="bricolage",
        family="Bricolage Grotesque",
        weight="500 800",
        package="fontpkg_bricolage_grotesque",
        source="BricolageGrotesque[opsz,wdth,wght].ttf",
        fallback="Bricolage Fallback",
        model="bold",
        kerning_steps=50,
        pinned=(("opsz", 36), ("wdth", 100), ("wght", 750)),
        seldom=NOT_IN_HEADINGS,
        features=("kern",),  # Figures in columns are set in the other face.
    ),
)


def cut(face: Face, letters: tuple[int, ...]) -> TTFont:
    """The font with only these letters, our features and the axis we keep."""
    font = TTFont(face.source_path(), recalcTimestamp=False)
    if face.pinned:
        # One weight for all headings: the axis would nearly double the file that each first visit waits for.
        font = instantiateVariableFont(font, dict(face.pinned))
    options = Options()
    options.layout_features = list(face.features)
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = list(NAMES)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=letters)
    subsetter.subset(font)
    kerning.simplify(font, steps=face.kerning_steps)
    font.flavor = "woff2"
    return font


def written(font: TTFont) -> bytes:
    """The bytes of the font file, the same for the same font."""
    buffer = io.BytesIO()
    font.save(buffer, reorderTables=False)
    return buffer.getvalue()


def ranges(letters: tuple[int, ...]) -> str:
    """The letters as CSS lists them: neighbours as a range."""
    spans: list[list[int]] = []
    for letter in sorted(letters):
        if spans and letter == spans[-1][1] + 1:
            spans[-1][1] = letter
        else:
            spans.append([letter, letter])
    return ", ".join(f"U+{first:X}-{last:X}" if last > first else f"U+{first:X}" for first, last in spans)


def face_css(face: Face, common: bytes) -> str:
    """The @font-face rules: the common letters inside the stylesheet, the rare ones in a file, as css/site.css sees it.

    Inside, they come with the first answer after the page. As files they would be three more, asked for only when
    the stylesheet has been read, each over a connection of its own.
    """
    inside = f"data:font/woff2;base64,{base64.b64encode(common).decode()}"
    sources = ((inside, face.common), (f"../fonts/{face.name}-rare.woff2", face.rare))
    return "".join(
        f'@font-face {{\nfont-family: "{face.family}";\nsrc: url("{address}") format("woff2");\n'
        f"font-weight: {face.weight};\nfont-style: normal;\nfont-display: swap;\n"
        f"unicode-range: {ranges(letters)};\n}}\n"
        for address, letters in sources
    )
