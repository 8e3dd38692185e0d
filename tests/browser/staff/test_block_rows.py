"""Blocks of the page editor as rows, and rows inside blocks, in Chromium; the last tests without JavaScript."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, Locator, Page, expect

from content.blocks import page_content
from content.models import DefinitionList, LeadList, Section
from content.models import Page as ContentPage
from tests.browser.staff.test_page_editing import add_block, edit, follow, open_block, type_cell, wait_for_editor

TITLE = "Dry needling for back pain"
SLUG = "dry-needling-for-back-pain"


def rows(office: Page) -> list[str]:
    """Return the first words of the rows, from the top."""
    words = office.locator(".block-row:visible .block-row__words").all_text_contents()
    tops = [box["y"] for row in office.locator(".block-row:visible").all() if (box := row.bounding_box())]
    assert tops == sorted(tops)
    return words


def stored(slug: str = SLUG) -> list[str]:
    draft = page_content.content_of_draft(ContentPage.objects.get(slug=slug))
    return [block["fields"].get("heading", "") for block in draft.blocks]


def row(office: Page, words: str) -> Locator:
    return office.locator(".block-row", has=office.locator(".block-row__words", has_text=re.compile(f"^{words}$")))


def save(office: Page) -> None:
    with office.expect_navigation():
        office.locator("[name=_continue]").click()
    wait_for_editor(office)


def test_one_block_is_open_at_a_time_and_closed_ones_are_one_line(office: Page):
    edit(office, TITLE)
    opened = office.locator(".block-row:not(.collapsed)")
    expect(opened).to_have_count(0)
    machine = office.locator(".order-machine").bounding_box()
    assert machine
    assert machine["height"] < 75 * office.locator(".block-row").count()

    first, second = office.locator(".block-row__open").nth(0), office.locator(".block-row__open").nth(1)
    first.focus()
    office.keyboard.press("Enter")
    expect(first).to_have_attribute("aria-expanded", "true")
    second.click()
    expect(second).to_have_attribute("aria-expanded", "true")
    expect(first).to_have_attribute("aria-expanded", "false")
    expect(opened).to_have_count(1)
    opened.locator("[name$=-heading]").click()
    office.keyboard.press("Escape")
    expect(opened).to_have_count(0)
    expect(second).to_be_focused()


def test_the_first_words_follow_what_is_typed_and_say_what_is_missing(office: Page):
    edit(office, TITLE)
    section = open_block(office.locator("#content_section_set-0"))
    section.locator("[name$=-heading]").fill("New words")
    expect(section.locator(".block-row__words")).to_have_text("New words")
    section.locator("[name$=-heading]").fill("")
    expect(section.locator(".block-row__words")).to_contain_text("If rest or pain medicine helped")

    picture = add_block(office, "Picture")
    expect(picture.locator(".block-row__missing")).to_have_text("No picture chosen yet")
    expect(picture).to_have_class(re.compile("block-row--unfinished"))


def test_blocks_move_by_keyboard_and_by_dragging(office: Page):
    edit(office, TITLE)
    before = rows(office)
    down = row(office, re.escape(before[0])).get_by_role("button", name=re.compile("^Move down"))
    down.focus()
    office.keyboard.press("Enter")
    expect(office.locator("p[role=status]")).to_contain_text("is now number 2 of")
    expect(down).to_be_focused()
    swapped = [before[1], before[0], *before[2:]]
    assert rows(office) == swapped
    office.keyboard.press("Shift+Tab")
    office.keyboard.press("Space")
    assert rows(office) == before

    office.set_viewport_size({"width": 1280, "height": 2400})  # The sticky row of buttons would cover it.
    grip = row(office, re.escape(before[0])).locator(".block-row__grip").bounding_box()
    below = row(office, re.escape(before[1])).bounding_box()
    assert grip
    assert below
    office.evaluate("document.addEventListener('page-editor:changed', () => { window.told = true })")
    office.mouse.move(grip["x"] + 15, grip["y"] + 20)
    office.mouse.down()
    for lower in (10, below["height"] / 2, below["height"] - 4):
        office.mouse.move(below["x"] + 200, below["y"] + lower, steps=3)
    office.mouse.up()
    expect(office.locator(".block-row:visible .block-row__words").first).to_have_text(before[1])
    assert rows(office) == swapped
    assert office.evaluate("window.told") is True
    save(office)
    assert rows(office) == swapped
    follow(office, "See what has changed")
    assert [text.strip() for text in office.locator(".change__verdict").all_inner_texts()] == ["moved"]


def test_tab_follows_the_order_that_is_seen(office: Page):
    edit(office, TITLE)
    in_document = office.locator(".order-machine > .block-row .block-row__words").all_text_contents()
    assert in_document == rows(office)


def test_a_block_moves_a_long_way_and_into_the_other_part_of_the_page(office: Page):
    home = ContentPage.objects.get(kind="home")
    office.goto(f"/admin/content/page/{home.pk}/change/")
    wait_for_editor(office)
    block = open_block(office.locator(".block-row:visible").nth(1))
    pk = block.locator("[name$='-id']").input_value()
    block.get_by_role("button", name="Move to another place").click()
    select = block.get_by_label("Where to")
    expect(select).to_be_focused()
    regions = select.locator("optgroup").evaluate_all("all => all.map(one => one.label.split(' ')[0])")
    assert regions == ["Before", "After"]
    select.select_option(value="end 0")
    office.keyboard.press("Tab")
    office.keyboard.press("Enter")
    moved = office.locator(".block-row:visible").first
    expect(moved.locator(".block-row__open")).to_be_focused()
    expect(moved.locator("[name$='-id']")).to_have_value(pk)
    save(office)
    draft = page_content.content_of_draft(home)
    assert next(item["id"] for item in draft.blocks if item["region"] == "end") == int(pk)


def test_a_block_is_added_between_two_others_with_the_keyboard_alone(office: Page):
    edit(office, TITLE)
    before = rows(office)
    row(office, re.escape(before[1])).get_by_role("button", name="Add a block here").focus()
    office.keyboard.press("Enter")
    expect(office.get_by_role("menuitem", name=re.compile("^Section"))).to_be_focused()
    office.keyboard.press("ArrowDown")
    office.keyboard.press("Enter")
    new = office.locator(".block-row:not(.collapsed)")
    expect(new.locator("[name$=-heading]")).to_be_focused()
    office.keyboard.type("Good to know")
    expect(office.locator(".block-row:visible .block-row__words").nth(1)).to_have_text("Good to know")
    assert rows(office)[:3] == [before[0], "Good to know", before[1]]

    office.locator(".block-add--last .block-add__button").focus()
    office.keyboard.press("Enter")
    office.keyboard.press("Escape")
    expect(office.locator(".block-add--last .block-add__button")).to_be_focused()
    save(office)
    assert stored()[:2] == [before[0], "Good to know"]


def test_a_duplicate_has_the_same_text_and_rows(office: Page):
    edit(office, TITLE)
    original = LeadList.objects.filter(parent__slug=SLUG).order_by("ordering").first()
    assert original
    block = open_block(office.locator("#content_leadlist_set-0"))
    block.locator("[name$=-heading]").fill("Twice")
    block.get_by_role("button", name="Duplicate").click()
    copy = office.locator(".block-row:not(.collapsed)")
    expect(copy.locator("[name$=-heading]")).to_be_focused()
    expect(copy.locator(".field-intro .ProseMirror")).to_contain_text("It may be worth talking about")
    expect(copy.locator(".rows__row .ProseMirror").first).to_be_visible()
    assert rows(office).index("Twice") == rows(office)[::-1].index("Twice") * -1 + len(rows(office)) - 2
    save(office)
    first, second = LeadList.objects.filter(parent__slug=SLUG, heading="Twice")
    assert (first.intro, first.items) == (original.intro, original.items)
    assert (second.intro, second.items, second.purpose) == (first.intro, first.items, first.purpose)


def test_a_removed_block_stays_until_the_save_and_comes_back(office: Page):
    edit(office, TITLE)
    before = stored()
    saved = open_block(office.locator("#content_section_set-0"))
    saved.get_by_role("button", name="Remove").click()
    expect(saved.get_by_role("button", name="Undo")).to_be_focused()
    expect(saved.locator(".block-row__removed")).to_contain_text("Removed.")
    office.keyboard.press("Enter")
    expect(saved.locator(".block-row__open")).to_be_focused()

    new = add_block(office, "Section")
    new.locator("[name$=-heading]").fill("Never saved")
    new.get_by_role("button", name="Remove").click()
    expect(office.get_by_role("button", name="Undo")).to_be_focused()
    save(office)
    assert stored() == before

    saved = open_block(office.locator("#content_section_set-0"))
    saved.get_by_role("button", name="Remove").click()
    save(office)
    assert stored() == before[1:]


@pytest.mark.parametrize("is_new", [False, True], ids=["a saved block", "a block that was never saved"])
def test_a_block_is_copied_to_another_page(is_new: bool, office: Page):
    edit(office, TITLE)
    block = add_block(office, "Section") if is_new else open_block(office.locator("#content_section_set-0"))
    block.locator("[name$=-heading]").fill("Taken along")
    block.get_by_role("button", name="Copy to another page").click()
    office.get_by_label("Which page?").select_option(label="Dry needling and physical therapy")
    target = ContentPage.objects.get(slug="dry-needling")
    edited_at = target.edited_at
    office.get_by_role("button", name="Copy it there").click()
    message = office.locator(".messagelist")
    expect(message).to_contain_text("Copied to the end of Dry needling and physical therapy.")
    assert stored("dry-needling")[-1] == "Taken along"
    assert "Taken along" in stored()
    target.refresh_from_db()
    assert target.edited_at > edited_at
    assert target.edited_by.username == "steve"
    message.get_by_role("link", name="Dry needling and physical therapy").click()
    wait_for_editor(office)


def test_rows_are_added_moved_dragged_and_removed_in_place(office: Page):
    edit(office, TITLE)
    original = DefinitionList.objects.filter(parent__slug=SLUG).order_by("ordering").first()
    assert original
    terms = [item["term"] for item in original.items]
    block = open_block(office.locator("#content_definitionlist_set-0"))
    expect(block.locator(".rows__position").first).to_be_hidden()
    cells = block.locator(".rows__row [name$=-term]")

    block.get_by_role("button", name="Add a row").click()
    expect(cells.last).to_be_focused()
    office.keyboard.type("Stress")
    type_cell(office, block, "text", "It **adds** up.", row=len(terms))
    block.locator(".rows__row").last.get_by_role("button", name="Move row up").focus()
    office.keyboard.press("Enter")
    moved = block.locator(".rows__row").nth(len(terms) - 1)
    expect(moved.get_by_role("button", name="Move row up")).to_be_focused()
    assert [cell.input_value() for cell in cells.all()] == [*terms[:-1], "Stress", terms[-1]]

    office.set_viewport_size({"width": 1280, "height": 2400})
    block.evaluate("block => block.scrollIntoView()")
    grip = block.locator(".rows__grip").nth(1).bounding_box()
    above = block.locator(".rows__row").first.bounding_box()
    assert grip
    assert above
    office.mouse.move(grip["x"] + 5, grip["y"] + 20)
    office.mouse.down()
    office.mouse.move(above["x"] + 20, above["y"] + 5, steps=4)
    office.mouse.up()
    assert [cell.input_value() for cell in cells.all()][:2] == [terms[1], terms[0]]

    block.locator(".rows__row").nth(1).get_by_role("button", name="Remove row").click()
    office.keyboard.press("Enter")  # Undo
    expect(block.locator(".rows__row--removed")).to_have_count(0)
    block.locator(".rows__row").nth(1).get_by_role("button", name="Remove row").click()
    save(office)
    original.refresh_from_db()
    assert [item["term"] for item in original.items] == [terms[1], *terms[2:-1], "Stress", terms[-1]]
    assert original.items[-2]["text"] == "<p>It <strong>adds</strong> up.</p>"


def test_rows_have_the_rich_text_of_sections(office: Page):
    edit(office, TITLE)
    block = open_block(office.locator("#content_definitionlist_set-0"))
    text = block.locator(".rows__row .ProseMirror").first
    text.click()
    office.keyboard.press("Control+a")
    office.keyboard.type("One")
    office.keyboard.press("Control+a")
    office.keyboard.press("Control+i")
    office.keyboard.press("Control+k")
    office.get_by_label("On this site").select_option(label="Back assessment")
    office.locator(".prose-editor-dialog button[type=submit]").click()
    expect(text).to_have_attribute("aria-label", "Text")
    save(office)
    items = DefinitionList.objects.filter(parent__slug=SLUG).order_by("ordering").first()
    assert items
    assert re.sub(r' (rel|target|title)="[^"]*"', "", items.items[0]["text"]) in {
        '<p><a href="/book/back-assessment/"><em>One</em></a></p>',
        '<p><em><a href="/book/back-assessment/">One</a></em></p>',
    }


@pytest.fixture
def plain(browser: Browser, site: str, log_in: Callable[..., None]) -> Iterator[Page]:
    """A page without JavaScript, logged in to the admin as a superuser."""
    user = get_user_model().objects.create_superuser("ed", "ed@clinic.example", "canola-foothills-42")
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1280, "height": 1000}, locale="en-CA", base_url=site
    )
    log_in(context, user)
    yield context.new_page()
    context.close()


def test_without_javascript_blocks_are_opened_moved_and_added(plain: Page):
    page = ContentPage.objects.get(slug=SLUG)
    plain.goto(f"/admin/content/page/{page.pk}/change/")
    before = stored()
    expect(plain.locator(".inline-related:visible")).to_have_count(0)
    plain.locator(".block-list__open").first.click()
    expect(plain.locator(".inline-related:visible")).to_have_count(1)
    plain.locator("#id_content_section_set-0-heading").fill("Typed without a script")

    plain.get_by_role("button", name=f"Move down: {before[0]}").click()
    assert stored()[:2] == [before[1], "Typed without a script"]
    expect(plain.locator(".block-list__open").nth(1)).to_contain_text("Typed without a script")
    plain.get_by_role("button", name="Move up: Typed without a script").click()
    assert stored()[:2] == ["Typed without a script", before[1]]

    plain.get_by_label("Add a block").select_option(value="callout")
    plain.get_by_role("button", name="Save and add it").click()
    new = plain.locator(".inline-related:visible")
    expect(new).to_have_count(1)
    new.locator("[name$=-heading]").fill("At the end")
    plain.locator("#id_title").press("Enter")
    assert stored() == ["Typed without a script", *before[1:], "At the end"]


def test_without_javascript_rows_are_ordered_by_numbers_and_text_is_formatted(plain: Page):
    page = ContentPage.objects.get(slug=SLUG)
    plain.goto(f"/admin/content/page/{page.pk}/change/")
    plain.locator(".block-list__open", has_text="Definitions").first.click()
    block = plain.locator(".inline-related:visible")
    spare = block.locator(".rows__more")
    spare.locator("summary").click()
    spare.locator("[name$=-term]").first.fill("Stress")
    spare.locator("[name$=-text]").first.fill("It **adds** up.")
    spare.locator("[name$=-position]").first.fill("5")
    plain.locator("button[name=_continue]").click()
    items = DefinitionList.objects.filter(parent=page).order_by("ordering").first()
    assert items
    assert items.items[0] == {"term": "Stress", "text": "<p>It <strong>adds</strong> up.</p>"}
    assert Section.objects.filter(parent=page).exists()
