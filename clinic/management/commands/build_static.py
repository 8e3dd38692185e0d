"""Make what the pages link but nobody writes by hand: one stylesheet and the font files."""

import hashlib
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinic import kerning, stand_ins, stylesheet, typefaces

FONT_BUDGET = 60 * 1024  # bytes, all font files together


def digest(*paths: Path) -> str:
    """One hash over the contents of several files, in the order given."""
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        total.update(f"{path.name} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def write_if_changed(path: Path, content: bytes) -> bool:
    """Write the file unless it already says this. True if it was written."""
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True


def font_faces(fonts_dir: Path) -> str:
    """Write the font files and licences unless they are up to date, and return their CSS.

    What was made from which sources is remembered in ``made.json`` beside them: cutting
    the fonts takes seconds, checking them takes milliseconds.
    """
    record = fonts_dir / "made.json"
    makers = (Path(typefaces.__file__), Path(kerning.__file__), Path(stand_ins.__file__))
    made_from = digest(*makers, *(face.source_path() for face in typefaces.FACES))
    files = [fonts_dir / file for face in typefaces.FACES for file in face.files()]
    try:
        known = json.loads(record.read_text(encoding="utf-8"))
        if known["made_from"] == made_from and known["files"] == digest(*files):
            return str(known["css"])
    except (OSError, ValueError, KeyError):
        pass  # Nothing made yet, or half made: make it.

    css, size = "", 0
    for face in typefaces.FACES:
        fonts = {file: typefaces.cut(face, letters) for file, letters in face.files().items()}
        contents = {file: typefaces.written(font) for file, font in fonts.items()}
        size += sum(map(len, contents.values()))
        for file, content in contents.items():
            write_if_changed(fonts_dir / file, content)
        licence = (face.package_dir() / "LICENSE").read_bytes()
        write_if_changed(fonts_dir / f"{face.package.removeprefix('fontpkg_')}-licence.txt", licence)
        css += typefaces.face_css(face, contents[f"{face.name}.woff2"])
        css += stand_ins.css(face, fonts[f"{face.name}.woff2"])
    if size > FONT_BUDGET:
        raise CommandError(f"The fonts weigh {size:,} bytes and may weigh {FONT_BUDGET:,}: cut more letters away.")
    made = {"made_from": made_from, "files": digest(*files), "css": css}
    record.write_text(json.dumps(made, indent=1), encoding="utf-8")
    return css


class Command(BaseCommand):
    help = "Join the stylesheets into css/site.css and cut the fonts, where they are not up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--into", type=Path, default=None, help="Where to write; the site's build folder unless told."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        build_dir = options["into"] or settings.BUILD_DIR
        try:
            faces = font_faces(build_dir / "fonts")
        except typefaces.FontMissing as missing:
            raise CommandError(str(missing)) from missing
        css = stylesheet.joined(settings.BASE_DIR / "static", faces)
        written = write_if_changed(build_dir / stylesheet.BUNDLE, css.encode())
        if options["verbosity"] > 0:
            state = "written" if written else "up to date"
            self.stdout.write(f"{stylesheet.BUNDLE}: {state}, {len(css.encode()) / 1024:.0f} KB")
