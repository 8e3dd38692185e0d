"""Rasterise the SVG drawings: the first step of ``make pictures``, after a drawing has changed.

Makes the sample clinic's pictures, which are loaded as if staff had uploaded them, and the site's icons and default
share picture. Needs resvg-py, from the development requirements.
"""

import io
import sys
from pathlib import Path

import resvg_py
from PIL import Image

HERE = Path(__file__).resolve().parent
DRAWINGS = HERE / "drawings"
PICTURES = HERE / "pictures"
ICONS = HERE.parent.parent / "static" / "img"

SCENE_WIDTH, PORTRAIT_WIDTH = 1600, 800  # pixels
HEAVIEST = 200 * 1024  # bytes
SHARE_SIZE = (1200, 630)
SHARE_TOP = 158  # pixels cropped from the top of the home scene
SPRUCE = "#11473f"


def rasterise(path: Path, width: int) -> Image.Image:
    png = bytes(resvg_py.svg_to_bytes(svg_path=str(path), width=width))
    return Image.open(io.BytesIO(png)).convert("RGBA")


def is_portrait(path: Path) -> bool:
    return 'viewBox="0 0 800 800"' in path.read_text(encoding="utf-8")[:300]


def write_picture(path: Path) -> Path:
    """Write one drawing as WebP: lossless, because artefacts show in flat colours."""
    width = PORTRAIT_WIDTH if is_portrait(path) else SCENE_WIDTH
    target = PICTURES / f"{path.stem}.webp"
    rasterise(path, width).convert("RGB").save(target, "WEBP", lossless=True, quality=100, method=6)
    return target


def write_share_picture() -> Path:
    width, height = SHARE_SIZE
    scene = rasterise(DRAWINGS / "home.svg", width).convert("RGB")
    target = ICONS / "share.png"
    picture = scene.crop((0, SHARE_TOP, width, SHARE_TOP + height))
    picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(target, optimize=True)
    return target


def write_icons() -> list[Path]:
    mark = ICONS / "favicon.svg"
    small = {size: rasterise(mark, size) for size in (16, 32, 48)}
    ico = ICONS / "favicon.ico"
    small[48].save(ico, sizes=[(size, size) for size in small], append_images=[small[16], small[32]])

    # iOS rounds the corners itself, so the icon must have no transparent ones.
    touch = ICONS / "apple-touch-icon.png"
    large = rasterise(mark, 180)
    square = Image.new("RGB", large.size, SPRUCE)
    square.paste(large, mask=large)
    square.quantize(64, dither=Image.Dither.NONE).save(touch, optimize=True)
    return [ico, touch]


def main() -> int:
    PICTURES.mkdir(exist_ok=True)
    written = [write_picture(path) for path in sorted(DRAWINGS.glob("*.svg"))]
    written += [write_share_picture(), *write_icons()]
    too_heavy = [path for path in written if path.stat().st_size > HEAVIEST]
    for path in written:
        print(f"{path.stat().st_size / 1024:6.0f} KB  {path.name}")
    for path in too_heavy:
        print(f"{path.name} is heavier than {HEAVIEST // 1024} KB: simplify the drawing.", file=sys.stderr)
    return 1 if too_heavy else 0


if __name__ == "__main__":
    sys.exit(main())
