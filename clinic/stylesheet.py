"""One stylesheet out of many: the sources under ``static/css/`` in their fixed order, in one file.

Every source is valid on its own: its ``url()`` addresses are relative to itself. In the one
file they are rewritten to be relative to that file's place, ``css/site.css``.
"""

import posixpath
import re
from pathlib import Path, PurePosixPath

BUNDLE = PurePosixPath("css/site.css")
# The layers are declared first; components come last, by name, so a new one needs no entry here.
FIRST = ("layers.css", "tokens.css", "reset.css", "elements.css", "layout.css")

_comment = re.compile(r"/\*.*?\*/", re.DOTALL)
_url = re.compile(r"""url\(\s*(["'])(?P<address>[^"')]+)\1\s*\)""")
_absolute = re.compile(r"^(?:[a-z]+:|/|#)", re.IGNORECASE)


def sources(css_dir: Path) -> list[Path]:
    """The source files in the order in which they are joined."""
    return [css_dir / name for name in FIRST] + sorted((css_dir / "components").glob("*.css"))


def rebased(css: str, place: PurePosixPath) -> str:
    """The same CSS with its relative addresses read from BUNDLE's folder instead of ``place``'s."""

    def rewrite(match: re.Match[str]) -> str:
        address = match["address"]
        if _absolute.match(address):
            return match[0]
        target = posixpath.normpath((place.parent / address).as_posix())
        return f'url("{posixpath.relpath(target, BUNDLE.parent.as_posix())}")'

    return _url.sub(rewrite, css)


def squeezed(css: str) -> str:
    """The same CSS without comments, indentation and blank lines."""
    lines = (line.strip() for line in _comment.sub("", css).splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def joined(static_dir: Path, font_faces: str) -> str:
    """All of the site's CSS: layers, then the typefaces, then the sources in order."""
    parts = []
    for source in sources(static_dir / "css"):
        place = PurePosixPath(source.relative_to(static_dir).as_posix())
        parts.append(squeezed(rebased(source.read_text(encoding="utf-8"), place)))
    return parts[0] + font_faces + "".join(parts[1:])
