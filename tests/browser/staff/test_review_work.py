"""Review as work, in Chromium: asking for it, comments on a block, changes, approval; also without JavaScript."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from booking.models import Practitioner
from content.models import BlockComment, Review, ReviewRequest, Section
from content.models import Page as ContentPage
from tests.browser.axe import OFFICE, page_violations
from tests.browser.staff.test_page_editing import add_block, follow, save, wait_for_editor
from tests.content.blocks.test_markup_and_citations import HOSTILE

SLUG = "dry-needling-for-back-pain"
Enter = Callable[..., Page]


@pytest.fixture
def enter(browser: Browser, site: str, console_errors: list[str], settings: Any) -> Iterator[Enter]:
    """A function that returns a page at which someone of a role is logged in; a reviewer is also on the team."""
    contexts: list[BrowserContext] = []

    def enter(role: str, **options: Any) -> Page:
        name = role.lower().replace(" ", "-")
        user, is_new = get_user_model().objects.get_or_create(username=name, is_staff=True)
        if is_new:
            user.groups.add(Group.objects.get(name=role))
        if role == "Clinical reviewer":
            Practitioner.objects.filter(name="Amara Okafor").update(user=user)
        context = browser.new_context(
            **{"java_script_enabled": True, "viewport": {"width": 1280, "height": 1000}, "base_url": site} | options
        )
        contexts.append(context)
        client = Client()  # Each has their own: a second login would end the first one's session.
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": session.key, "value": session.value, "url": site}])
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        return page

    yield enter
    for context in contexts:
        context.close()


@pytest.fixture
def draft(site: str) -> ContentPage:
    return ContentPage.objects.get(slug=SLUG)


@pytest.fixture
def section(draft: ContentPage) -> Section:
    return Section.objects.filter(parent=draft, region="main").exclude(heading="").order_by("ordering")[0]


def open_editor(page: Page, draft: ContentPage) -> None:
    page.goto(f"/admin/content/page/{draft.pk}/change/")
    wait_for_editor(page)


def block_of(page: Page, section: Section) -> Locator:
    number = page.evaluate(
        """key => [...document.querySelectorAll("[id^=content_section_set-]")]
             .find((block) => block.querySelector(`[name="${block.id}-id"]`)?.value === key)?.id""",
        str(section.pk),
    )
    return page.locator(f"#{number}")


def ask(editor: Page, draft: ContentPage) -> None:
    open_editor(editor, draft)
    follow(editor, "Ask for a review …")
    editor.get_by_label("Who should review it").select_option(label="Amara Okafor")
    editor.get_by_label("Note").fill("The first section is new.")
    editor.get_by_role("button", name="Ask for a review").click()
    expect(editor.locator(".messagelist")).to_contain_text("Amara Okafor will see on their start page")


def test_a_draft_goes_from_its_editor_to_the_reviewer_and_back_and_to_readers(
    enter: Enter, draft: ContentPage, section: Section
):
    reviewer, editor = enter("Clinical reviewer"), enter("Editor")
    open_editor(editor, draft)
    heading = block_of(editor, section).locator("[name$=-heading]")
    heading.evaluate("(input) => input.closest('.inline-related').classList.remove('collapsed')")
    heading.fill("Can needling help your back?")
    save(editor)
    ask(editor, draft)

    # The reviewer finds it on the start page, and reads what has changed.
    reviewer.goto("/admin/")
    expect(reviewer.get_by_text("page waits for your review")).to_be_visible()
    reviewer.get_by_role("link", name="Open the reviews").click()
    expect(reviewer.locator(".review-request")).to_contain_text("The first section is new.")
    reviewer.get_by_role("link", name=draft.title).click()
    expect(reviewer.locator(".review-request")).to_contain_text("The first section is new.")
    expect(reviewer.locator(".change ins").first).to_contain_text("needling")
    expect(reviewer.get_by_text("You're signing as Amara Okafor")).to_be_visible()

    # In the editor, which is read-only for reviewers, they comment on the block with the keyboard alone.
    reviewer.get_by_role("link", name="Back to the draft").first.click()
    wait_for_editor(reviewer)
    block = block_of(reviewer, section)
    block.locator(".page-comments__button").focus()
    reviewer.keyboard.press("Enter")
    expect(block.get_by_label("Comment on: Section")).to_be_focused()
    reviewer.keyboard.type("For whom? Name the trial.")
    reviewer.keyboard.press("Tab")
    reviewer.keyboard.press("Enter")
    expect(block.locator(".page-comments__button")).to_contain_text("1 comment")
    expect(block.locator(".page-comments__one")).to_contain_text("For whom? Name the trial.")
    expect(block.get_by_label("Comment on: Section")).to_have_value("")
    follow(reviewer, "Clinical review …")
    expect(reviewer.locator(".page-comments__one")).to_contain_text("For whom? Name the trial.")
    reviewer.get_by_role("button", name="Ask for changes").click()
    expect(reviewer.locator(".messagelist")).to_contain_text("Sent back.")

    # The editor sees that, at the start and at the block, and resolves it.
    editor.goto("/admin/")
    expect(editor.get_by_text("page came back from its review")).to_be_visible()
    open_editor(editor, draft)
    expect(editor.get_by_text("Amara Okafor asked for changes")).to_be_visible()
    block = block_of(editor, section)
    block.get_by_role("button", name=re.compile("^1 comment")).click()
    block.get_by_role("button", name=re.compile("^Resolve")).click()
    expect(block.locator(".page-comments__button")).to_contain_text("Comment")
    expect(block.get_by_text("1 resolved")).to_be_visible()
    ask(editor, draft)

    # The reviewer approves it.
    reviewer.goto(f"/admin/content/page/{draft.pk}/review/")
    reviewer.get_by_label("Evidence").fill("George 2021 and the WHO guideline still say so.")
    reviewer.get_by_role("button", name="Approve").click()
    expect(reviewer.locator(".messagelist")).to_contain_text("Readers will see it once the page is published.")
    review = Review.objects.get()
    assert (review.reviewer.name, review.made_by.username) == ("Amara Okafor", "clinical-reviewer")
    outcomes = ReviewRequest.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["changes", "approved"]

    # And who publishes publishes it.
    publisher = enter("Publisher")
    open_editor(publisher, draft)
    expect(publisher.get_by_text("Amara Okafor approved this draft")).to_be_visible()
    publisher.get_by_role("button", name="Publish…").click()
    expect(publisher.locator(".findings--must")).to_have_count(0)
    publisher.get_by_role("button", name="Publish", exact=True).click()
    expect(publisher.locator(".messagelist")).to_contain_text("Readers see it now")
    publisher.goto(f"/treatments/{SLUG}/")
    expect(publisher.get_by_role("heading", name="Can needling help your back?")).to_be_visible()
    expect(publisher.locator("#review")).to_contain_text("Clinically reviewed by Amara Okafor")
    expect(publisher.locator("main")).not_to_contain_text("Name the trial")


def test_without_javascript_comments_and_reviews_work_on_pages_of_their_own(
    enter: Enter, draft: ContentPage, section: Section
):
    reviewer = enter("Clinical reviewer", java_script_enabled=False)
    editor = enter("Editor", java_script_enabled=False)
    editor.goto(f"/admin/content/page/{draft.pk}/ask-review/")
    editor.get_by_label("Who should review it").select_option(label="Amara Okafor")
    editor.get_by_role("button", name="Ask for a review").click()

    reviewer.goto(f"/admin/content/page/{draft.pk}/review/")
    reviewer.get_by_role("link", name="Comment on a block").click()
    reviewer.get_by_label("About").select_option(label=f"Section: {section.heading}")
    reviewer.get_by_role("textbox", name="Comment").fill("Name the trial.")
    reviewer.get_by_role("button", name="Add comment").click()
    expect(reviewer.locator(".page-comments__thread")).to_contain_text(f"Section: {section.heading}")
    comment = BlockComment.objects.get()
    assert (comment.block_kind, comment.block_id, comment.text) == ("section", section.pk, "Name the trial.")
    reviewer.get_by_role("button", name=re.compile("^Resolve.*Name the trial")).click()
    reopen = reviewer.get_by_role("button", name=re.compile("^Reopen.*Name the trial"), include_hidden=True)
    if not reopen.is_visible():  # Browsers that open a fold for the anchor in the address show it already.
        reviewer.get_by_text("1 resolved").click()
    reopen.click()
    expect(reviewer.get_by_role("button", name=re.compile("^Resolve.*Name the trial"))).to_be_visible()
    reviewer.goto(f"/admin/content/page/{draft.pk}/review/")
    reviewer.get_by_label("Evidence").fill("George 2021 still says so.")
    reviewer.get_by_role("button", name="Approve").click()
    expect(reviewer.locator(".messagelist")).to_contain_text("The review is recorded.")
    assert Review.objects.get().evidence == "George 2021 still says so."


def test_a_comment_is_never_read_as_markup(enter: Enter, draft: ContentPage, section: Section):
    hostile = "".join(HOSTILE).replace("alert(1)", "document.title=1")[:990]
    author = get_user_model().objects.create_user("<b>eve</b>")
    for block in ({}, {"block_kind": "section", "block_id": section.pk}):
        BlockComment.objects.create(
            page=draft, text=hostile, made_by=author, made_at=draft.edited_at, resolved_at=None, **block
        )
    editor = enter("Editor")
    open_editor(editor, draft)
    block = block_of(editor, section)
    block.get_by_role("button", name=re.compile("^1 comment")).click()
    expect(block.locator(".page-comments__one")).to_contain_text("document.title=1")
    titles = [editor.title()]
    assert editor.locator(".page-comments__one :is(script, img, iframe, b, a, [onerror], [style])").count() == 0
    editor.goto(f"/admin/content/page/{draft.pk}/comments/")
    titles.append(editor.title())
    assert editor.locator(".page-comments__one :is(script, img, iframe, b, a, [onerror], [style])").count() == 0
    assert [title for title in titles if title == "1"] == []


def test_what_could_not_be_saved_stays_in_the_form(enter: Enter, draft: ContentPage, section: Section, settings: Any):
    editor = enter("Editor")
    open_editor(editor, draft)
    block = block_of(editor, section)
    block.locator(".page-comments__button").click()
    block.get_by_role("button", name="Add comment").click()
    expect(block.get_by_role("alert")).to_have_text("Write a comment first.")
    block.get_by_label("Comment on: Section").fill("Name the trial.")
    editor.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)  # As after an hour without a key.
    block.get_by_role("button", name="Add comment").click()
    expect(block.get_by_role("alert")).to_contain_text("Your comment is still here.")
    expect(block.get_by_label("Comment on: Section")).to_have_value("Name the trial.")
    assert not BlockComment.objects.exists()


def test_a_new_block_takes_comments_once_it_is_saved(enter: Enter, draft: ContentPage):
    editor = enter("Editor")
    open_editor(editor, draft)
    buttons = editor.locator(".page-comments__button")
    count = buttons.count()
    assert count == editor.locator(".order-machine .inline-related:not(.empty-form)").count()
    add_block(editor, "Section")
    expect(buttons).to_have_count(count)


@pytest.mark.prove
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_pages_of_reviews_have_no_axe_violations(
    enter: Enter, draft: ContentPage, section: Section, scheme: str, width: int
):
    reviewer = enter(
        "Clinical reviewer", bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    user = get_user_model().objects.get(username="clinical-reviewer")
    asker = get_user_model().objects.create_user("ed", is_staff=True)
    now = draft.edited_at
    for block in ({}, {"block_kind": "section", "block_id": section.pk}, {"block_kind": "section", "block_id": 10**6}):
        for resolved in ({}, {"resolved_at": now, "resolved_by": asker}):
            BlockComment.objects.create(
                page=draft, text="Name the trial.", made_by=user, made_at=now, **block, **resolved
            )
    Section.objects.filter(pk=section.pk).update(heading="Words of today")
    ReviewRequest.objects.create(
        page=draft, reviewer=Practitioner.objects.get(user=user), note="All of it.", asked_by=asker, asked_at=now
    )
    editor = enter("Editor", bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 900})
    wrong = {}
    steps = ["review/", "comments/", "change/", "ask-review/", "history/", "publish/"]
    for step in steps:
        page = editor if step in ("ask-review/",) else reviewer
        if step == "publish/":
            page = enter("Publisher", bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 900})
        response = page.goto(f"/admin/content/page/{draft.pk}/{step}")
        assert response
        assert response.status == 200, step
        if step == "change/":
            wait_for_editor(page)
            block_of(page, section).locator(".page-comments__button").click()
        if violations := page_violations(page, within=OFFICE):
            wrong[step] = violations
    response = reviewer.goto("/admin/content/page/reviews/")
    if violations := page_violations(reviewer, within=OFFICE):
        wrong["reviews/"] = violations
    assert wrong == {}
