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
