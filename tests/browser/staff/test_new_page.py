"""A new page from its first step to its readers, the list of pages, and the office's bar, in Chromium."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from playwright.sync_api import Browser, BrowserContext, Page, expect

from content.models import Page as ContentPage
from tests.browser.axe import OFFICE, page_violations
from tests.browser.staff.test_page_editing import add_block, fill_in, publish, save, type_rich_text, wait_for_editor

LIST = "/admin/content/page/"


@pytest.fixture
def enter(browser: Browser, site: str, console_errors: list[str], log_in: Callable[[BrowserContext, Any], None]) -> Any:
    """A function that returns a page with JavaScript for a new user with this role."""
    contexts = []

    def enter(role: str, **options: Any) -> Page:
        user = get_user_model().objects.create_user(role.replace(" ", ""), first_name=role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        contexts.append(
            browser.new_context(**{"java_script_enabled": True, "base_url": site, "locale": "en-CA"} | options)
        )
        log_in(contexts[-1], user)
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        return page

    yield enter
    for context in contexts:
        context.close()


def test_a_page_goes_from_its_first_step_to_its_readers(enter: Callable[..., Page], page: Page, site: str):
    # An editor makes "Careers" below "About us" and writes a block.
    editor = enter("Editor")
    editor.goto(LIST)
    editor.get_by_role("link", name="New page").click()
    editor.get_by_label("An ordinary page").check()
    editor.get_by_label("Title").fill("Careers")
    editor.get_by_label("Below").select_option(label="About us")
    editor.get_by_role("button", name="Make the draft").click()
    expect(editor.locator(".messagelist")).to_contain_text("Your draft is saved.")
    wait_for_editor(editor)
    editor.get_by_label("One sentence under it").fill("Work with people who like to move.")
    section = add_block(editor, "Section")
    fill_in(section, heading="Who we look for")
    type_rich_text(editor, section, "body", "A physiotherapist who plays the zither.")
    save(editor)
    assert page.goto(f"{site}/about-us/careers/").status == 404

    # It waits for the editor, and for whoever may publish it.
    editor.goto(LIST)
    editor.get_by_role("link", name="My drafts (1)").click()
    expect(editor.locator(".page-tree tbody th[scope=row]")).to_have_count(1)
    publisher = enter("Publisher")
    publisher.goto(LIST)
    publisher.get_by_role("link", name="Ready to publish (1)").click()
    publisher.get_by_role("link", name="Careers").click()
    wait_for_editor(publisher)
    publish(publisher, note="We are hiring")

    # The publisher puts it into the main menu; a reader finds it there, in its section and by searching.
    publisher.goto("/admin/content/menu/")
    publisher.get_by_role("link", name="Main menu").click()
    empty = publisher.locator("select[name$=-leads_to]").filter(has=publisher.locator("option[selected][value='']"))
    (empty if empty.count() else publisher.locator("select[name$=-leads_to]")).last.select_option(label="Careers")
    publisher.locator("[name=_save]").click()
    page.goto(site)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Careers").click()
    expect(page.get_by_role("heading", name="Who we look for")).to_be_visible()
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="About us").click()
    page.get_by_role("navigation", name="In this section").get_by_role("link", name="Careers").click()
    assert page.url == f"{site}/about-us/careers/"
    page.goto(f"{site}/search/?q=zither")
    page.get_by_role("main").get_by_role("link", name="Careers").first.click()
    assert page.url.startswith(f"{site}/about-us/careers/")


def test_a_page_is_made_and_found_with_the_keyboard_alone(enter: Callable[..., Page]):
    editor = enter("Editor")
    editor.goto("/admin/")
    editor.keyboard.press("/")
    expect(editor.get_by_role("searchbox", name="Find a page")).to_be_focused()
    editor.keyboard.type("needling/back")
    expect(editor.get_by_role("searchbox", name="Find a page")).to_have_value("needling/back")
    editor.keyboard.press("Control+a")
    editor.keyboard.type("grandchild")
    editor.keyboard.press("Enter")
    expect(editor.get_by_role("status")).to_contain_text("for “grandchild”")
    editor.get_by_role("link", name="New page").focus()
    editor.keyboard.press("Enter")
    editor.get_by_label("An ordinary page").focus()
    editor.keyboard.press("Tab")
    editor.keyboard.type("Questions / answers")  # "/" is a letter while one types.
    editor.keyboard.press("Enter")
    expect(editor.locator(".messagelist")).to_contain_text("Your draft is saved.")
    assert ContentPage.objects.get(title="Questions / answers").slug == "questions-answers"


def test_the_key_stays_off_for_those_who_have_switched_keys_off(enter: Callable[..., Page], site: str):
    editor = enter("Editor")
    editor.context.add_cookies([{"name": "desk_keys", "value": "off", "url": site}])
    editor.goto("/admin/")
    editor.keyboard.press("/")
    expect(editor.get_by_role("searchbox", name="Find a page")).not_to_be_focused()


def test_the_bar_shows_what_a_role_may_view_and_marks_where_one_is(enter: Callable[..., Page]):
    editor = enter("Editor", java_script_enabled=False)
    editor.goto(LIST)
    bar = editor.get_by_role("navigation", name="Site content")
    assert bar.get_by_role("link").all_inner_texts() == ["Pages", "Pictures", "Menus", "Notices"]
    expect(bar.get_by_role("link", name="Pages")).to_have_attribute("aria-current", "page")
    editor.get_by_role("link", name="About us").click()
    expect(bar.get_by_role("link", name="Pages")).to_have_attribute("aria-current", "true")
    editor.get_by_role("searchbox", name="Find a page").fill("needling")
    editor.keyboard.press("Enter")
    expect(editor.get_by_role("status")).to_contain_text("for “needling”")

    desk = enter("Front desk")
    desk.goto("/admin/")
    expect(desk.get_by_role("navigation", name="Site content")).to_have_count(0)
    expect(desk.get_by_role("searchbox", name="Find a page")).to_have_count(0)
    expect(desk.get_by_role("banner").get_by_role("link", name="Calendar")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_list_and_first_step_have_no_axe_violations_and_do_not_scroll_sideways(enter: Callable[..., Page], scheme: Any):
    about = ContentPage.objects.get(slug="about-us")
    ContentPage.objects.create(kind="page", slug="careers", title="Careers", parent=about)
    office, wrong = enter("Publisher", color_scheme=scheme, bypass_csp=True, reduced_motion="reduce"), {}
    within = {**OFFICE, "include": [*OFFICE["include"], "#header"]}
    for width in (1280, 768, 360):
        office.set_viewport_size({"width": width, "height": 900})
        for path in (LIST, f"{LIST}?q=needling", f"{LIST}?waiting=publish", f"{LIST}add/"):
            office.goto(path)
            if found := page_violations(office, within=within):
                wrong[width, path] = found
    assert wrong == {}
