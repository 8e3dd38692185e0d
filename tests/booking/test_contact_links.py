"""Email addresses and phone numbers in text from staff become links; everything else is escaped."""

import re

import pytest
from django.template import Context, Template
from phonenumber_field.phonenumber import PhoneNumber

from booking.models import Clinic
from booking.templatetags.contact_links import reachable
from content.blocks import page_content
from content.publishing.checks import rules
from tests.conftest import NOW
from tests.support.content_factories import make_section, make_site, publish_drafts
from tests.support.journey import choose, make_small_clinic

DESK = '<a href="mailto:desk@clinic.example">desk@clinic.example</a>'
CALGARY = '<a href="tel:+1-403-555-0141">{}</a>'


@pytest.mark.once
@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Dana Whitford, privacy officer", "Dana Whitford, privacy officer"),
        ("Dana, desk@clinic.example, 403-555-0141", f"Dana, {DESK}, {CALGARY.format('403-555-0141')}"),
        ("Call 403-555-0141 or +1 403 555 0141.",
         f"Call {CALGARY.format('403-555-0141')} or {CALGARY.format('+1 403 555 0141')}."),
        ("From abroad: +41 44 668 18 00", 'From abroad: <a href="tel:+41-44-668-18-00">+41 44 668 18 00</a>'),
        ("Write to desk@clinic.example.", f"Write to {DESK}."),
        ("4035550141@clinic.example", DESK.replace("desk", "4035550141")),
        ("Version 2026-11-01, suite 4035", "Version 2026-11-01, suite 4035"),
        ("<b>desk@clinic.example</b> & co", f"&lt;b&gt;{DESK}&lt;/b&gt; &amp; co"),
        ('"><a href=x>@example.ca', "&quot;&gt;&lt;a href=x&gt;@example.ca"),
        ("", ""),
    ],
)  # fmt: skip
def test_email_addresses_and_phone_numbers_are_links(typed, shown):
    assert reachable(typed) == shown


@pytest.mark.once
@pytest.mark.parametrize(
    ("number", "shown"),
    [("+14035550140", "403-555-0140"), ("+41446681800", "+41 44 668 18 00")],
    ids=["ours", "abroad"],
)
def test_a_phone_number_is_written_as_people_here_write_it(number, shown):
    text = Template("{% load contact_links %}{{ phone|phone_number }}")
    assert text.render(Context({"phone": PhoneNumber.from_string(number)})) == shown


@pytest.mark.django_db
def test_the_privacy_page_and_the_details_form_link_to_the_privacy_officer(client, stopped_clock):
    make_small_clinic()
    make_site()
    link = '<a href="mailto:privacy@dynamic-physio.example">privacy@dynamic-physio.example</a>'
    assert link in client.get("/privacy/").content.decode()
    Clinic.objects.update(collection_notice="We ask to book.\n\nQuestions? privacy@dynamic-physio.example")
    choose(client)
    assert f"<p>Questions? {link}</p>" in client.get("/book/details/").content.decode()


@pytest.mark.django_db
def test_a_section_of_another_page_may_use_the_anchor_whom_to_ask(client, stopped_clock):
    make_small_clinic()
    make_section(make_site()["fees"], heading="Whom to ask", level=2)
    publish_drafts()
    assert 'id="whom-to-ask"' in client.get("/fees/").content.decode()


@pytest.mark.django_db
def test_a_link_to_whom_to_ask_is_broken_except_on_the_privacy_page(stopped_clock):
    make_small_clinic()
    pages = make_site()
    for page in (pages["privacy"], pages["fees"]):
        make_section(page, heading="Questions", level=2, body='<p><a href="#whom-to-ask">Ask our officer</a>.</p>')

    def has_issue(kind):
        return "Ask our officer" in str(
            rules.check_page(pages[kind], page_content.content_of_draft(pages[kind]), now=NOW)
        )

    assert has_issue("fees")
    assert not has_issue("privacy")
    Clinic.objects.update(privacy_contact="")
    assert has_issue("privacy")  # The page no longer has that section.


@pytest.mark.django_db
@pytest.mark.parametrize("is_known", [True, False])
def test_the_privacy_page_lists_whom_to_ask_in_its_contents_with_unique_anchors(client, stopped_clock, is_known):
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
    assert re.findall(r'<li><a href="#(whom.*?)">Whom? to ask</a>', html) == [
        name for name in anchors if name.startswith("whom")
    ]
