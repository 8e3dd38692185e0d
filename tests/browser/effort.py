"""Count what a job takes: clicks, texts typed, keys pressed and full page loads."""

from typing import NamedTuple

from playwright.sync_api import Locator, Page, Request

PASTE = """(editor, html) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/html", html);
  editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


class Took(NamedTuple):
    """What a job took. A drag counts as a click, and so does a choice in a list."""

    clicks: int = 0
    texts: int = 0
    keys: int = 0
    loads: int = 0


class Effort:
    """Do things as a person would, and count them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.took = Took()
        page.on("request", self._count)

    def _count(self, request: Request) -> None:
        if request.is_navigation_request() and request.redirected_from is None:
            self.took = self.took._replace(loads=self.took.loads + 1)

    def click(self, target: Locator) -> None:
        self.took = self.took._replace(clicks=self.took.clicks + 1)
        target.click()

    def drag(self, source: Locator, target: Locator) -> None:
        """Drag from near the top of one element to near the top of another."""
        self.took = self.took._replace(clicks=self.took.clicks + 1)
        mouse = self.page.mouse
        for number, element in enumerate((source, target)):
            element.scroll_into_view_if_needed()
            box = element.bounding_box()
            assert box is not None
            mouse.move(box["x"] + box["width"] / 2, box["y"] + 8, steps=5)
            if number == 0:
                mouse.down()
        mouse.up()

    def type(self, words: str) -> None:
        self.took = self.took._replace(texts=self.took.texts + 1)
        self.page.keyboard.type(words)

    def choose(self, select: Locator, value: str) -> None:
        """Choose from a list of the browser."""
        self.took = self.took._replace(clicks=self.took.clicks + 1)
        select.select_option(value)

    def paste(self, editor: Locator, html: str) -> None:
        """Paste HTML where the cursor is. It counts as a text."""
        self.took = self.took._replace(texts=self.took.texts + 1)
        editor.evaluate(PASTE, html)

    def insert(self, words: str) -> None:
        """Put a whole text at the cursor at once, as pasting does. It counts as a text."""
        self.took = self.took._replace(texts=self.took.texts + 1)
        self.page.keyboard.insert_text(words)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.took = self.took._replace(keys=self.took.keys + 1)
            self.page.keyboard.press(key)
