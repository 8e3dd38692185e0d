"""Nothing typed is lost: autosave, slow networks, two editors, a logout in the middle, a crash, in Chromium."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from content.models import EditSession, Section
from content.models import Page as ContentPage
from tests.browser.staff.test_page_editing import add_block, fill_in, follow, wait_for_editor

SLUG = "dry-needling-for-back-pain"
HEADING = "#id_content_section_set-0-heading"
Enter = Callable[[str], Page]


@pytest.fixture
def draft(site: str) -> ContentPage:
    return ContentPage.objects.get(slug=SLUG)


@pytest.fixture
def log_in(site: str, settings: Any) -> Callable[[BrowserContext, Any], None]:
    """A function that logs a user in to a browser, and leaves the sessions of others alone."""

    def log_in(context: BrowserContext, user: Any) -> None:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": session.key, "value": session.value, "url": site}])

    return log_in


@pytest.fixture
def enter(
    browser: Browser, site: str, draft: ContentPage, log_in: Callable[[BrowserContext, Any], None]
) -> Iterator[Enter]:
    """A function that opens the editor in a browser of its own, as a new superuser of this name."""
    contexts = []

    def enter(name: str) -> Page:
        user, _is_new = get_user_model().objects.get_or_create(
            username=name.lower(), first_name=name, is_staff=True, is_superuser=True
        )
        context = browser.new_context(java_script_enabled=True, locale="en-CA", base_url=site)
        contexts.append(context)
        log_in(context, user)
        return open_editor(context, draft)

    yield enter
    for context in contexts:
        context.close()


def open_editor(context: BrowserContext, draft: ContentPage) -> Page:
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"/admin/content/page/{draft.pk}/change/")
    wait_for_editor(page)
    return page


def expect_saved(page: Page) -> None:
    expect(page.locator(".page-saved__pending")).to_be_hidden()
    expect(page.locator(".page-saved__status")).to_have_text(re.compile(r"^Saved \d+:\d\d [ap]\.m\. by itself$"))


def wait_until_saved(page: Page) -> None:
    """Wait, right after a change, until the draft has saved itself."""
    expect(page.locator(".page-saved__pending")).to_be_visible()
    expect_saved(page)


def opened(block: Locator) -> Locator:
    """Open a block, unless it is open."""
    if "collapsed" in (block.get_attribute("class") or ""):
        block.locator(".block-row__open").click()
    expect(block).not_to_have_class(re.compile("collapsed"))
    return block


def first_heading(page: Page) -> Locator:
    return opened(page.locator("#content_section_set-0")).locator(HEADING)


def last_section(page: Page) -> Locator:
    return opened(page.locator(".dynamic-content_section_set:not(.for-deletion)").last)


def remove(block: Locator) -> None:
    opened(block).get_by_role("button", name="Remove", exact=True).click()


def headings(draft: ContentPage) -> list[str]:
    return list(Section.objects.filter(parent=draft).order_by("pk").values_list("heading", flat=True))


def test_a_draft_saves_itself_and_leaving_does_not_ask_then(enter: Enter, draft: ContentPage):
    page, asked = enter("Ed"), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    first_heading(page).fill("Words of today")
    expect_saved(page)
    assert headings(draft)[0] == "Words of today"
    page.goto("/admin/")
    assert asked == []
    session = EditSession.objects.get(page=draft)
    assert session.user.username == "ed"
    assert session.blocks[0]["fields"]["heading"] != "Words of today"


def test_leaving_with_unsaved_words_asks(enter: Enter, draft: ContentPage):
    page, asked = enter("Ed"), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    first_heading(page).fill("Words of today")
    page.evaluate("location.assign('/admin/')")
    expect(page.get_by_role("heading", name="Today and everything else")).to_be_visible()
    assert asked == ["beforeunload"]


def test_new_blocks_are_saved_once_whatever_happens_to_them(enter: Enter, draft: ContentPage):
    page, before = enter("Ed"), headings(draft)
    for name in ("One", "Two", "Three"):
        fill_in(add_block(page, "Section"), heading=name)
    expect_saved(page)
    fill_in(last_section(page), heading="Three, changed")
    wait_until_saved(page)
    assert headings(draft) == [*before, "One", "Two", "Three, changed"]

    # A saved one is removed; another one is added in the meantime.
    two = page.locator(".dynamic-content_section_set", has=page.locator("[id$=-DELETE]")).nth(len(before) + 1)
    remove(two)
    fill_in(add_block(page, "Section"), heading="Four")
    wait_until_saved(page)
    assert headings(draft) == [*before, "One", "Three, changed", "Four"]

    # The removal can still be taken back: it is a new row then.
    gone = page.locator(".dynamic-content_section_set.for-deletion")
    gone.get_by_role("button", name="Undo").click()
    wait_until_saved(page)
    assert headings(draft) == [*before, "One", "Three, changed", "Four", "Two"]
    remove(page.locator(".block-row", has=page.locator(".block-row__words", has_text=re.compile("^Two$"))))
    wait_until_saved(page)
    assert headings(draft) == [*before, "One", "Three, changed", "Four"]

    # The Save button sends the same form once more.
    fill_in(last_section(page), heading="Four, changed")
    page.locator("[name=_continue]").click()
    expect(page.locator(".messagelist")).to_contain_text("changed successfully", timeout=60_000)
    wait_for_editor(page)
    assert headings(draft) == [*before, "One", "Three, changed", "Four, changed"]
    assert EditSession.objects.filter(page=draft).count() == 1


class SlowNetwork:
    """Holds back the requests of autosave until ``let_go``, or loses their answers."""

    def __init__(self, page: Page) -> None:
        self.page, self.held, self.sent = page, threading.Event(), 0
        self.routes: list[Route] = []
        page.route(re.compile(r"/change/$"), self.handle)

    def handle(self, route: Route) -> None:
        if "_autosave" not in (route.request.post_data or ""):
            route.continue_()
            return
        self.sent += 1
        self.routes.append(route)

    def wait(self) -> Route:
        while not self.routes:
            self.page.wait_for_timeout(50)
        return self.routes.pop()

    def end(self) -> None:
        self.page.unroute(re.compile(r"/change/$"))


def test_a_slow_network_loses_nothing_and_doubles_nothing(enter: Enter, draft: ContentPage):
    page, before = enter("Ed"), headings(draft)
    network = SlowNetwork(page)
    fill_in(add_block(page, "Section"), heading="Stays")
    fill_in(add_block(page, "Section"), heading="Goes")
    route = network.wait()
    # On the way: one block is removed, one is added, one is changed. No second request is sent meanwhile.
    remove(last_section(page))
    fill_in(add_block(page, "Section"), heading="Comes")
    first_heading(page).fill("Changed meanwhile")
    page.wait_for_timeout(4_000)
    assert network.sent == 1
    route.continue_()
    network.wait().continue_()
    network.end()
    expect_saved(page)
    assert headings(draft) == ["Changed meanwhile", *before[1:], "Stays", "Comes"]


def test_a_lost_answer_doubles_nothing(enter: Enter, draft: ContentPage):
    """The request arrives, but its answer does not: the browser sends it again."""
    page, before = enter("Ed"), headings(draft)
    network = SlowNetwork(page)
    fill_in(add_block(page, "Section"), heading="New")
    route = network.wait()
    route.fetch()
    route.abort()
    expect(page.locator(".page-saved__status")).to_have_text("Not saved yet: no connection. We'll keep trying.")
    network.end()
    assert headings(draft) == [*before, "New"]
    fill_in(last_section(page), heading="New, changed")
    expect_saved(page)
    page.locator("[name=_continue]").click()
    expect(page.locator(".messagelist")).to_contain_text("changed successfully")
    assert headings(draft) == [*before, "New, changed"]


def test_two_editors_see_each_other_and_neither_overwrites_the_other(enter: Enter, draft: ContentPage):
    ed, amara = enter("Ed"), enter("Amara")
    was = headings(draft)[0]
    first_heading(amara).fill("Amara's words")
    expect_saved(amara)
    first_heading(ed).fill("Ed's words")
    dialog = ed.locator("dialog")
    expect(dialog).to_contain_text("Amara changed this page too", timeout=30_000)
    assert headings(draft)[0] == "Amara's words"
    with ed.context.expect_page() as opened:
        dialog.get_by_role("link", name="See what has changed").click()
    expect(opened.value.locator(".change ins").first).to_contain_text("Amara's words")
    opened.value.close()

    dialog.get_by_role("button", name="Save my words over it").click()
    expect(ed.locator(".messagelist")).to_contain_text("changed successfully")
    wait_for_editor(ed)
    assert headings(draft)[0] == "Ed's words"
    expect(ed.locator(".page-saved__others")).to_have_text("Amara is editing this page too.")

    # Amara's words can be restored.
    follow(ed, "History")
    ed.locator(".page-sittings li", has_text="before Ed's changes").get_by_role("link", name="Restore").click()
    expect(ed.locator(".change ins").first).to_contain_text("Amara's")
    ed.get_by_role("button", name="Restore it").click()
    assert headings(draft)[0] == "Amara's words"
    assert was != "Amara's words"


def test_the_other_version_can_be_taken_and_own_words_put_back(enter: Enter, draft: ContentPage):
    ed, amara = enter("Ed"), enter("Amara")
    first_heading(amara).fill("Amara's words")
    expect_saved(amara)
    fill_in(add_block(ed, "Section"), heading="Ed's block")
    ed.get_by_role("button", name="Take the other version").click()
    expect(ed.locator(HEADING)).to_have_value("Amara's words")
    banner = ed.locator(".editor-banner")
    expect(banner).to_contain_text("weren't saved")
    banner.get_by_role("button", name="Put them back").click()
    expect(ed.locator("dialog")).to_contain_text("Amara changed this page too")
    ed.locator("dialog").get_by_role("button", name="Save my words over it").click()
    expect(ed.locator(".messagelist")).to_contain_text("changed successfully")
    assert headings(draft)[-1] == "Ed's block"


def test_a_logout_in_the_middle_loses_nothing(
    enter: Enter, draft: ContentPage, log_in: Callable[[BrowserContext, Any], None]
):
    page = enter("Ed")
    Session.objects.all().delete()
    first_heading(page).fill("Words after the logout")
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("You've been logged out")
    link = dialog.get_by_role("link", name="Log in again")
    expect(link).to_have_attribute("href", re.compile(r"/admin/login/\?next=%2Fadmin%2Fcontent%2Fpage%2Flogged-in%2F$"))
    assert headings(draft)[0] != "Words after the logout"

    log_in(page.context, get_user_model().objects.get(username="ed"))
    tab = page.context.new_page()
    tab.goto("/admin/content/page/logged-in/")
    expect(tab.locator("#content")).to_contain_text("Go back to the other tab")
    tab.close()
    if dialog.is_visible():
        dialog.get_by_role("button", name="I'm logged in").click()
    expect(dialog).to_have_count(0)
    expect_saved(page)
    assert headings(draft)[0] == "Words after the logout"


def test_nothing_is_saved_in_another_user_s_name_without_asking(
    enter: Enter, draft: ContentPage, log_in: Callable[[BrowserContext, Any], None]
):
    page = enter("Ed")
    amara = get_user_model().objects.create_superuser("amara", first_name="Amara")
    log_in(page.context, amara)
    first_heading(page).fill("Ed's words")
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("You're logged in as Amara now")
    assert headings(draft)[0] != "Ed's words"
    dialog.get_by_role("button", name="Save as Amara").click()
    expect_saved(page)
    draft.refresh_from_db()
    assert (headings(draft)[0], draft.edited_by) == ("Ed's words", amara)


def test_words_from_before_a_crash_are_offered(enter: Enter, draft: ContentPage):
    """The tab dies before the draft saves itself: new blocks, rows, their order and rich text come back."""
    page = enter("Ed")
    context = page.context
    page.route(re.compile(r"/change/$"), lambda route: route.abort())
    first_heading(page).fill("Words before the crash")
    fill_in(add_block(page, "Definitions"), heading="New", items__0__term="Disc")
    opened(page.locator("#content_section_set-0"))
    body = page.locator("#content_section_set-0 .field-body .ProseMirror")
    body.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" And more.")
    page.wait_for_timeout(700)
    page.close(run_before_unload=False)
    assert headings(draft)[0] != "Words before the crash"

    again = open_editor(context, draft)
    banner = again.locator(".editor-banner")
    expect(banner).to_contain_text(re.compile(r"Words from \d+:\d\d [ap]\.m\. weren't saved\."))
    banner.get_by_role("button", name="Put them back").click()
    expect(again.locator(".messagelist")).to_contain_text("changed successfully")
    wait_for_editor(again)
    expect(again.locator(HEADING)).to_have_value("Words before the crash")
    expect(again.locator("#content_section_set-0 .field-body .ProseMirror")).to_contain_text("And more.")
    expect(again.locator(".dynamic-content_definitionlist_set").last.locator("[name$=items-0-term]")).to_have_value(
        "Disc"
    )
    expect(again.locator(".editor-banner")).to_have_count(0)


def test_a_mistake_is_named_with_a_link_and_holds_back_everything(enter: Enter, draft: ContentPage):
    page = enter("Ed")
    was = headings(draft)[0]
    first_heading(page).fill("Words beside a mistake")
    page.locator("details", has=page.locator("#id_slug")).locator("summary").click()
    page.fill("#id_slug", "not an address!")
    expect(page.locator(".page-saved__status")).to_contain_text("Not saved yet. Web address: Enter a valid")
    page.locator(".page-saved__action").click()
    expect(page.locator("#id_slug")).to_be_focused()
    assert headings(draft)[0] == was

    # The Save button says the same at the top, and keeps the words.
    page.locator("[name=_continue]").click()
    problems = page.locator(".page-problems")
    expect(problems).to_contain_text("Web address")
    expect(page.locator(HEADING)).to_have_value("Words beside a mistake")
    problems.get_by_role("link", name="Web address").click()
    expect(page.locator("#id_slug")).to_be_focused()
    page.fill("#id_slug", SLUG)
    expect_saved(page)
    assert headings(draft)[0] == "Words beside a mistake"


def test_a_block_without_what_it_needs_is_saved_and_holds_back_publishing_alone(enter: Enter, draft: ContentPage):
    page = enter("Ed")
    add_block(page, "Picture")
    add_block(page, "Signpost")
    expect_saved(page)
    page.get_by_role("button", name="Publish…").click()
    must = page.locator(".findings--must")
    expect(must).to_contain_text("Choose a picture.")
    expect(must).to_contain_text("Choose the page that this leads to, or the service that it books.")
    page.get_by_role("link", name="Go to the first problem").click()
    wait_for_editor(page)
    expect(page.locator(".dynamic-content_placedpicture_set.collapsed")).to_have_count(0)
    expect(page.locator(".dynamic-content_placedpicture_set .block-findings")).to_contain_text("Choose a picture.")
