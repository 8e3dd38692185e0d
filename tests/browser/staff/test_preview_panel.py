"""The preview beside the page editor: it follows the typing, the open block and the chosen device."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, expect

from content.models import Page as ContentPage
from content.models import Section
from tests.browser.axe import page_violations
from tests.browser.staff.test_page_editing import add_block, edit, open_block, type_rich_text, wait_for_editor
from tests.support.content_factories import make_page, make_section

TITLE = "Dry needling for back pain"
FIRST = "#content_section_set-0"


@pytest.fixture
def page_at(site: str) -> ContentPage:
    return ContentPage.objects.get(slug="dry-needling-for-back-pain")


def framed(office: Page) -> FrameLocator:
    return office.frame_locator(".preview__frame")


def key_of(office: Page, block: str) -> str:
    return "section-" + office.locator(f"{block} [name$='-id']").input_value()


def colour(locator: Locator, name: str = "backgroundColor") -> str:
    return str(locator.evaluate(f"element => getComputedStyle(element).{name}"))


def ways(office: Page) -> Locator:
    return office.get_by_role("group", name="Show the preview as")


def choose(office: Page, way: str) -> None:
    ways(office).get_by_text(way, exact=True).click()
    expect(ways(office).get_by_role("radio", name=way)).to_be_checked()


def test_what_is_typed_shows_in_the_frame_before_it_is_saved(office: Page):
    edit(office, TITLE)
    before = Section.objects.values_list("heading", "body")
    stored = list(before)
    expect(office.locator(".editor-bar__chip")).to_have_text("Public")
    open_block(office.locator(FIRST)).locator("[name$='-heading']").fill("Words of this minute")
    expect(framed(office).get_by_role("heading", name="Words of this minute")).to_be_visible()
    expect(office.locator(".editor-bar__chip")).to_have_text("Draft, 1 change")
    type_rich_text(office, office.locator(FIRST), "body", "And of this second. ")
    expect(framed(office).get_by_text("And of this second.")).to_be_visible()
    office.fill("#id_title", "Needles")
    expect(framed(office).get_by_role("heading", level=1)).to_have_text("Needles")
    expect(office.locator(".editor-bar__title")).to_have_text("Needles")
    expect(office.locator(".editor-bar__chip")).to_have_text("Draft, 2 changes")
    assert list(before.all()) == stored


def test_a_new_a_moved_and_a_deleted_block_show_in_the_frame(office: Page):
    edit(office, TITLE)
    callout = add_block(office, "Callout")
    callout.locator("[name$='-heading']").fill("Not saved at all")
    expect(framed(office).get_by_role("heading", name="Not saved at all")).to_be_visible()
    expect(framed(office).locator(".editor-outline")).to_be_visible()
    callout.get_by_role("button", name="Remove").click()
    expect(framed(office).get_by_role("heading", name="Not saved at all")).to_have_count(0)

    headings = framed(office).locator("article h2")
    first = headings.first.inner_text()
    office.locator(FIRST).get_by_role("button", name=re.compile("^Move down")).click()
    expect(headings.first).not_to_have_text(first)


def test_the_open_block_is_outlined_and_scrolled_to(office: Page):
    office.emulate_media(reduced_motion="reduce")
    edit(office, TITLE)
    expect(framed(office).locator(".editor-outline")).to_have_count(0)
    last = office.locator(".order-machine [id^=content_section_set-]:not(.empty-form)").last
    open_block(last).locator("[name$='-heading']").focus()
    outline = framed(office).locator(".editor-outline")
    expect(outline).to_be_visible()
    expect(outline).to_be_in_viewport()
    name = last.locator("[name$='-heading']").input_value()
    heading = framed(office).get_by_role("heading", name=name, exact=True)
    box, line = heading.bounding_box(), outline.bounding_box()
    assert box
    assert line
    assert line["x"] <= box["x"]
    assert line["y"] <= box["y"]
    assert line["y"] + line["height"] >= box["y"] + box["height"]


def test_the_fold_around_the_open_block_opens_in_the_frame(office: Page, site: str):
    page = make_page(title="Folds")
    make_section(page, heading="Read more", level=2, is_folded=True)
    make_section(page, heading="Inside", level=3)
    office.goto(f"/admin/content/page/{page.pk}/change/")
    wait_for_editor(office)
    inside = framed(office).get_by_role("heading", name="Inside")
    expect(framed(office).get_by_role("heading", name="Read more")).to_be_visible()
    expect(inside).to_be_hidden()
    open_block(office.locator("#content_section_set-1"))
    expect(inside).to_be_visible()
    expect(framed(office).locator(".editor-outline")).to_be_in_viewport()


def test_a_new_block_is_scrolled_to_with_its_first_words_and_stays_outlined_after_the_save(office: Page):
    office.emulate_media(reduced_motion="reduce")
    edit(office, TITLE)
    callout = add_block(office, "Callout")
    callout.locator("[name$='-heading']").fill("At the very end")
    outline = framed(office).locator(".editor-outline")
    expect(outline).to_be_in_viewport()
    with office.expect_response("**/typed/"):  # After the draft has saved itself.
        expect(office.locator(".page-saved__status")).to_contain_text("by itself")
    expect(callout.locator("[name$='-id']")).not_to_have_value("")
    office.wait_for_timeout(200)
    expect(outline).to_be_in_viewport()


def test_a_click_in_the_frame_opens_the_block_and_leads_nowhere(office: Page):
    edit(office, TITLE)
    address = framed(office).locator("body").evaluate("body => body.ownerDocument.URL")
    signs = framed(office).get_by_text("new weakness or numbness in one or both legs")
    signs.click()
    expect(office.locator("[id^=content_carecard_set-] [name$='-heading']:focus")).to_have_count(1)
    expect(framed(office).locator(".editor-outline")).to_be_visible()

    framed(office).locator(".hero__lede").click()
    expect(office.locator("#id_lede")).to_be_focused()
    framed(office).get_by_role("link", name="Book Your Back Assessment").first.click()
    framed(office).get_by_role("link", name="Treatments").first.click()
    framed(office).get_by_role("link", name="Treatments").first.click(button="middle")
    assert framed(office).locator("body").evaluate("body => body.ownerDocument.URL") == address
    assert len(office.context.pages) == 1


def test_folds_open_in_the_frame_and_stay_open_while_one_types(office: Page):
    edit(office, TITLE)
    fold = framed(office).locator("details.fold").first
    fold.locator("summary").click()
    expect(fold).to_have_attribute("open", "")
    office.fill("#id_title", "Needles")
    expect(framed(office).get_by_role("heading", level=1)).to_have_text("Needles")
    expect(fold).to_have_attribute("open", "")


def test_the_frame_keeps_its_place_while_one_types(office: Page):
    edit(office, TITLE)
    body = framed(office).locator("body")
    body.evaluate("body => body.ownerDocument.defaultView.scrollTo(0, 1500)")
    office.fill("#id_title", "Needles")
    expect(framed(office).get_by_role("heading", level=1)).to_have_text("Needles")
    assert body.evaluate("body => body.ownerDocument.defaultView.scrollY") == 1500


def test_typing_asks_once_at_a_time_and_the_newest_comes_last(office: Page):
    edit(office, TITLE)
    asked: list[str] = []
    waiting: list[Any] = []

    def hold_the_first(route: Any) -> None:
        asked.append(route.request.post_data)
        if len(asked) == 1:
            waiting.append(route)
        else:
            route.continue_()

    office.route("**/typed/", hold_the_first)
    title = office.locator("#id_title")
    with office.expect_request("**/typed/"):
        title.fill("First")
    title.fill("Second")
    title.fill("Third")
    office.wait_for_timeout(800)
    assert len(asked) == 1
    waiting[0].continue_()
    expect(framed(office).get_by_role("heading", level=1)).to_have_text("Third")
    assert len(asked) == 2


def test_a_preview_that_fails_says_so_and_recovers(office: Page, console_errors: list[str]):
    edit(office, TITLE)
    office.route("**/typed/", lambda route: route.fulfill(status=409, body="{}"))
    office.fill("#id_title", "Lost")
    note = office.locator(".preview__note")
    expect(note).to_contain_text("The preview couldn't keep up.")
    office.unroute("**/typed/")
    office.fill("#id_title", "Found")
    expect(framed(office).get_by_role("heading", level=1)).to_have_text("Found")
    expect(note).to_have_text("")


# The device


def test_phone_and_computer_have_their_own_widths(office: Page):
    edit(office, TITLE)
    main = framed(office).locator("html")
    toc = framed(office).locator(".treatment__aside")
    assert main.evaluate("html => html.ownerDocument.defaultView.innerWidth") == 390
    beside = "aside => aside.getBoundingClientRect().left > 600"
    assert not toc.evaluate(beside)
    choose(office, "Computer")
    assert main.evaluate("html => html.ownerDocument.defaultView.innerWidth") == 1280
    assert toc.evaluate(beside)
    stage, device = office.locator(".preview__stage").bounding_box(), office.locator(".preview__device").bounding_box()
    assert stage
    assert device
    assert device["width"] <= stage["width"]
    assert stage["height"] - device["height"] < 2


def test_dark_and_print_change_what_is_computed(office: Page):
    edit(office, TITLE)
    body, header = framed(office).locator("body"), framed(office).locator(".site-header nav")
    light = colour(body)
    expect(header).to_be_visible()
    choose(office, "Dark")
    dark = colour(body)
    assert dark == "rgb(16, 28, 28)"
    assert dark != light
    choose(office, "Print")
    expect(header).to_be_hidden()
    assert colour(body) == "rgb(255, 255, 255)"
    choose(office, "Phone")
    expect(header).to_be_visible()
    assert colour(body) == light


def test_a_phone_by_day_looks_like_day_on_a_dark_computer(office: Page):
    office.emulate_media(color_scheme="dark")
    edit(office, TITLE)
    assert colour(framed(office).locator("body")) == "rgb(251, 248, 241)"
    office.fill("#id_title", "Needles")
    expect(framed(office).get_by_role("heading", level=1)).to_have_text("Needles")
    assert colour(framed(office).locator("body")) == "rgb(251, 248, 241)"


def test_the_device_is_chosen_with_the_keyboard_and_remembered(office: Page):
    edit(office, TITLE)
    ways(office).get_by_role("radio", name="Phone").focus()
    office.keyboard.press("ArrowRight")
    expect(ways(office).get_by_role("radio", name="Computer")).to_be_focused()
    expect(ways(office).get_by_role("radio", name="Computer")).to_be_checked()
    office.keyboard.press("ArrowRight")
    assert colour(framed(office).locator("body")) == "rgb(16, 28, 28)"
    office.reload()
    expect(ways(office).get_by_role("radio", name="Dark")).to_be_checked()
    expect(framed(office).get_by_role("heading", level=1)).to_be_visible()
    assert colour(framed(office).locator("body")) == "rgb(16, 28, 28)"


def test_on_a_narrow_screen_the_preview_is_a_tab(office: Page):
    office.set_viewport_size({"width": 768, "height": 1000})
    edit(office, TITLE)
    expect(office.locator(".preview")).to_be_hidden()
    office.get_by_role("tab", name="Edit").focus()
    office.keyboard.press("ArrowRight")
    expect(office.get_by_role("tab", name="Preview")).to_be_focused()
    expect(office.locator("#id_title")).to_be_hidden()
    framed(office).locator(".hero__lede").click()
    expect(office.locator("#id_lede")).to_be_focused()
    expect(office.get_by_role("tab", name="Edit")).to_have_attribute("aria-selected", "true")


# The checks


def test_a_finding_comes_and_goes_while_one_types(office: Page):
    edit(office, TITLE)
    count = office.locator(".things__count")
    first = open_block(office.locator(FIRST))
    expect(count).to_have_text("3 things to check")
    body = first.locator(".field-body .ProseMirror")
    body.click()
    office.keyboard.press("Control+a")
    office.keyboard.type("We cure it.")
    expect(first.locator(".block-findings")).to_contain_text("“cure” promises too much.")
    expect(count).to_have_text("4 things to check")
    expect(office.locator("p[role=status]#page-editor-status")).to_have_text("4 things to check")

    office.locator("#id_title").focus()
    count.click()
    things = office.locator(".things__list")
    things.get_by_role("link", name=re.compile("^Section: Can it help")).click()
    expect(things).to_be_hidden()
    expect(first.locator("[name$='-heading']")).to_be_focused()

    body.click()
    office.keyboard.press("Control+a")
    office.keyboard.type("We ease it.")
    expect(first.locator(".block-findings")).to_have_count(0)
    expect(count).to_have_text("3 things to check")


def test_the_words_of_the_introduction_are_counted(office: Page):
    edit(office, TITLE)
    field = office.get_by_label("One sentence under it")
    field.fill("One two  three")
    expect(office.locator(".word-count")).to_have_text("3 of 25 words")
    expect(office.locator(".word-count--over")).to_have_count(0)
    field.fill("word " * 26)
    expect(office.locator(".word-count--over")).to_have_text("26 of 25 words")
    expect(office.locator(".things__list")).to_contain_text("The introduction has 26 words. Use 25 or fewer.")


# The bar


def test_every_action_is_reached_with_the_keyboard(office: Page, page_at: ContentPage):
    edit(office, TITLE)
    more = office.locator(".editor-menu summary", has_text="More")
    more.focus()
    office.keyboard.press("Enter")
    for name in ("History", "Clinical review …", "See it on the site", "Hide it from readers …", "Delete…"):
        expect(office.get_by_role("link", name=name, exact=True)).to_be_visible()
    office.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(office.get_by_role("link", name="History", exact=True)).to_be_hidden()
    office.fill("#id_title", "Needles")
    office.locator("#id_title").press("Enter")  # Enter saves, and stays here.
    expect(office.locator(".messagelist")).to_contain_text("changed successfully")
    expect(office).to_have_url(re.compile(f"/page/{page_at.pk}/change/"))
    page_at.refresh_from_db()
    assert page_at.title == "Needles"


def test_the_bar_stays_in_view(office: Page):
    edit(office, TITLE)
    office.evaluate("scrollTo(0, 3000)")
    expect(office.get_by_role("button", name="Publish…")).to_be_in_viewport()
    expect(office.locator(".preview__device")).to_be_in_viewport(ratio=0.95)


# Without JavaScript


def test_without_javascript_the_frame_shows_the_last_save(
    office: Page, browser: Browser, site: str, page_at: ContentPage
):
    state = office.context.storage_state()
    context = browser.new_context(java_script_enabled=False, storage_state=state, base_url=site)
    plain = context.new_page()
    plain.goto(f"/admin/content/page/{page_at.pk}/change/")
    expect(framed(plain).get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(ways(plain)).to_be_hidden()
    framed(plain).get_by_role("link", name="Treatments").first.click()
    expect(framed(plain).get_by_role("heading", level=1)).to_have_text(TITLE)

    plain.fill("#id_title", "Needles")
    plain.get_by_role("group", name="This page").get_by_role("button", name="Save").click()
    expect(framed(plain).get_by_role("heading", level=1)).to_have_text("Needles")
    plain.locator(".things summary").click()
    plain.locator(".things__list").get_by_role("link").first.click()
    assert re.search(r"#content_section_set-\d+$", plain.url)
    plain.locator(".editor-menu summary", has_text="More").click()
    plain.get_by_role("link", name="History", exact=True).click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text("History")
    context.close()


# For everyone


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768])
def test_the_editor_has_no_axe_violations(
    office: Page, browser: Browser, site: str, page_at: ContentPage, scheme: Any, width: int
):
    section = Section.objects.filter(parent=page_at).first()
    Section.objects.filter(pk=section.pk).update(body='<p>We cure it. See <a href="/nowhere/">this</a>.</p>')
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, base_url=site,
        storage_state=office.context.storage_state(), viewport={"width": width, "height": 900},
    )  # fmt: skip
    page = context.new_page()
    page.goto(f"/admin/content/page/{page_at.pk}/change/")
    expect(page.locator(".word-count")).to_be_visible()
    within = {"include": ["#content"], "exclude": [".preview__frame"]}  # Public pages have tests of their own.
    assert page_violations(page, within=within) == []
    page.locator(".things summary").click()
    assert page_violations(page, within=within) == []
    page.locator(".editor-menu summary", has_text="More").click()
    if width == 768:
        page.get_by_role("tab", name="Preview").click()
    assert page_violations(page, within=within) == []
    context.close()


def test_a_reviewer_reads_with_the_preview(
    browser: Browser, site: str, log_in: Callable[[BrowserContext, Any], None], page_at: ContentPage
):
    user = get_user_model().objects.create_user("rita", is_staff=True)
    user.groups.add(Group.objects.get(name="Clinical reviewer"))
    context = browser.new_context(java_script_enabled=True, base_url=site, viewport={"width": 1280, "height": 900})
    log_in(context, user)
    page = context.new_page()
    page.goto(f"/admin/content/page/{page_at.pk}/change/")
    expect(framed(page).get_by_role("heading", level=1)).to_have_text(TITLE)
    choose(page, "Dark")
    assert colour(framed(page).locator("body")) == "rgb(16, 28, 28)"
    framed(page).get_by_text("new weakness or numbness in one or both legs").click()
    expect(framed(page).locator(".editor-outline")).to_be_visible()
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="Share draft")).to_be_visible()
    context.close()
