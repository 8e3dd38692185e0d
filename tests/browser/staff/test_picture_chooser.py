"""The picture chooser in Chromium: by mouse, by keyboard, with an upload in place, and without JavaScript."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from playwright.sync_api import Browser, Locator, Page, expect

from content.media.preparation import prepare_waiting
from content.models import Page as ContentPage
from content.models import Picture, PictureFile, PlacedPicture
from tests.browser.axe import axe_violations
from tests.browser.staff.test_page_editing import add_block, edit, wait_for_editor
from tests.support.content_factories import make_page, picture_bytes

TITLE = "Dry needling for back pain"
HERO = ".fieldBox.field-hero_picture"
FILE = {"name": "waiting_room.jpg", "mimeType": "image/jpeg", "buffer": picture_bytes(size=(600, 400))}
HEIC = {"name": "IMG_0001.HEIC", "mimeType": "image/heic", "buffer": b"\0\0\0\x18ftypheic" + b"\0" * 300}


@pytest.fixture
def field(office: Page) -> Locator:
    """The field of the picture at the top, in the editor of a page that has one."""
    edit(office, TITLE)
    return office.locator(HERO)


def open_chooser(office: Page, field: Locator) -> Locator:
    field.get_by_role("button", name=re.compile("^(Change|Choose a picture)")).click()
    chooser = office.get_by_role("dialog", name="Choose a picture")
    expect(chooser.locator(".picture-card").first).to_be_visible()
    return chooser


def save(office: Page) -> None:
    with office.expect_navigation():
        office.locator("[name=_continue]").click()
    wait_for_editor(office)


def draft() -> ContentPage:
    return ContentPage.objects.select_related("hero_picture").get(title=TITLE)


def test_a_picture_is_chosen_with_the_mouse_and_brings_its_words(office: Page, field: Locator):
    Picture.objects.filter(title="Two armchairs").update(alt="Two people talk in armchairs")
    ContentPage.objects.filter(title=TITLE).update(hero_alt="", hero_is_decorative=False)
    office.reload()
    wait_for_editor(office)
    expect(field.locator(".picture-field__thumbnail")).to_have_js_property("complete", True)
    expect(field.locator(".picture-field__title")).to_have_text("Grandparent and grandchild")

    chooser = open_chooser(office, field)
    expect(chooser.get_by_role("heading", name="Grandparent and grandchild")).to_be_visible()
    expect(chooser.get_by_role("link", name=TITLE)).to_have_attribute("target", "_blank")
    chooser.locator(".picture-card", has_text="Two armchairs").click()
    expect(chooser.get_by_role("heading", name="Two armchairs")).to_be_visible()
    expect(chooser.locator(".focal-point__shapes img")).to_have_count(4)
    chooser.get_by_role("button", name="Use this picture").click()

    expect(chooser).to_have_count(0)
    expect(field.locator(".picture-field__title")).to_have_text("Two armchairs")
    expect(field.get_by_role("button", name=re.compile("^Change.*Two armchairs"))).to_be_focused()
    expect(office.locator("#id_hero_alt")).to_have_value("Two people talk in armchairs")
    save(office)
    assert (draft().hero_picture.title, draft().hero_alt) == ("Two armchairs", "Two people talk in armchairs")


def test_words_of_the_place_are_kept_and_a_removed_picture_is_gone(office: Page, field: Locator):
    words = office.locator("#id_hero_alt").input_value()
    assert words
    chooser = open_chooser(office, field)
    chooser.locator(".picture-card", has_text="Two armchairs").click()
    expect(chooser.get_by_role("heading", name="Two armchairs")).to_be_visible()
    chooser.get_by_role("button", name="Use this picture").click()

    expect(field).to_contain_text("Check that what's written below still fits this picture.")
    expect(office.locator("#id_hero_alt")).to_have_value(words)
    field.get_by_role("button", name=re.compile("^Remove")).click()
    expect(field.get_by_role("button", name=re.compile("^Choose a picture"))).to_be_focused()
    save(office)
    assert draft().hero_picture is None


def test_a_picture_is_found_and_chosen_with_the_keyboard_alone(office: Page, field: Locator):
    keys = office.keyboard
    field.get_by_role("button", name=re.compile("^Change")).focus()
    keys.press("Enter")
    chooser = office.get_by_role("dialog", name="Choose a picture")
    chosen = chooser.get_by_role("radio", name="Grandparent and grandchild")
    expect(chosen).to_be_checked()
    expect(chosen).to_be_focused()
    keys.press("Escape")
    expect(chooser).to_have_count(0)
    expect(field.get_by_role("button", name=re.compile("^Change"))).to_be_focused()

    keys.press("Enter")
    expect(chosen).to_be_focused()
    search = chooser.get_by_role("searchbox")
    search.focus()
    keys.type("th")
    expect(chooser.get_by_role("radio")).to_have_count(Picture.objects.filter(title__icontains="th").count())
    expect(chooser.locator("> [role=status]")).to_contain_text(re.compile(r"^\d pictures$"))
    expect(search).to_be_focused()
    first = chooser.get_by_role("radio").first
    first.focus()
    keys.press("ArrowRight")
    second = chooser.get_by_role("radio").nth(1)
    expect(second).to_be_checked()
    title = chooser.locator(".picture-card__title").nth(1).inner_text()
    expect(chooser.get_by_role("heading", name=title, exact=True)).to_be_visible()
    chooser.get_by_role("button", name="Use this picture").focus()
    keys.press("Enter")
    expect(field.locator(".picture-field__title")).to_have_text(title)


def test_filters_lead_to_what_no_page_uses(office: Page, field: Locator):
    chooser = open_chooser(office, field)
    expect(chooser.get_by_role("link", name="Not used 0")).to_be_visible()
    chooser.get_by_role("link", name="Not used 0").click()
    expect(chooser).to_contain_text("No pictures here yet.")
    expect(chooser.get_by_role("link", name="Not used 0")).to_be_focused()
    chooser.get_by_role("link", name=re.compile("^All")).click()
    expect(chooser.get_by_role("radio")).to_have_count(Picture.objects.count())


def test_an_upload_is_described_moved_into_focus_and_used_in_a_new_block(office: Page, site: str):
    page = make_page(title="Rooms", kind="treatment", is_published=False)
    office.goto(f"/admin/content/page/{page.pk}/change/")
    wait_for_editor(office)
    block = add_block(office, "Picture")
    chooser = open_chooser(office, block)

    with office.expect_file_chooser() as picker:
        chooser.locator(".picture-chooser__drop").click()
    picker.value.set_files(FILE)  # type: ignore[arg-type]
    expect(chooser.get_by_role("heading", name="Waiting room")).to_be_visible()
    expect(chooser).to_contain_text("Until then, a page with it can't be published.")
    expect(chooser.locator(".picture-chooser__state")).to_have_text("Being prepared…")
    words = chooser.get_by_label("What it shows, for people who can't see it")
    expect(words).to_be_focused()
    words.fill("The waiting room")
    chooser.get_by_label("What it is of").select_option(label="Rooms")
    ring = chooser.get_by_role("slider", name="Focal point")
    ring.focus()
    office.keyboard.press("ArrowRight")
    office.keyboard.press("ArrowUp")
    expect(ring).to_have_attribute("aria-valuetext", "55% from the left, 45% from the top")
    chooser.get_by_role("button", name="Use this picture").click()

    expect(block.locator(".picture-field__title")).to_have_text("Waiting room")
    expect(block.locator(".field-alt input")).to_have_value("The waiting room")
    picture = Picture.objects.get(title="Waiting room")
    assert (picture.alt, picture.subject, picture.focal_x, picture.focal_y) == ("The waiting room", "rooms", 55, 45)
    save(office)
    assert PlacedPicture.objects.get(parent=page).picture == picture


def test_progress_is_shown_until_the_worker_has_prepared_the_picture(office: Page, field: Locator):
    PictureFile.objects.filter(name=Picture.objects.get(title="Two armchairs").image.name).update(
        state=PictureFile.State.WAITING, renditions={}, digest=""
    )
    chooser = open_chooser(office, field)
    card = chooser.locator(".picture-card", has_text="Two armchairs")
    expect(card).to_contain_text("Being prepared…")
    prepare_waiting()
    expect(card).not_to_contain_text("Being prepared…")
    expect(card.locator("img")).to_have_attribute("src", re.compile(r"-480\.webp$"))


def test_a_refused_file_says_why_and_what_to_do(office: Page, field: Locator):
    chooser = open_chooser(office, field)
    count = Picture.objects.count()
    upload = chooser.locator("input[type=file]")
    problem = chooser.locator(".picture-chooser__upload-problem")

    upload.set_input_files(HEIC)  # type: ignore[arg-type]
    expect(problem).to_contain_text("Settings, Camera, Formats")
    upload.set_input_files(HEIC | {"name": "IMG_0002.heic", "buffer": b"no picture"})  # type: ignore[arg-type]
    expect(problem).to_contain_text("This is a HEIC picture")
    upload.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Notes"})
    expect(problem).to_contain_text("This is not a JPEG, PNG or WebP picture.")
    upload.set_input_files({"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"\xff" * (15 * 1024 * 1024 + 1)})
    expect(problem).to_contain_text("larger than 15 MB")
    assert Picture.objects.count() == count
    expect(chooser.get_by_role("heading", name="Grandparent and grandchild")).to_be_visible()


def test_a_dropped_file_is_uploaded(office: Page, field: Locator):
    chooser = open_chooser(office, field)
    chooser.locator(".picture-chooser__drop").evaluate(
        """async (zone, bytes) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", { type: "image/jpeg" }));
            zone.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        }""",
        list(picture_bytes(size=(300, 200))),
    )
    expect(chooser.get_by_role("heading", name="Dropped")).to_be_visible()


def test_details_that_are_refused_stay_and_those_of_another_picture_are_stored_first(office: Page, field: Locator):
    chooser = open_chooser(office, field)
    name = chooser.get_by_label("Name")
    name.fill("The clinic")
    chooser.get_by_role("button", name="Use this picture").click()
    expect(chooser).to_contain_text("Another picture already has this name.")
    expect(name).to_be_focused()
    chooser.get_by_role("radio", name="Two armchairs").check(force=True)
    expect(chooser.get_by_role("radio", name="Grandparent and grandchild")).to_be_checked()

    name.fill("On the way")
    chooser.get_by_label("Credit").fill("Ana")
    chooser.get_by_role("radio", name="Two armchairs").check()
    expect(chooser.get_by_role("heading", name="Two armchairs")).to_be_visible()
    assert Picture.objects.get(title="On the way").credit == "Ana"


def test_without_a_connection_the_chooser_says_so_and_goes_on(office: Page, field: Locator, console_errors: list[str]):
    chooser = open_chooser(office, field)
    office.route("**/choose/**", lambda route: route.abort())
    chooser.get_by_role("radio", name="Two armchairs").check()
    expect(chooser.get_by_role("alert").first).to_contain_text("Check your connection")
    office.unroute("**/choose/**")
    chooser.get_by_role("radio", name="The clinic").check()
    expect(chooser.get_by_role("heading", name="The clinic")).to_be_visible()
    console_errors[:] = [text for text in console_errors if "net::ERR_FAILED" not in text]


def test_a_map_s_pictures_are_chosen_the_same_way(office: Page):
    office.goto("/admin/content/placemap/")
    office.locator("#result_list tbody a").first.click()
    field = office.locator(".field-night_picture")
    chooser = open_chooser(office, field)
    chooser.get_by_role("radio", name="The clinic").check()
    expect(chooser.get_by_role("heading", name="The clinic")).to_be_visible()
    chooser.get_by_role("button", name="Use this picture").click()
    expect(field.locator(".picture-field__title")).to_have_text("The clinic")


@pytest.fixture
def plain(browser: Browser, site: str, log_in: Any) -> Iterator[Page]:
    """A page without JavaScript, logged in as an editor."""
    editor = get_user_model().objects.create_user("ed", "ed@example.com", "x", is_staff=True)
    editor.groups.add(Group.objects.get(name="Editor"))
    context = browser.new_context(java_script_enabled=False, base_url=site, viewport={"width": 1280, "height": 900})
    log_in(context, editor)
    yield context.new_page()
    context.close()


def test_without_javascript_pictures_are_uploaded_described_and_chosen_by_name(plain: Page):
    plain.goto(f"/admin/content/page/{draft().pk}/change/")
    with plain.expect_popup() as library:
        plain.locator(HERO).get_by_role("link", name="See all pictures").click()
    chooser = library.value
    chooser.get_by_label("Upload a picture.").set_input_files(FILE)  # type: ignore[arg-type]
    chooser.get_by_role("button", name="Upload", exact=True).click()
    expect(chooser.get_by_role("heading", name="Waiting room")).to_be_visible()
    chooser.get_by_label("What it shows, for people who can't see it").fill("The waiting room")
    chooser.get_by_label("Focal point, from the left").fill("20")
    chooser.get_by_role("button", name="Save details").click()
    expect(chooser.get_by_text("Saved.")).to_be_visible()
    chooser.get_by_role("searchbox", name="Search pictures").fill("armchairs")
    chooser.get_by_role("button", name="Search").click()
    chooser.get_by_role("radio").check(force=True)
    chooser.get_by_role("button", name="Show the picture").click()
    expect(chooser.get_by_role("heading", name="Two armchairs")).to_be_visible()

    plain.reload()
    plain.locator(HERO).get_by_role("combobox").select_option(label="Waiting room")
    plain.locator("#id_hero_alt").fill("")
    plain.locator("button[name=_continue]").click()
    page = draft()
    assert (page.hero_picture.title, page.hero_picture.focal_x) == ("Waiting room", 20)
    assert page.hero_alt == "The waiting room"


@pytest.mark.parametrize("width", [1280, 768, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_chooser_has_no_axe_violations(office: Page, browser: Browser, site: str, scheme: Any, width: int):
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, base_url=site,
        storage_state=office.context.storage_state(), viewport={"width": width, "height": 900},
    )  # fmt: skip
    page = context.new_page()
    edit(page, TITLE)
    field = page.locator(HERO)
    assert axe_violations(page, within={"include": [HERO]}) == []
    chooser = open_chooser(page, field)
    expect(chooser.get_by_role("slider")).to_be_visible()
    chooser.locator("input[type=file]").set_input_files(HEIC)  # type: ignore[arg-type]
    expect(chooser.locator(".errornote")).to_be_visible()
    assert axe_violations(page, within={"include": ["dialog"]}) == []
    assert page.evaluate("document.querySelector('dialog').scrollWidth <= document.querySelector('dialog').clientWidth")
    if width == 1280:
        page.goto(f"/admin/content/picture/choose/?picture={Picture.objects.first().pk}")  # type: ignore[union-attr]
        assert axe_violations(page, within={"include": [".picture-chooser"]}) == []
    context.close()
