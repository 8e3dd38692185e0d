"""Rule: where staff type whom to ask, an address and a number can be pressed, and nothing else becomes markup."""

import re

import pytest

from booking.models import Clinic
from booking.templatetags.reachable import reachable
from content import proofing, snapshot
from tests.conftest import NOW
from tests.journey import choose, make_small_clinic
from tests.make_content import make_section, make_site, publish_drafts

DESK = '<a href="mailto:desk@clinic.example">desk@clinic.example</a>'
CALGARY = '<a href="tel:+1-403-555-0141">{}</a>'


@pytest.mark.once
@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Dana Whitford, privacy officer", "Dana Whitford, privacy officer"),
        ("Dana, desk@clinic.example, 403-555-0141", f"Dana, {DESK}, {CALGARY.format('403-555-0141')}"),
        ("Call (403) 555-0141 or +1 403 555 0141.",
         f"Call {CALGARY.format('(403) 555-0141')} or {CALGARY.format('+1 403 555 0141')}."),
        ("From abroad: +41 44 668 18 00", 'From abroad: <a href="tel:+41-44-668-18-00">+41 44 668 18 00</a>'),
        ("Write to desk@clinic.example.", f"Write to {DESK}."),
        ("4035550141@clinic.example", DESK.replace("desk", "4035550141")),
        ("Version 2026-11-01, suite 4035", "Version 2026-11-01, suite 4035"),
        ("<b>desk@clinic.example</b> & co", f"&lt;b&gt;{DESK}&lt;/b&gt; &amp; co"),
        ('"><a href=x>@example.ca', "&quot;&gt;&lt;a href=x&gt;@example.ca"),
        ("", ""),
    ],
)  # fmt: skip
def test_ways_to_reach_somebody_are_links(typed, shown):
    assert reachable(typed) == shown


@pytest.mark.django_db
def test_the_privacy_page_and_the_details_lead_to_the_privacy_officer(client, stopped_clock):
    make_small_clinic()
    make_site()
    link = '<a href="mailto:privacy@dynamic-physio.example">privacy@dynamic-physio.example</a>'
    assert link in client.get("/privacy/").content.decode()
    Clinic.objects.update(collection_notice="We ask to book.\n\nQuestions? privacy@dynamic-physio.example")
    choose(client)
    assert f"<p>Questions? {link}</p>" in client.get("/book/details/").content.decode()


@pytest.mark.django_db
def test_a_section_of_another_page_keeps_that_anchor(client, stopped_clock):
    make_small_clinic()
    make_section(make_site()["fees"], heading="Whom to ask", level=2)
    publish_drafts()
    assert 'id="whom-to-ask"' in client.get("/fees/").content.decode()


@pytest.mark.django_db
def test_a_link_to_whom_to_ask_leads_somewhere_on_the_privacy_page(stopped_clock):
    make_small_clinic()
    pages = make_site()
    for page in (pages["privacy"], pages["fees"]):
        make_section(page, heading="Questions", level=2, body='<p><a href="#whom-to-ask">Ask our officer</a>.</p>')

    def is_told(kind):
        return "Ask our officer" in str(proofing.proof(pages[kind], snapshot.of_draft(pages[kind]), now=NOW))

    assert is_told("fees")
    assert not is_told("privacy")
    Clinic.objects.update(privacy_contact="")
    assert is_told("privacy")  # The page has that section no longer.


@pytest.mark.django_db
@pytest.mark.parametrize("is_known", [True, False])
def test_the_contents_of_the_privacy_page_name_whom_to_ask_and_no_anchor_stands_twice(client, stopped_clock, is_known):
    make_small_clinic()
    page = make_site()["privacy"]
    for heading in ("What we keep", "Whom to ask"):
        make_section(page, heading=heading, level=2)
    publish_drafts()
    if not is_known:
        Clinic.objects.update(privacy_contact="")

    html = client.get("/privacy/").content.decode()

    anchors = re.findall(r'<h2[^>]* id="(.*?)"', html)
    assert [name for name in anchors if name.startswith("whom")] == ["whom-to-ask-2", *["whom-to-ask"] * is_known]
    assert re.findall(r'<li><a href="#(whom.*?)">Whom to ask</a>', html) == [
        name for name in anchors if name.startswith("whom")
    ]
