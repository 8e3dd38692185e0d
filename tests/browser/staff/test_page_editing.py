"""The page editor in Chromium, with JavaScript, which it needs, under the site's CSP."""

import re

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, Locator, Page, expect

from booking.models import Practitioner
from content.models import Page as ContentPage
from content.models import Revision, Section
from tests.content.blocks.test_markup_and_citations import HOSTILE

BACK_PAIN = "/treatments/dry-needling-for-back-pain/"
BLOCKS = [
    "Section", "Callout", "List", "Numbered sections", "Definitions", "Before, during and after", "Do and don't",
    "Risk table", "Care card", "Questions and answers", "Picture", "Call to action", "Person", "Signpost", "Snippet",
    "Sources",
]  # fmt: skip


def edit(office: Page, title: str) -> None:
    office.goto(f"/admin/content/page/?q={title.split()[-1]}")
    office.get_by_role("link", name=title, exact=True).click()
    wait_for_editor(office)


def wait_for_editor(office: Page) -> None:
    expect(office.locator("#page-editor-status")).to_be_attached()


def save(office: Page) -> None:
    """Press Save, and wait for the next page: what was just typed is saved in the background before."""
    with office.expect_navigation():
        office.locator("[name=_continue]").click()
    wait_for_editor(office)


def start_page(office: Page, kind: str, title: str) -> None:
    """Take the first step of a new page; the editor follows."""
    office.goto("/admin/content/page/add/")
    office.get_by_label(kind, exact=True).check()
    office.get_by_label("Title").fill(title)
    office.get_by_role("button", name="Make the draft").click()
    wait_for_editor(office)


def add_block(page: Page, title: str) -> Locator:
    """Add a block at the end; it is open then, and the others are closed."""
    page.locator(".block-add--last .block-add__button").click()
    kind = page.locator(".block-menu__kind", has=page.locator("b", has_text=re.compile(f"^{title}$")))
    prefix = kind.get_attribute("data-plugin-prefix")
    kind.click()
    return page.locator(f".dynamic-{prefix}:not(.collapsed)")


def open_block(block: Locator) -> Locator:
    """Open a closed block."""
    block.locator(".block-row__open").click()
    expect(block).not_to_have_class(re.compile("collapsed"))
    return block


def choose(page: Page, block: Locator, title: str) -> None:
    """Choose a picture of the library in the chooser."""
    block.get_by_role("button", name="Choose a picture").click()
    chooser = page.get_by_role("dialog", name="Choose a picture")
    chooser.get_by_role("radio", name=title).check()
    expect(chooser.get_by_role("heading", name=title)).to_be_visible()
    chooser.get_by_role("button", name="Use this picture").click()
    expect(block.locator(".picture-field__title")).to_have_text(title)


def open_more(office: Page) -> None:
    office.wait_for_load_state("networkidle")  # A rich text that takes the focus when it is ready closes the menu.
    office.locator(".editor-menu summary", has_text="More").click()


def follow(office: Page, action: str) -> None:
    """Follow a link of the menu "More"."""
    open_more(office)
    office.get_by_role("link", name=action, exact=True).click()


def publish(office: Page, note: str = "") -> None:
    office.get_by_role("button", name="Publish…").click()
    if note:
        office.get_by_label("What's new").fill(note)
    office.get_by_role("button", name="Publish", exact=True).click()
    expect(office.locator(".messagelist")).to_contain_text("Readers see it now")


def texts(office: Page, selector: str) -> list[str]:
    return [" ".join(text.split()) for text in office.locator(selector).all_inner_texts()]


def fill_in(block: Locator, **fields: str) -> None:
    for name, value in fields.items():
        block.locator(f"[name$='-{name.replace('__', '-')}']").fill(value)


def type_rich_text(page: Page, block: Locator, field: str, words: str) -> None:
    block.locator(f".field-{field} .ProseMirror").click()
    page.keyboard.type(words)


def type_cell(page: Page, block: Locator, column: str, words: str, row: int = 0) -> None:
    """Type into a long cell of a row."""
    block.locator(".rows__row").nth(row).locator(f".rows__cell:has([name$=-{column}]) .ProseMirror").click()
    page.keyboard.type(words)


def write_every_block(office: Page) -> None:
    section = add_block(office, "Section")
    fill_in(section, heading="What cupping is")
    type_rich_text(office, section, "body", "A cup draws up the skin [1].")
    callout = add_block(office, "Callout")
    fill_in(callout, heading="Good to know")
    callout.locator("select[name$=-level]").select_option("3")
    type_rich_text(office, callout, "body", "Marks fade in days.")
    points = add_block(office, "List")
    fill_in(points, heading="What people come for", items__0__lead="Ache.")
    type_cell(office, points, "body", "In a back.")
    ideas = add_block(office, "Numbered sections")
    fill_in(ideas, heading="Ideas", items__0__title="Blood")
    type_cell(office, ideas, "body", "It may flow.")
    terms = add_block(office, "Definitions")
    fill_in(terms, heading="Words", items__0__term="Cup")
    type_cell(office, terms, "text", "A small glass.")
    visit = add_block(office, "Before, during and after")
    fill_in(visit, heading="Your visit")
    for part in ("before", "during", "after"):
        type_rich_text(office, visit, part, f"What happens {part}.")
    fill_in(
        add_block(office, "Do and don't"), heading="Do and don't", do__0__text="Drink", do_not__0__text="Do not run"
    )
    risks = add_block(office, "Risk table")
    fill_in(risks, heading="Risks", caption="Out of 100", rows__0__effect="A mark", rows__0__how_often="90 in 100")
    fill_in(risks, rows__0__sources="1")
    card = add_block(office, "Care card")
    fill_in(card, heading="Call 911 if you have", items__0__text="trouble breathing")
    questions = add_block(office, "Questions and answers")
    fill_in(questions, heading="Questions", items__0__question="Does it hurt?")
    type_cell(office, questions, "answer", "A little.")
    picture = add_block(office, "Picture")
    choose(office, picture, "The clinic")
    fill_in(picture, alt="The clinic's front door")
    action = add_block(office, "Call to action")
    fill_in(action, heading="Come and see", label="Book Your Visit")
    action.locator("select[name$=-service]").select_option(label="Back assessment")
    person = add_block(office, "Person")
    person.locator("select[name$=-practitioner]").select_option(label="Steve Hansen")
    signpost = add_block(office, "Signpost")
    fill_in(signpost, title="Read on about needling")
    signpost.locator("select[name$=-page]").select_option(label="Dry needling and physical therapy")
    snippet = add_block(office, "Snippet")
    snippet.locator("select[name$=-snippet]").select_option(label="House rules")
    fill_in(add_block(office, "Sources"), heading="Sources", items__0__text="George 2021, JOSPT.")


@pytest.fixture
def house_rules(site: str) -> ContentPage:
    """A published snippet."""
    from django.utils import timezone

    from content.publishing.publish import publish as publish_now

    snippet = ContentPage.objects.create(kind="snippet", title="House rules")
    Section.objects.create(parent=snippet, region="main", heading="House rules", body="<p>You can say no.</p>")
    publish_now(snippet, by=None, now=timezone.now())
    return snippet


def test_a_page_with_every_kind_of_block_is_written_and_published(
    office: Page, house_rules: ContentPage, browser: Browser, site: str
):
    start_page(office, "A treatment", "Cupping")
    office.locator(".block-add__button").click()
    assert texts(office, ".block-menu__kind b") == BLOCKS
    office.keyboard.press("Escape")
    office.fill("#id_lede", "Small cups on the skin, for aches that stay.")
    write_every_block(office)

    # Preview: a user without a login opens the link to the draft.
    office.get_by_role("button", name="Share draft").click()
    link = office.get_by_label("Link to copy").input_value()
    colleague = browser.new_context(java_script_enabled=False).new_page()
    colleague.goto(link)
    expect(colleague.locator(".banner--preview")).to_contain_text("Draft preview, not public.")
    expect(colleague.get_by_role("heading", name="What cupping is")).to_be_visible()
    expect(colleague.get_by_text("You can say no.")).to_be_visible()
    expect(colleague.get_by_role("link", name="Book Your Visit")).to_have_attribute(
        "href", re.compile(r"^/book/back-assessment/(\?from=[a-z-]+)?$")
    )
    assert colleague.goto(f"{site}/treatments/cupping/").status == 404
    colleague.context.close()

    # A check refuses to publish it without a clinical review; after the review, it is published.
    office.get_by_role("link", name="Back to the draft").click()
    wait_for_editor(office)
    office.get_by_role("button", name="Publish…").click()
    expect(office.locator(".findings--must")).to_contain_text("No one has recorded a clinical review of this page.")
    office.get_by_role("button", name="Publish", exact=True).click()
    expect(office.locator(".messagelist")).to_contain_text("Not published")
    assert Revision.objects.filter(page__slug="cupping").count() == 0
    # Otherwise the reviewer would be the last editor. Whoever is logged in signs with their own name.
    ContentPage.objects.filter(slug="cupping").update(edited_by=None)
    Practitioner.objects.filter(name="Amara Okafor").update(user=get_user_model().objects.get(username="steve"))
    office.get_by_role("link", name="Back to the draft").click()
    follow(office, "Clinical review …")
    expect(office.get_by_text("You're signing as Amara Okafor.")).to_be_visible()
    office.get_by_label("Evidence").fill("George 2021 still says so.")
    office.get_by_role("button", name="Record the review").click()
    expect(office.locator(".messagelist")).to_contain_text("The review is recorded")
    wait_for_editor(office)
    publish(office, note="First words")

    office.goto("/treatments/cupping/")
    expect(office.locator("#what-cupping-is + .prose")).to_have_text("A cup draws up the skinsource 1.")
    for words in ("Marks fade in days.", "It may flow.", "A small glass.", "Do not run", "90 in 100", "House rules"):
        expect(office.get_by_text(words, exact=True).first).to_be_visible()
    expect(office.get_by_role("img", name="The clinic's front door")).to_be_visible()
    expect(office.locator("main")).to_contain_text("Clinically reviewed by Amara Okafor")
    headings = texts(office, "main h2")
    assert headings.index("Sources and review") < headings.index("Come and see")
    assert headings[-1] == "Did this page help?"


def test_a_draft_is_compared_restored_scheduled_and_hidden(office: Page):
    edit(office, "Dry needling for back pain")
    heading = open_block(office.locator("#content_section_set-0")).locator("[name$=-heading]")
    was = heading.input_value()
    heading.fill("Words of today")
    save(office)
    expect(office.locator(".page-state")).to_contain_text("This draft is different")

    # The draft is not public.
    office.goto(BACK_PAIN)
    expect(office.get_by_role("heading", name="Words of today")).to_have_count(0)

    # Diff with the live revision.
    edit(office, "Dry needling for back pain")
    follow(office, "See what has changed")
    expect(office.locator(".change ins")).to_have_text("[added: Words of today]")
    expect(office.locator(".change del")).to_have_text(f"[removed: {was}]")
    office.get_by_role("link", name="Back to the draft").click()
    wait_for_editor(office)
    publish(office, note="Today's words")
    office.goto(BACK_PAIN)
    expect(office.get_by_role("heading", name="Words of today")).to_be_visible()

    # An older revision is restored into the draft, and scheduled.
    edit(office, "Dry needling for back pain")
    follow(office, "History")
    expect(office.get_by_role("link", name=re.compile("Restore version"))).to_have_count(2)
    office.get_by_role("link", name="Restore version 1 …").click()
    office.get_by_role("button", name="Restore it").click()
    expect(office.locator(".messagelist")).to_contain_text("Readers see no change yet")
    wait_for_editor(office)
    expect(office.locator("#id_content_section_set-0-heading")).to_have_value(was)
    office.get_by_role("button", name="Publish…").click()
    office.get_by_label("Go live at").fill("2099-01-02T03:04")
    office.get_by_role("button", name="Publish", exact=True).click()
    expect(office.locator(".page-state")).to_contain_text("Scheduled to go live: Friday, January 2, 2099, 3:04 a.m.")
    office.goto(BACK_PAIN)
    expect(office.get_by_role("heading", name="Words of today")).to_be_visible()

    # The schedule is cancelled, and the page hidden.
    edit(office, "Dry needling for back pain")
    open_more(office)
    office.get_by_role("button", name="Cancel what is scheduled").click()
    expect(office.locator(".messagelist")).to_contain_text("Cancelled")
    expect(office.locator(".page-state")).not_to_contain_text("Scheduled")
    follow(office, "Hide it from readers …")
    office.get_by_role("button", name="Hide it").click()
    expect(office.locator(".page-state")).to_contain_text("Readers don't see this page right now.")
    assert office.request.get(BACK_PAIN).status == 410


def test_issues_are_shown_next_to_their_block(office: Page):
    section = Section.objects.filter(parent__slug="dry-needling-for-back-pain").first()
    sentence = "This sentence " + "goes on and on " * 10 + "without an end."
    Section.objects.filter(pk=section.pk).update(body=f'<p>{sentence}</p><p><a href="/nowhere/">A place</a></p>')
    edit(office, "Dry needling for back pain")
    block = office.locator("#content_section_set-0")

    expect(block.locator(".block-findings__must")).to_contain_text("The link “A place” doesn't work")
    expect(block.locator(".block-findings__should q")).to_have_text(sentence)
    office.get_by_role("button", name="Publish…").click()
    office.locator(".findings__block").get_by_role("link").first.click()
    wait_for_editor(office)
    expect(office.locator("#id_content_section_set-0-heading")).to_be_focused()


def test_injected_styles_are_adopted_as_style_sheets(office: Page):
    """The CSP refuses <style> elements; static/js/adopt_styles.js adopts their rules as style sheets."""
    edit(office, "Dry needling for back pain")
    assert office.locator("style").count() == 0
    assert office.evaluate("document.adoptedStyleSheets.length") >= 2
    assert office.evaluate("getComputedStyle(document.querySelector('.ProseMirror')).whiteSpace") in {
        "pre-wrap",
        "break-spaces",
    }


def test_hostile_text_is_never_executed(office: Page):
    """It is typed into every kind of input, saved, checked, compared, previewed and published."""
    hostile = "".join(HOSTILE).replace("alert(1)", "document.title=1")
    edit(office, "Dry needling for back pain")
    office.locator("#id_content_section_set-0-heading").evaluate(
        "(input, html) => { input.value = html }", hostile[:120]
    )
    office.locator("#id_content_section_set-0-body").evaluate("(input, html) => { input.value = html }", hostile)
    open_block(office.locator("#content_definitionlist_set-0"))
    office.locator("#id_content_definitionlist_set-0-items-0-term").fill(hostile[:120])
    cell = office.locator("#id_content_definitionlist_set-0-items-0-text")
    cell.evaluate("(input, html) => { input.value = html }", hostile)
    office.get_by_role("button", name="Publish…").click()
    titles = [office.title()]
    office.get_by_label("What's new").fill(hostile[:200])
    if office.locator("#id_override_reason").count():
        office.locator("#id_override_reason").fill("A test of hostile words")
    office.get_by_role("button", name="Publish", exact=True).click()
    expect(office.locator(".messagelist")).to_contain_text("Readers see it now")
    wait_for_editor(office)
    titles.append(office.title())
    for step in ("History", "Share draft"):
        if step == "History":
            follow(office, step)
        else:
            office.get_by_role("button", name=step).click()
        titles.append(office.title())
        if step == "History":
            office.locator("input[name=from]").last.check()
            office.get_by_role("button", name="Compare").click()
            expect(office.locator(".change ins").first).to_be_visible()
            titles.append(office.title())
        else:
            office.goto(office.get_by_label("Link to copy").input_value())
            titles.append(office.title())
        edit(office, "Dry needling for back pain")
    office.goto(BACK_PAIN)
    titles.append(office.title())

    assert [title for title in titles if title == "1"] == []
    own_form = "[action='/contact/helped/']"
    hostile = f"main :is(script, iframe, form:not({own_form}), [onerror], [onclick], [src=x], [style])"
    assert office.locator(hostile).count() == 0


def test_a_link_is_chosen_from_the_site_s_pages_and_services(office: Page):
    section = Section.objects.filter(parent__slug="dry-needling-for-back-pain").first()
    Section.objects.filter(pk=section.pk).update(body="<p>Read on</p>")
    edit(office, "Dry needling for back pain")
    text = open_block(office.locator("#content_section_set-0")).locator(".field-body .ProseMirror")
    text.click()
    office.keyboard.press("Control+a")
    office.keyboard.press("Control+k")
    choice = office.get_by_label("On this site")
    expect(choice).to_be_focused()
    choice.select_option(label="Back assessment")
    expect(office.locator(".prose-editor-dialog input[name=href]")).to_have_value("/book/back-assessment/")
    choice.select_option(label="Dry needling and physical therapy")
    office.locator(".prose-editor-dialog button[type=submit]").click()
    expect(text.locator("a")).to_have_attribute("href", "/treatments/dry-needling/")
    save(office)
    section.refresh_from_db()
    assert section.body == '<p><a href="/treatments/dry-needling/">Read on</a></p>'


# As word processors on the web copy it: a <b> around everything, and styles that alone say what is bold.
FROM_A_WORD_PROCESSOR = """<meta charset="utf-8"><b style="font-weight:normal" id="docs-internal-guid-1"><p dir="ltr">
<span style="font-weight:400;font-style:normal">Plain words, </span><span style="font-weight:700">bold words</span>
<span style="font-weight:400">, </span><span style="font-style:italic">slanted words</span></p><ul><li dir="ltr">
<p dir="ltr"><span style="font-weight:400">First po\u00adint</span></p></li></ul></b>"""
PASTE = """(editor, html) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/html", html);
  editor.focus();
  editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest.mark.parametrize(
    ("pasted", "html"),
    [
        (
            FROM_A_WORD_PROCESSOR.replace("\n", ""),
            "<p>Plain words, <strong>bold words</strong>, <em>slanted words</em></p>"
            "<ul><li><p>First point</p></li></ul>",
        ),
        (
            '<p style="font-weight: bold">Bold, <i style="FONT-STYLE: normal">upright</i> <i>and</i> <b>more</b></p>',
            "<p><strong>Bold, upright <em>and</em> more</strong></p>",
        ),
        (
            '<p>See <a href="https://clinic.example/x">the page evil.com of ours</a> now</p>',
            '<p>See <a href="https://clinic.example/x">the page evil.com of ours</a> now</p>',
        ),
        ("<p>See evil.com and \u202ewww.evil.org</p>", "<p>See evil.com and www.evil.org</p>"),
    ],
    ids=["a word processor", "styles within marks", "a link with a domain in it", "domains"],
)
def test_pasted_text_keeps_its_own_marks_and_links(office: Page, pasted: str, html: str):
    start_page(office, "An ordinary page", "Pasted words")
    section = add_block(office, "Section")
    editor = section.locator(".field-body .ProseMirror")
    editor.evaluate(PASTE, pasted)
    stored = section.locator(".field-body textarea").input_value()
    assert re.sub(r' (rel|target|class|dir)="[^"]*"', "", stored) == html
