"""Renew the README's picture from a site that is running: ``python docs/take_screenshot.py``."""

import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

SITE = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
HERE = Path(__file__).parent


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        parts = []
        for width, address in ((1280, "/"), (420, "/book/back-assessment/?visit=new#times")):
            page = browser.new_page(
                viewport={"width": width, "height": 900}, java_script_enabled=False, reduced_motion="reduce"
            )
            page.goto(SITE + address)
            page.wait_for_timeout(1000)  # Pictures are decoded beside the page, after it is loaded.
            file = HERE / f"{width}.png"
            page.screenshot(path=file)
            parts.append(Image.open(file).convert("RGB"))
            file.unlink()
        browser.close()
    together = Image.new("RGB", (sum(part.width for part in parts) + 24, 900), "#DDD6C8")
    left = 0
    for part in parts:
        together.paste(part, (left, 0))
        left += part.width + 24
    together.quantize(128).save(HERE / "site.png", optimize=True)


if __name__ == "__main__":
    main()
