"""The sample's page on back pain, rebuilt from nothing in the editor as a person would: what that takes."""

import json
import re
from typing import Any

from django.db.models import BooleanField, ForeignKey
from django.utils.html import strip_tags
from playwright.sync_api import Locator, Page, expect

from content.blocks import page_content
from content.fields.rich_text import RichTextField
from content.fields.rows import RowsField
from content.models import Page as ContentPage
from tests.browser.effort import Effort

LONG = 40  # A longer line is pasted.
SLUG = "dry-needling-for-back-pain"
PLACE = ("topic", "position")  # They take effect at once, and are no part of the content.
OPEN_BLOCK = ".order-machine .inline-related:not(.empty-form):not(.collapsed)"
LINK_WITHIN_PAGE = re.compile(r'<a href="(#[^"]*)"[^>]*>(.*?)</a>')
# Words between two texts are selected, as with the mouse: for 50 ms after a change the editor puts its own back.
SELECT = """async (editor, words) => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  const selected = new Promise((resolve) => document.addEventListener("selectionchange", resolve, { once: true }));
  const walker = document.createTreeWalker(editor, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.data.indexOf(words);
    if (at >= 0) getSelection().setBaseAndExtent(walker.currentNode, at, walker.currentNode, at + words.length);
  }
  await selected;
}"""

# Whether one press of Tab leads from where the cursor is to this element.
IS_NEXT = """element => {
  const all = "a[href], button, input:not([type=hidden]), select, textarea, [contenteditable=true], [tabindex]";
  const stops = [...document.querySelectorAll(all)].filter(
    (one) => !one.disabled && one.getAttribute("tabindex") !== "-1" &&
      one.checkVisibility({ visibilityProperty: true }),
  );
  return stops.includes(document.activeElement) && stops[stops.indexOf(document.activeElement) + 1] === element;
}"""
WORDS = """main => {
  const copy = main.cloneNode(true);
  for (const part of copy.querySelectorAll(".page-feedback, .pager, .handout__place")) part.remove();
  return copy.textContent.replace(/\\s+/g, " ").trim();
}"""


class Writer:
    """Writes content into the editor with its own controls, and counts what that takes."""

    def __init__(self, office: Page) -> None:
        self.office, self.effort = office, Effort(office)

    def make(self, kind: str, title: str) -> None:
        office, effort = self.office, self.effort
        effort.click(office.get_by_role("link", name="New page"))
        effort.click(office.get_by_label(kind, exact=True))
        effort.click(office.get_by_label("Title"))
        effort.type(title)
        effort.click(office.get_by_role("button", name="Make the draft"))
        expect(office.locator("#page-editor-status")).to_be_attached()

    def write_head(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            field: Any = ContentPage._meta.get_field(name)
            if value != field.get_default():
                self.write_field(field, value, self.office.locator(f"#id_{name}"))

    def write_block(self, block: dict[str, Any]) -> None:
        model = page_content.KINDS[block["kind"]]
        kind = str(model._meta.verbose_name).capitalize()
        self.effort.click(self.office.locator(".block-add--last .block-add__button"))
        self.effort.click(self.office.get_by_role("menuitem").filter(has=self.office.get_by_text(kind, exact=True)))
        opened = self.office.locator(OPEN_BLOCK)
        expect(opened).to_have_count(1)
        for name, value in block["fields"].items():
            field: Any = model._meta.get_field(name)
            if value == field.get_default():
                continue
            if isinstance(field, RowsField):
                self.write_rows(field, value, opened.locator(f".field-{name} .rows"))
            else:
                self.write_field(field, value, opened.locator(f"[name$='-{name}']"))

    def write_field(self, field: Any, value: Any, place: Locator) -> None:
        self.unfold(place)
        if isinstance(field, RichTextField):
            self.write_text(value, place.locator("xpath=ancestor::*[contains(@class, 'form-row')][1]"))
        elif isinstance(field, BooleanField):
            self.effort.click(place)
        elif isinstance(field, ForeignKey):
            self.refer(field.related_model._default_manager.get(pk=value), place)
        elif field.choices:
            self.effort.choose(place, str(value))
        else:
            self.write_line(str(value), place)

    def unfold(self, place: Locator) -> None:
        fold = self.office.locator("details:not([open])", has=place)
        if fold.count():
            self.effort.click(fold.locator("summary"))

    def write_line(self, words: str, place: Locator) -> None:
        self.go_to(place)
        if place.input_value():
            self.effort.press("Control+a")
        if len(words) > LONG:
            self.effort.insert(words)
        else:
            self.effort.type(words)

    def go_to(self, place: Locator) -> None:
        """Press Tab where it leads there, and click otherwise; neither, if the editor has set the cursor there."""
        expect(place).to_be_visible()
        if place.evaluate("element => element === document.activeElement"):
            return
        if place.evaluate(IS_NEXT):
            self.effort.press("Tab")
            expect(place).to_be_focused()
        else:
            self.effort.click(place)

    def write_text(self, html: str, around: Locator) -> None:
        """Paste rich text. Links to a place of the page are made by hand: pasting leaves them out."""
        text = around.locator(".ProseMirror")
        self.go_to(text)
        self.effort.paste(text, html)
        for address, words in LINK_WITHIN_PAGE.findall(html):
            text.evaluate(SELECT, strip_tags(words))
            self.effort.press("Control+k")
            self.effort.click(self.office.locator(".prose-editor-dialog [name=href]"))
            self.effort.type(address)
            self.effort.press("Enter")

    def write_rows(self, field: RowsField, rows: list[dict[str, str]], table: Locator) -> None:
        for number, row in enumerate(rows):
            if number:
                self.effort.click(table.get_by_role("button", name="Add a row"))
            place = table.locator(".rows__row").nth(number)
            for column in field.columns:
                cell = place.locator(f".rows__cell:has([name$='-{column.name}'])")
                if not row[column.name]:
                    continue
                if column.is_long:
                    self.write_text(row[column.name], cell)
                else:
                    self.write_line(row[column.name], cell.locator("input"))

    def refer(self, row: Any, select: Locator) -> None:
        """Choose a picture in its chooser, and anything else by its name in a list, which may ask for a search."""
        office, effort = self.office, self.effort
        if row._meta.model_name == "picture":
            field = office.locator(".picture-field", has=select)
            effort.click(field.get_by_role("button", name="Choose a picture"))
            chooser = office.get_by_role("dialog", name="Choose a picture")
            effort.click(chooser.locator(".picture-card", has_text=re.compile(rf"^\s*{re.escape(row.title)}")))
            expect(chooser.get_by_role("heading", name=row.title)).to_be_visible()
            effort.click(chooser.get_by_role("button", name="Use this picture"))
            expect(field.locator(".picture-field__title")).to_have_text(row.title)
        elif "select2-hidden-accessible" in (select.get_attribute("class") or ""):
            effort.click(select.locator("xpath=following-sibling::*[1]").locator(".select2-selection"))
            effort.type(str(row))
            effort.click(office.get_by_role("option", name=str(row), exact=True))
        else:
            effort.choose(select, str(row.pk))


def compared(content: page_content.PageContent) -> dict[str, Any]:
    """Return content without ids and review. Pasting writes items of lists as paragraphs; the sample's are plain."""
    head = {name: value for name, value in content.head.items() if name not in page_content.REVIEW}
    blocks = [(block["kind"], block["region"], block["fields"]) for block in content.blocks]
    return json.loads(re.sub(r"<li><p>(.*?)</p></li>", r"<li>\1</li>", json.dumps({"head": head, "blocks": blocks})))


def words_of(main: Locator) -> str:
    """Return the words of a page, folded ones too, without what is shown to readers alone and what names its place."""
    return str(main.evaluate(WORDS))


def test_the_back_pain_page_is_rebuilt_from_nothing_without_a_press_on_save(office: Page):
    """The title, 11 more fields and 27 blocks take 204 clicks, 166 texts, 37 keys and 3 page loads.

    The loads are the first step, the editor and the frame of its preview.
    """
    sample = ContentPage.objects.get(slug=SLUG)
    content = page_content.content_of_draft(sample)
    values = {name: value for name, value in content.head.items() if name not in ("title", *page_content.REVIEW)}
    office.goto("/admin/content/page/")
    writer = Writer(office)

    writer.make("A treatment", content.head["title"])
    writer.write_head(values | {name: getattr(sample, name) for name in PLACE})
    for block in content.blocks:
        writer.write_block(block)
    expect(office.locator(".page-saved__pending")).to_be_hidden()
    expect(office.locator(".page-saved__status")).to_have_text(re.compile("by itself$"))
    took = writer.effort.took

    draft = ContentPage.objects.exclude(pk=sample.pk).get(title=sample.title)
    assert compared(page_content.content_of_draft(draft)) == compared(content)
    assert [getattr(draft, name) for name in PLACE] == [getattr(sample, name) for name in PLACE]
    frame = office.frame_locator(".preview__frame").locator("main")
    expect(frame).to_contain_text(content.blocks[-1]["fields"]["items"][-1]["text"])
    preview = words_of(frame)
    office.goto(sample.get_absolute_url())
    assert preview == words_of(office.locator("main"))
    assert took.clicks <= 210
    assert took.loads <= 3
