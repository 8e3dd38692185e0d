"""Pasting into rich text in Chromium: what each program puts on the clipboard is stored as clean paragraphs and lists.

The samples in clipboard/ have the form that these programs produce.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from content.models import Section
from tests.browser.staff.test_page_editing import open_block, save, wait_for_editor
from tests.support.content_factories import make_page

SAMPLES = Path(__file__).parent / "clipboard"
GUIDELINES = '<a href="https://www.csep.ca/guidelines/">the guidelines</a>'
TITLE = "<p><strong>Before your visit</strong></p>"
CLOTHES = "Wear <strong>loose clothes</strong> and <em>flat shoes</em>."
BULLETS = (
    "<ul><li><p>Your health card</p><ul><li><p>the <strong>paper</strong> one</p></li></ul></li>"
    "<li><p>A list of what you take</p></li></ul>"
)
STEPS = "<ol><li><p>Check in</p></li><li><p>Take a seat</p></li></ol>"
STORED = {
    "word_desktop.html": (
        f"{TITLE}<p>{CLOTHES} See {GUIDELINES}.</p>{BULLETS}"
        "<ol><li><p>Check in</p><ol><li><p>at the desk</p></li></ol></li><li><p>Take a seat</p></li></ol>"
        "<p>Call us if you are late.</p><p><strong>Monday</strong> | 7:00 a.m.</p>"
    ),
    "word_web.html": f"{TITLE}<p>{CLOTHES}<br>See {GUIDELINES}</p>{BULLETS}{STEPS}",
    "libreoffice.html": f"{TITLE}<p>{CLOTHES}<br>See {GUIDELINES}.</p>{BULLETS}{STEPS}<p><strong>Call us</strong></p>",
    "web_page.html": (
        '<ul><li><p><a href="https://clinic.example/">Home</a></p></li></ul>'
        f"{TITLE}<p>{CLOTHES}</p>"
        f"<p>See {GUIDELINES}, not this, nor this, nor that; "
        '<a href="mailto:hi@clinic.example">write</a> or <a href="tel:+14035550140">call</a>.</p>'
        "<ul><li><p>Your health card</p><ul><li><p>the <strong>paper</strong> one</p></li></ul></li>"
        "<li><p><strong>A list</strong></p><p>of what you take</p></li></ul>"
        '<ol start="3"><li><p>Check in</p></li></ol>'
        "<p>Hours</p><p><strong>Day</strong> | Opens</p><p>Monday | 7:00 a.m.</p><p>By request</p>"
        "<p>One</p><p>Two</p><p>Three</p><p>Someone said so.</p>"
    ),
    "google_docs.html": f"{TITLE}<p>{CLOTHES}<br>See {GUIDELINES}.</p>{BULLETS}{STEPS}",
    "apple_pages.html": f"{TITLE}<p>{CLOTHES} See {GUIDELINES}.</p>{BULLETS}{STEPS}",
    "apple_notes.html": f"{TITLE}<p>{CLOTHES}</p><p>See {GUIDELINES}.</p>{BULLETS}{STEPS}",
    "outlook.html": (
        "<p><strong>From:</strong> Ana Blue &lt;ana@clinic.example&gt;</p>"
        f"<p>{CLOTHES} See {GUIDELINES}.</p>{BULLETS}"
        f"<ul><li><p>Call us</p></li><li><p>Or write</p></li></ul>{STEPS}"
    ),
    "plain_text.txt": (
        "<p>Before your visit</p>"
        "<p>Wear loose clothes.<br>See https://www.csep.ca/guidelines/ and www.csep.ca.</p>"
        f"{BULLETS.replace('<strong>', '').replace('</strong>', '')}{STEPS}"
        "<p>12. Street is no list<br>100 Main Street</p>"
    ),
}
PASTE = """(editor, [kind, text]) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData(kind, text);
  editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def plain(html: str) -> str:
    """Return the HTML without the attributes that the field adds to links and lists."""
    return re.sub(r' (?:rel|target|type|data-type)="[^"]*"', "", html)


@pytest.fixture
def editor(office: Page) -> Page:
    """The editor of a page with an empty section."""
    page = make_page(title="Pasted", is_published=False)
    Section.objects.create(parent=page, region="main", ordering=10, heading="Pasted", body="<p>Old words</p>")
    office.goto(f"/admin/content/page/{page.pk}/change/")
    wait_for_editor(office)
    open_block(office.locator("#content_section_set-0"))
    return office


def paste(editor: Page, kind: str, text: str) -> str:
    """Paste over everything in the section, and return what the form would send."""
    section = editor.locator("#content_section_set-0")
    text_box = section.locator(".field-body .ProseMirror")
    text_box.focus()
    editor.keyboard.press("Control+a")
    editor.wait_for_function("getSelection().toString().length")  # Until the editor knows of the selection.
    text_box.evaluate(PASTE, [kind, text])
    return plain(section.locator(".field-body textarea").input_value())


def test_what_each_program_copies_is_stored_clean_and_the_same_each_time(editor: Page):
    results = {}
    for name in STORED:
        sample = (SAMPLES / name).read_text()
        kind = "text/plain" if name.endswith(".txt") else "text/html"
        first = paste(editor, kind, sample)
        assert paste(editor, kind, sample) == first, name
        assert paste(editor, "text/html", first) == first, name
        results[name] = first

    assert results == STORED
    assert editor.title() != "1"


@pytest.mark.parametrize("name", ["word_desktop.html", "web_page.html"])
def test_what_was_pasted_is_stored_as_it_is_shown(editor: Page, name: str):
    paste(editor, "text/html", (SAMPLES / name).read_text())
    save(editor)
    expect(editor.locator(".messagelist")).to_be_visible()

    assert plain(Section.objects.get(heading="Pasted").body) == STORED[name]


@pytest.mark.parametrize(
    ("kind", "text", "html"),
    [
        ("text/plain", "One line", "<p>One line</p>"),
        ("text/plain", "- one line", "<p>- one line</p>"),
        ("text/plain", "One\r\n\r\nTwo\u00ad\r\nThree", "<p>One</p><p>Two<br>Three</p>"),
        ("text/plain", "* a\n* b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
        ("text/plain", "\u2022 a\n\n\u2022 b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
        ("text/plain", "1) a\n2) b", "<ol><li><p>a</p></li><li><p>b</p></li></ol>"),
        ("text/plain", "<b>not</b>\n\nbold", "<p>&lt;b&gt;not&lt;/b&gt;</p><p>bold</p>"),
        ("text/html", "a<br><br><br>b", "<p>a</p><p>b</p>"),
        ("text/html", "<a href='https://x.example/'><h3>A</h3><p>b</p></a>",
         '<p><a href="https://x.example/"><strong>A</strong></a></p><p><a href="https://x.example/">b</a></p>'),
        ("text/html", "<ol><li>a</li><li><ol><li>b</li></ol></li></ol>",
         "<ol><li><p>a</p><ol><li><p>b</p></li></ol></li></ol>"),
        ("text/html", "<p>a</p><ul></ul><p> </p><table></table><p>&nbsp;</p><p>b</p>", "<p>a</p><p>b</p>"),
        ("text/html",
         "<a href='  JaVaScRiPt:alert(1)'>a</a> <a href='data:text/html,x'>b</a> <a href='//evil.example'>c</a>",
         "<p>a b c</p>"),
    ],
)  # fmt: skip
def test_odd_pieces_become_ordinary_ones(editor: Page, kind: str, text: str, html: str):
    assert paste(editor, kind, text) == html


def test_a_link_to_this_site_is_stored_without_its_name(editor: Page, site: str):
    pasted = paste(editor, "text/html", f'<p>See <a href="{site}/fees/?a=1#b">fees</a> <a href="/team/">team</a></p>')
    assert pasted == '<p>See <a href="/fees/?a=1#b">fees</a> <a href="/team/">team</a></p>'


def test_an_address_pasted_over_words_becomes_their_link(editor: Page):
    pasted = paste(editor, "text/plain", "https://x.example/")
    assert pasted == '<p><a href="https://x.example/">Old words</a></p>'
