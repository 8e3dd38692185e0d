"""Pages with a user's own settings: wider text spacing (WCAG 1.4.12), forced colours, narrow windows."""

from playwright.sync_api import Browser, Page, expect

from booking.models import Clinic, Location

ADDRESSES = ["/", "/treatments/dry-needling-for-back-pain/", "/team/steve-hansen/", "/fees/", "/contact/"]
BOOKING = ["/book/", "/book/back-assessment/?visit=new"]
SPACING = (
    "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }"
    "p { margin-block-end: 2em !important }"
)
CUT_OFF = """() => [...document.querySelectorAll("main *, header *, footer *")].filter((one) => {
  const style = getComputedStyle(one);
  const hides = /hidden|clip/.test(style.overflowX + style.overflowY);
  const isShown = one.clientHeight > 2 && !one.closest(".visually-hidden");
  return hides && isShown && (one.scrollHeight > one.clientHeight + 2 || one.scrollWidth > one.clientWidth + 2);
}).map((one) => one.className)"""


def test_wider_text_spacing_clips_nothing(browser: Browser, site: str):
    # JavaScript and bypass_csp are needed only to inject the user's stylesheet.
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, reduced_motion="reduce", viewport={"width": 320, "height": 640}
    )
    page, problems = context.new_page(), {}
    for address in ADDRESSES + BOOKING:
        page.goto(f"{site}{address}")
        page.add_style_tag(content=SPACING)
        width, cut = page.evaluate("document.documentElement.scrollWidth"), page.evaluate(CUT_OFF)
        if width > 320 or cut:
            problems[address] = (width, cut)
    context.close()
    assert problems == {}


def test_long_addresses_wrap_in_a_narrow_window(browser: Browser, site: str):
    Clinic.objects.update(email=f"front.desk@{'physiotherapy.' * 4}example", privacy_contact=f"desk@{'a' * 50}.example")
    Location.objects.update(
        street=f"1200 {'Llanfairpwllgwyngyll' * 2} Road NW", city="Llanfairpwllgwyngyllgogerychwyrn"
    )
    page, widths = browser.new_page(viewport={"width": 320, "height": 640}), {}
    for address in [*ADDRESSES, "/privacy/", "/book/"]:
        page.goto(f"{site}{address}")
        widths[address] = page.evaluate("document.documentElement.scrollWidth")
    page.context.close()
    assert set(widths.values()) == {320}, widths


def test_the_current_choice_is_visible_in_forced_colours(page: Page, site: str):
    page.emulate_media(forced_colors="active")
    page.goto(f"{site}/book/back-assessment/?visit=new")
    for component in (".segments__link", ".people-choice__link", ".day-row__day"):
        expect(page.locator(f"{component}[aria-current]").first).to_have_css("border-top-width", "3px")
        expect(page.locator(f"{component}:not([aria-current])").first).not_to_have_css("border-top-width", "3px")


def test_the_table_of_contents_is_collapsed_on_phones_only(browser: Browser, site: str):
    for width, is_folded in ((360, True), (479, True), (480, False), (1280, False)):
        context = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto(f"{site}/privacy/")
        contents = page.get_by_role("navigation", name="On this page")
        link = contents.get_by_role("link").last
        summary, heading = contents.locator("summary"), contents.get_by_role("heading", name="On this page")
        # Only one of heading and summary is visible.
        expect(heading).to_be_visible(visible=not is_folded)
        expect(summary).to_be_visible(visible=is_folded)
        if is_folded:
            expect(link).to_be_hidden()
            summary.focus()
            page.keyboard.press("Enter")
        expect(link).to_be_visible()
        link.focus()
        expect(link).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(":target")).to_be_in_viewport()
        context.close()
