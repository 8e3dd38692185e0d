"""What is shown until a typeface arrives: Arial, or a font of its widths, stretched so that nothing moves then.

A browser lays a page out before it has opened our fonts. Where a line is as wide in the stand-in as it will be,
it breaks at the same word, and what stands at its end stays there. One width for everything is not enough: our
figures are wider than Arial's, our capitals narrower, and spaces differ most. So each of these is stretched by
itself, to the mean width of ours. More kinds would come nearer yet, but where a browser may not load fonts the
stand-in is all there is, and a letter that is larger than its neighbours is seen.
"""

from dataclasses import dataclass

from fontTools.ttLib import TTFont

from clinic.typefaces import Face, ranges

UNITS = 2048  # Arial's in an em.
LOCAL_NAMES = {
    "regular": ("Arial", "Liberation Sans", "Helvetica"),
    "bold": ("Arial Bold", "Arial-BoldMT", "Liberation Sans Bold", "Helvetica Bold"),
}


@dataclass(frozen=True)
class Kind:
    """Letters that are stretched alike."""

    letters: str
    regular: tuple[int, ...]  # Arial's advance width of each. Source: the hmtx tables of Arial and Liberation Sans.
    bold: tuple[int, ...]
    shares: tuple[int, ...] = ()  # How often each occurs, in any unit; alike unless told.

    def stretch(self, font: TTFont, model: str) -> float:
        """How many times as wide as in Arial these letters are in a font, on average."""
        glyphs, widths = font.getBestCmap(), font["hmtx"].metrics
        shares = self.shares or (1,) * len(self.letters)
        ours = sum(widths[glyphs[ord(letter)]][0] * share for letter, share in zip(self.letters, shares, strict=True))
        arial = {"regular": self.regular, "bold": self.bold}[model]
        theirs = sum(width * share for width, share in zip(arial, shares, strict=True))
        return float((ours / font["head"].unitsPerEm) / (theirs / UNITS))


# The first stands for all that no other names. Shares: per thousand letters and spaces of running English.
KINDS = (
    Kind(
        "abcdefghijklmnopqrstuvwxyz",
        regular=(
            *(1139, 1139, 1024, 1139, 1139, 569, 1139, 1139, 455, 455, 1024, 455, 1706),
            *(1139, 1139, 1139, 1139, 682, 1024, 569, 1139, 1024, 1479, 1024, 1024, 1024),
        ),
        bold=(
            *(1139, 1251, 1139, 1251, 1139, 682, 1251, 1251, 569, 569, 1139, 569, 1821),
            *(1251, 1251, 1251, 1251, 797, 1139, 682, 1251, 1139, 1593, 1139, 1139, 1024),
        ),
        shares=(65, 12, 22, 33, 103, 18, 16, 49, 57, 1, 6, 33, 20, 57, 62, 15, 1, 49, 52, 74, 22, 8, 19, 1, 16, 1),
    ),
    Kind(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        regular=(
            *(1366, 1366, 1479, 1479, 1366, 1251, 1593, 1479, 569, 1024, 1366, 1139, 1706),
            *(1479, 1593, 1366, 1593, 1479, 1366, 1251, 1479, 1366, 1933, 1366, 1366, 1251),
        ),
        bold=(
            *(1479, 1479, 1479, 1479, 1366, 1251, 1593, 1479, 569, 1139, 1479, 1251, 1706),
            *(1479, 1593, 1366, 1593, 1479, 1366, 1251, 1479, 1366, 1933, 1366, 1366, 1251),
        ),
    ),
    Kind(" \N{NO-BREAK SPACE}", regular=(569,) * 2, bold=(569,) * 2),
    Kind("0123456789", regular=(1139,) * 10, bold=(1139,) * 10),
)


def css(face: Face, font: TTFont) -> str:
    """The @font-face rules that give Arial the widths and the line box of a face."""
    rules = ((kind.stretch(font, face.model), kind.letters if kind is not KINDS[0] else "") for kind in KINDS)
    return "".join(_rule(face, font, size, letters) for size, letters in rules)


def _rule(face: Face, font: TTFont, size: float, letters: str) -> str:
    units, line = font["head"].unitsPerEm, font["hhea"]
    names = ", ".join(f'local("{name}")' for name in LOCAL_NAMES[face.model])
    return (
        f'@font-face {{\nfont-family: "{face.fallback}";\nsrc: {names};\nfont-weight: {face.weight};\n'
        f"size-adjust: {size:.2%};\nascent-override: {line.ascent / units / size:.2%};\n"
        f"descent-override: {-line.descent / units / size:.2%};\n"
        f"line-gap-override: {line.lineGap / units / size:.2%};\n"
        + (f"unicode-range: {ranges(tuple(sorted(map(ord, letters))))};\n" if letters else "")
        + "}\n"
    )
