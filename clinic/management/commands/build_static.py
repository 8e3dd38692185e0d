"""Bundle the stylesheets under ``static/css/`` into ``css/site.css`` and ``css/desk.css``, the only build step.

``url()`` addresses, which are relative to their source file, are rewritten relative to the bundle; comments and
indentation are removed.
"""

import posixpath
import re
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from clinic.ops.folders import make_for_command

BUNDLE = PurePosixPath("css/site.css")
DESK_BUNDLE = PurePosixPath("css/desk.css")  # Of the front desk, besides site.css.
GRID_ROWS = 288  # Of five minutes: a day.
MOST_LANES = 4
# Cascade layers are declared first. Components follow these files, sorted by name, and need no entry here.
FIRST = ("layers.css", "fonts.css", "tokens.css", "reset.css", "elements.css", "layout.css")

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
URL = re.compile(r"""url\(\s*(["'])(?P<address>[^"')]+)\1\s*\)""")
ABSOLUTE = re.compile(r"^(?:[a-z]+:|/|#)", re.IGNORECASE)


class Command(BaseCommand):
    help = "Join the site's stylesheets into css/site.css."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--into", type=Path, default=None, help="Where to write; the site's build folder unless told."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        static_dir = settings.BASE_DIR / "static"
        if options["into"] is None:
            make_for_command(settings.BUILD_DIR, "VAR_DIR")
        bundles = {
            BUNDLE: bundle(static_dir, sources(static_dir / "css")),
            DESK_BUNDLE: bundle(static_dir, sorted((static_dir / "css" / "desk").glob("*.css"))) + grid_classes(),
        }
        for name, text in bundles.items():
            target, css = (options["into"] or settings.BUILD_DIR) / name, text.encode()
            is_changed = not target.exists() or target.read_bytes() != css
            if is_changed:  # A new modification time would cause all static files to be collected again.
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(css)
            if options["verbosity"] > 0:
                state = "written" if is_changed else "up to date"
                self.stdout.write(f"{name}: {state}, {len(css) / 1024:.0f} KB")


def grid_classes() -> str:
    """The places in the calendar's grid, as the policy forbids inline styles.

    ``r3`` begins in the third row, ``s9`` spans nine, ``n2l1`` is the first of two lanes. A column has twelve tracks.
    """
    rows = [f".r{row}{{grid-row-start:{row}}}.s{row}{{grid-row-end:span {row}}}" for row in range(1, GRID_ROWS + 1)]
    tracks = 12
    lanes = [
        f".n{count}l{lane}{{grid-column:{(lane - 1) * tracks // count + 1}/span {tracks // count}}}"
        for count in range(1, MOST_LANES + 1)
        for lane in range(1, count + 1)
    ]
    return "\n".join([*rows, *lanes]) + "\n"


def bundle(static_dir: Path, files: Iterable[Path]) -> str:
    parts = []
    for source in files:
        path = PurePosixPath(source.relative_to(static_dir).as_posix())
        parts.append(minify(rebase(source.read_text(encoding="utf-8"), path)))
    return "".join(parts)


def sources(css_dir: Path) -> list[Path]:
    """Return the source files in the order of the bundle."""
    return [css_dir / name for name in FIRST] + sorted((css_dir / "components").glob("*.css"))


def rebase(css: str, path: PurePosixPath) -> str:
    """Rewrite the relative ``url()`` addresses of the source file at ``path`` relative to the bundle."""

    def rewrite(match: re.Match[str]) -> str:
        address = match["address"]
        if ABSOLUTE.match(address):
            return match[0]
        target = posixpath.normpath((path.parent / address).as_posix())
        return f'url("{posixpath.relpath(target, BUNDLE.parent.as_posix())}")'

    return URL.sub(rewrite, css)


def minify(css: str) -> str:
    """Remove comments, indentation and blank lines."""
    lines = (line.strip() for line in COMMENT.sub("", css).splitlines())
    return "\n".join(line for line in lines if line) + "\n"
