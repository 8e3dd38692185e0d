"""The picture library in Chromium: focal points are set by clicking or typing, under the strict CSP."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from content.models import Picture
from tests.support.content_factories import picture_bytes

BACK_PAIN = "/treatments/dry-needling-for-back-pain/"


@pytest.fixture
def open_office(browser: Browser, site: str, client: Client, settings: Any) -> Iterator[Any]:
    """A function that opens the admin as its owner, with or without JavaScript; console errors fail the test."""
    client.force_login(get_user_model().objects.create_superuser("steve", "steve@dynamic-physio.example", "x"))
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
    contexts, errors = [], []

    def open_page(*, scripts: bool = True, width: int = 1280) -> Page:
        context = browser.new_context(
            java_script_enabled=scripts, viewport={"width": width, "height": 900}, base_url=site
        )
        context.add_cookies([cookie | {"url": site}])
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def form_of(title: str) -> str:
    return f"/admin/content/picture/{Picture.objects.get(title=title).pk}/change/"


def test_the_arrow_keys_move_the_focal_point_and_each_shape_follows(open_office: Any) -> None:
    office = open_office()
    office.goto(form_of("Grandparent and grandchild"))
    ring = office.get_by_role("slider", name="Focal point")
    expect(ring).to_have_attribute("aria-valuetext", "52% from the left, 55% from the top")

    ring.focus()
    office.keyboard.press("ArrowLeft")
    office.keyboard.press("ArrowDown")
    office.keyboard.press("Shift+ArrowDown")

    expect(ring).to_have_attribute("aria-valuetext", "47% from the left, 61% from the top")
    expect(office.get_by_label("Focal point, from the left")).to_have_value("47")
    shapes = office.locator(".focal-point__shapes")
    expect(shapes.locator("figcaption")).to_have_count(4)
    for cut in shapes.locator("img").all():
        expect(cut).to_have_css("object-position", "47% 61%")
    for _ in range(30):
        office.keyboard.press("ArrowRight")
    expect(office.get_by_label("Focal point, from the left")).to_have_value("100")


@pytest.mark.parametrize("width", [360, 1280])
def test_a_click_on_the_picture_sets_the_focal_point(open_office: Any, width: int) -> None:
    office = open_office(width=width)
    office.goto(form_of("Grandparent and grandchild"))
    picture = office.get_by_alt_text("The picture as it is stored")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box
    assert box["x"] + box["width"] <= width  # The whole picture can be clicked.

    picture.click(position={"x": box["width"] * 0.3, "y": box["height"] * 0.8}, force=True)

    expect(office.get_by_label("Focal point, from the left")).to_have_value("30")
    expect(office.get_by_label("Focal point, from the top")).to_have_value("80")
    expect(office.locator(".focal-point__cut").first).to_have_css("object-position", "30% 80%")
    office.get_by_role("button", name="Save", exact=True).click()
    expect(office.get_by_text("was changed successfully")).to_be_visible()
    office.goto(BACK_PAIN)
    expect(office.locator(".hero__picture")).to_have_css("object-position", "30% 80%")


def test_typed_numbers_move_the_marker(open_office: Any) -> None:
    office = open_office()
    office.goto(form_of("Grandparent and grandchild"))

    office.get_by_label("Focal point, from the left").fill("10")

    expect(office.locator(".focal-point__cut").first).to_have_css("object-position", "10% 55%")
    assert office.locator(".focal-point__marker").evaluate("mark => mark.style.left") == "10%"


def test_the_focal_point_can_be_typed_without_javascript(open_office: Any) -> None:
    office = open_office(scripts=False)
    office.goto(form_of("Grandparent and grandchild"))
    expect(office.get_by_alt_text("The picture as it is stored")).to_be_visible()

    office.get_by_label("Focal point, from the left").fill("0")
    office.get_by_role("button", name="Save", exact=True).click()

    office.goto(BACK_PAIN)
    expect(office.locator(".hero__picture")).to_have_css("object-position", "0% 60%")


def test_a_newly_chosen_picture_is_shown_and_can_be_clicked(open_office: Any) -> None:
    office = open_office()
    office.goto("/admin/content/picture/add/")
    office.get_by_label("Title").fill("A gradient")
    file = {"name": "gradient.png", "mimeType": "image/png", "buffer": picture_bytes(size=(400, 400), kind="PNG")}
    office.get_by_label("Image").set_input_files(file)  # type: ignore[arg-type]

    picture = office.get_by_alt_text("The picture you chose")
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    assert box
    picture.click(position={"x": box["width"] * 0.5, "y": box["height"] * 0.1}, force=True)
    office.get_by_role("button", name="Save", exact=True).click()

    expect(office.get_by_text("was added successfully")).to_be_visible()
    saved = Picture.objects.get(title="A gradient")
    assert (saved.focal_x, saved.focal_y) == (50, 10)
