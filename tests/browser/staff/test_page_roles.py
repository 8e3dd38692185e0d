"""Permissions on pages by role, and the redirect from an old slug, in Chromium."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from playwright.sync_api import Browser, Page, expect

from content.models import Page as ContentPage
from content.models import Revision, Section
from tests.browser.staff.test_page_editing import open_block, save

PASSWORD = "canola-foothills-42"
SLUG = "dry-needling-for-back-pain"


@pytest.fixture
def log_in(browser: Browser, site: str) -> Iterator[Callable[[str], Page]]:
    """A function that creates a user with a role and returns a page that is logged in to the admin."""
    contexts = []

    def enter(role: str) -> Page:
        name = role.lower().replace(" ", "-")
        user = get_user_model().objects.create_user(name, f"{name}@clinic.example", PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        contexts.append(browser.new_context(java_script_enabled=True, locale="en-CA", base_url=site))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.goto("/admin/login/")
        page.get_by_label("Username or email").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Today and everything else")).to_be_visible()
        return page

    yield enter
    for context in contexts:
        context.close()


def send(page: Page, address: str) -> int:
    """Send a POST request with a valid CSRF token, and return its status."""
    status = page.evaluate(
        """async (address) => {
            const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
            const body = new URLSearchParams({ csrfmiddlewaretoken: token });
            return (await fetch(address, { method: "POST", body, redirect: "manual" })).status;
        }""",
        address,
    )
    return int(status)


def test_an_editor_saves_a_draft_and_cannot_publish_it(log_in: Callable[[str], Page]):
    page, draft = log_in("Editor"), ContentPage.objects.get(slug=SLUG)
    before = Revision.objects.count()
    page.goto(f"/admin/content/page/{draft.pk}/change/")
    open_block(page.locator("#content_section_set-0")).locator("[name$=-heading]").fill("An editor's words")
    save(page)
    expect(page.locator(".page-state")).to_contain_text("This draft is different")
    assert Section.objects.filter(parent=draft, heading="An editor's words").exists()

    expect(page.get_by_role("button", name="Share draft")).to_be_visible()
    page.locator(".editor-menu summary", has_text="More").click()
    expect(page.get_by_role("button", name=re.compile("publish", re.IGNORECASE))).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("publish|hide it", re.IGNORECASE))).to_have_count(0)
    for step in ("publish", "hide", "call-off"):
        assert send(page, f"/admin/content/page/{draft.pk}/{step}/") == 403, step
    assert Revision.objects.count() == before
    page.goto(f"/treatments/{SLUG}/")
    expect(page.get_by_role("heading", name="An editor's words")).to_have_count(0)


@pytest.mark.parametrize("kind", ["page", "snippet"])
def test_a_reviewer_reads_a_draft_without_a_script_error(
    kind: str, log_in: Callable[[str], Page], console_errors: list[str]
):
    """Who may only view a page gets it read-only, with everything that it says."""
    page = log_in("Clinical reviewer")
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: console_errors.append(str(error)))
    drafts = ContentPage.objects.filter(slug=SLUG) if kind == "page" else ContentPage.objects.filter(kind="snippet")
    draft = drafts.get() if kind == "page" else drafts.first()
    assert draft is not None
    headings = Section.objects.filter(parent=draft, region="main").exclude(heading="").order_by("ordering")
    page.goto(f"/admin/content/{kind}/{draft.pk}/change/")
    page.wait_for_load_state("networkidle")
    expect(page.locator("[name=_save], [name=_continue]")).to_have_count(0)
    expect(page.locator(".order-machine .block-move")).to_have_count(0)
    expect(page.locator(".block-add__button, .block-actions")).to_have_count(0)
    shown = page.locator(".block-row:visible .block-row__words").all_inner_texts()
    written = list(headings.values_list("heading", flat=True))
    assert [text for text in shown if text in written] == written
    first = page.locator(".block-row:visible").first
    expect(first.locator("fieldset")).to_be_hidden()
    open_block(first)
    expect(first.locator("fieldset .readonly").first).to_be_visible()


def test_the_front_desk_has_no_access_to_pages(log_in: Callable[[str], Page]):
    page, draft = log_in("Front desk"), ContentPage.objects.get(slug=SLUG)
    expect(page.get_by_role("link", name="Diary").first).to_be_visible()
    expect(page.locator('a[href^="/admin/content/"]')).to_have_count(0)
    for address in ("", "add/", f"{draft.pk}/change/", f"{draft.pk}/history/", f"{draft.pk}/preview/"):
        response = page.goto(f"/admin/content/page/{address}")
        assert response
        assert response.status == 403, address


def test_a_changed_slug_redirects_from_the_old_url(log_in: Callable[[str], Page]):
    page, draft = log_in("Publisher"), ContentPage.objects.get(slug=SLUG)
    page.goto(f"/admin/content/page/{draft.pk}/change/")
    page.get_by_role("heading", name="Address").click()
    page.fill("#id_slug", "needling-for-a-sore-back")
    save(page)
    expect(page.locator(".messagelist")).to_contain_text("changed successfully")

    response = page.request.get(f"/treatments/{SLUG}/", max_redirects=0)
    assert (response.status, response.headers["location"]) == (301, "/treatments/needling-for-a-sore-back/")
    page.goto(f"/treatments/{SLUG}/?from=mail#risks")
    expect(page).to_have_url(re.compile(r"/treatments/needling-for-a-sore-back/\?from=mail#risks$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Dry needling for back pain")
