"""Pages under a reader's own settings: wider text spacing (WCAG 1.4.12), the system's colours."""

from playwright.sync_api import Browser, Page, expect

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


def test_wider_spacing_of_text_cuts_nothing_off(browser: Browser, site: str):
    # The pages need no script; the reader's own style does, as a browser's extension would bring it.
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, reduced_motion="reduce", viewport={"width": 320, "height": 640}
    )
    page, found = context.new_page(), {}
    for address in ADDRESSES + BOOKING:
        page.goto(f"{site}{address}")
        page.add_style_tag(content=SPACING)
        width, cut = page.evaluate("document.documentElement.scrollWidth"), page.evaluate(CUT_OFF)
        if width > 320 or cut:
            found[address] = (width, cut)
    context.close()
    assert found == {}


def test_the_present_choice_is_told_in_the_system_s_colours(page: Page, site: str):
    page.emulate_media(forced_colors="active")
    page.goto(f"{site}/book/back-assessment/?visit=new")
    chosen = page.locator(".chooser__link[aria-current]")
    other = page.locator(".chooser__link:not([aria-current])").first
    expect(chosen).to_have_css("border-top-width", "5px")
    expect(other).to_have_css("border-top-width", "2px")


def test_the_contents_are_folded_on_a_phone_and_plain_where_there_is_room(browser: Browser, site: str):
    for width, is_folded in ((360, True), (479, True), (480, False), (1280, False)):
        context = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto(f"{site}/treatments/dry-needling/")
        contents = page.get_by_role("navigation", name="On this page")
        link = contents.get_by_role("link", name="What are the risks?")
        summary, heading = contents.locator("summary"), contents.get_by_role("heading", name="On this page")
        # It is named once, whichever way it is shown.
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
        expect(page.get_by_role("heading", name="What are the risks?")).to_be_in_viewport()
        context.close()
