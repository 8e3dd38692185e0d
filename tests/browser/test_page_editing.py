"""An editor in a real Chromium, with JavaScript: the admin needs it, and our policy must let it work."""

from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, Locator, Page, expect


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said against a page: a broken policy, a script that failed."""
    return []


@pytest.fixture
def office(browser: Browser, site: str, complaints: list[str]) -> Iterator[Page]:
    get_user_model().objects.create_superuser("steve", "steve@dynamic-physio.example", "canola-foothills-42")
    context = browser.new_context(java_script_enabled=True, viewport={"width": 1280, "height": 1000}, locale="en-CA")
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{site}/admin/login/")
    page.get_by_label("Username or e-mail").fill("steve")
    page.get_by_label("Password").fill("canola-foothills-42")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Today and everything else")).to_be_visible()
    page.goto(f"{site}/admin/content/page/?q=back")
    page.get_by_role("link", name="Dry needling for back pain").click()
    expect(page.locator(".ProseMirror").first).to_be_visible()
    yield page
    context.close()


def add_block(page: Page, title: str, prefix: str) -> Locator:
    page.locator(".order-machine-insert-target.last").click()
    page.locator(f'.plugin-button[title="{title}"]').click()
    return page.locator(f".dynamic-{prefix}").last


def test_an_editor_writes_new_blocks_and_sees_them_live(office: Page, site: str, complaints: list[str]):
    section = add_block(office, "Section", "content_section_set")
    section.locator("input[name$=-heading]").fill("Words added today")
    section.locator(".ProseMirror").click()
    office.keyboard.type("Typed in Chromium [1].")
    words = add_block(office, "Definitions", "content_definitionlist_set")
    words.locator("input[name$=-heading]").fill("Terms we use")
    words.locator("input[name$='-items-0-term']").fill("Core")
    words.locator("textarea[name$='-items-0-text']").fill("The ring of muscles.\n\n- one\n- **two**")
    office.get_by_role("button", name="Save, check and publish …").click()
    office.get_by_role("button", name="Publish", exact=True).click()
    expect(office.locator(".messagelist")).to_contain_text("readers see it now")

    office.goto(f"{site}/treatments/dry-needling-for-back-pain/")

    expect(office.get_by_role("heading", name="Words added today")).to_be_visible()
    expect(office.locator("#words-added-today + .prose")).to_have_text("Typed in Chromiumsource 1.")
    expect(office.locator("#terms-we-use + dl li strong")).to_have_text("two")
    assert complaints == []


def test_what_the_editors_inject_is_adopted_as_a_style_sheet(office: Page, complaints: list[str]):
    """The policy refuses <style> elements; static/js/adopt_styles.js keeps their rules all the same."""
    assert office.locator("style").count() == 0
    assert office.evaluate("document.adoptedStyleSheets.length") >= 2
    assert office.evaluate("getComputedStyle(document.querySelector('.ProseMirror')).whiteSpace") in {
        "pre-wrap",
        "break-spaces",
    }
    assert complaints == []


def test_hostile_text_runs_nowhere(office: Page, site: str, complaints: list[str]):
    hostile = '<img src=x onerror="document.title=1"><script>document.title=1</script>'
    heading = office.locator("#id_content_section_set-0-heading")
    heading.fill(hostile)
    office.locator("#id_content_definitionlist_set-0-items-0-text").fill(hostile)
    office.locator("[name=_continue]").last.click()
    expect(heading).to_have_value(hostile)
    assert office.title() != "1"

    office.goto(f"{site}/treatments/dry-needling-for-back-pain/")

    assert office.title().startswith("Dry needling for back pain")
    assert office.locator("main img[src=x]").count() == 0
    assert complaints == []
