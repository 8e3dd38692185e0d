"""What the checks say before a page goes out, and beside which block."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType

from booking.models import SampleRow
from content import publishing, reviewing, snapshot
from content.models import (
    Callout,
    CallToAction,
    CareCard,
    LeadList,
    Page,
    PersonCard,
    Section,
    Signpost,
    SnippetHere,
)
from content.proofing import proof, proof_hiding
from tests import make
from tests.make_content import make_page, make_revision, make_section, make_sources, publish_drafts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def draft(now):
    draft = make_page(
        is_published=False,
        slug="dry-needling",
        reviewed_by=make.make_practitioner(),
        last_reviewed_on=now.date(),
        next_review_on=now.date() + timedelta(days=365),
    )
    CareCard.objects.create(
        parent=draft, region="main", ordering=100_000, level=2, heading="Call 911 if", items=[{"text": "pain"}]
    )
    make_sources(draft, "George 2021")
    return draft


def findings(draft, now):
    draft.refresh_from_db()
    return proof(draft, snapshot.of_draft(draft), now=now)


def said(draft, now, *, blocks=True):
    return [finding.message for finding in findings(draft, now) if finding.blocks == blocks]


def test_a_page_with_everything_passes(draft, now):
    assert findings(draft, now) == []


def test_a_treatment_needs_a_reviewer_a_source_and_a_care_card(now):
    assert said(make_page(is_published=False), now) == [
        "Name at least one source.",
        "Add a care card: whom to call, and when.",
        "Nobody has reviewed this page clinically.",
    ]


def test_other_pages_need_none_of_it(now):
    assert findings(make_page(kind="fees", is_published=False), now) == []


def test_a_sample_page_pretends_no_review_and_may_go_out(draft, now):
    Page.objects.update(reviewed_by=None, last_reviewed_on=None, next_review_on=None)
    assert said(draft, now) == ["Nobody has reviewed this page clinically."]

    SampleRow.objects.create(content_type=ContentType.objects.get_for_model(Page), object_id=draft.pk)

    assert said(draft, now) == []
    assert said(draft, now, blocks=False) == ["Sample content, not yet clinically reviewed: the page says so."]


def test_a_review_lasts_24_months_at_most(draft, now):
    Page.objects.update(next_review_on=now.date() + timedelta(days=800))

    assert said(draft, now) == ["The next review is due more than 24 months after the last one."]


def test_a_review_that_is_due_warns(draft, now):
    on = now.date()
    Page.objects.update(last_reviewed_on=on - timedelta(days=400), next_review_on=on - timedelta(days=1))

    assert said(draft, now, blocks=False) == ["The clinical review was due on 22 November 2026."]


def test_the_reviewer_did_not_make_the_last_change(draft, now):
    steve = get_user_model().objects.create_user("steve")
    Page.objects.update(edited_by=steve)
    draft.reviewed_by.user = steve
    draft.reviewed_by.save()

    assert said(draft, now) == ["The reviewer also made the last change: somebody else should look at it."]


def test_words_that_changed_since_the_review_warn(draft, now):
    alice = get_user_model().objects.create_user("alice")
    reviewing.record_review(
        draft,
        reviewer=draft.reviewed_by,
        reviewed_on=now.date(),
        next_review_on=draft.next_review_on,
        by=alice,
        now=now,
    )
    assert findings(draft, now) == []

    make_section(draft)

    assert said(draft, now, blocks=False) == ["The words have changed since the review on 23 November 2026."]


def test_a_button_leads_to_a_service_that_can_be_booked(draft, now):
    service = make.make_service(name="Back assessment")
    block = CallToAction.objects.create(parent=draft, region="main", label="Book", service=service)

    (finding,) = findings(draft, now)

    assert finding.message == "Nobody can book “Back assessment” online: the button would lead nowhere."
    assert finding.block == ("calltoaction", block.pk)
    make.make_practitioner([service])
    assert findings(draft, now) == []


def test_needling_without_anybody_authorized_cannot_be_booked(draft, now):
    service = make.make_service(needs_needling_authorisation=True)
    make.make_practitioner([service], authorised_for_needling=False)
    Page.objects.update(service=service)

    assert said(draft, now) == [
        "Nobody can book “Physiotherapy assessment” online: the page's button would lead nowhere."
    ]


@pytest.mark.parametrize(
    ("levels", "jumps"),
    [([2, 3, 3, 2], 0), ([3], 1), ([2, 3, 2, 3], 0), ([3, 2], 1)],
    ids=["steps down", "begins too low", "up and down", "begins too low, then right"],
)
def test_heading_levels_do_not_jump(draft, now, levels, jumps):
    for level in levels:
        make_section(draft, level=level)

    assert (
        said(draft, now)
        == ["This heading is a level too low: make it a section, or put a section heading above it."] * jumps
    )


def test_a_list_inside_a_block_counts_as_its_headings(draft, now):
    Callout.objects.create(parent=draft, region="main", level=3, heading="Note", body="<p>x</p>")

    assert len(said(draft, now)) == 1


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("/nowhere/", "this site has no such address."),
        ("/treatments/no-such/", "this page is not published."),
        ("/team/nobody/", "this person is not on the team."),
        ("/book/no-such/", "this visit cannot be booked online."),
        ("#no-such", "no heading of this page is called that."),
        ("https://", "it has no address."),
        ("https://clinic.example/nowhere/", "this site has no such address."),
    ],
)
def test_a_link_to_nothing_is_refused_beside_its_block(draft, now, settings, address, problem):
    settings.SITE_URL = "https://clinic.example"
    block = make_section(draft, body=f'<p>See <a href="{address}">the other one</a>.</p>')

    (finding,) = findings(draft, now)

    assert finding.message == f"The link “the other one” leads to nothing: {problem}"
    assert (finding.blocks, finding.block) == (True, ("section", block.pk))


@pytest.mark.parametrize(
    "address",
    ["/fees/", "/treatments/there/", "#risks", "#source-1", "https://www.cpta.ab.ca/", "mailto:a@b.example", "/book/"],
)
def test_a_link_to_something_is_fine(draft, now, address):
    make_page(slug="there")
    make_page(kind="fees")
    make_section(draft, heading="Risks")
    LeadList.objects.create(
        parent=draft, region="main", items=[{"lead": "", "body": f"See [the fees list]({address}) first."}]
    )

    assert findings(draft, now) == []


def test_an_old_address_warns_and_names_the_one_of_today(draft, now):
    there = make_page(slug="before")
    there.slug = "today"
    there.save()
    make_section(draft, body='<p>See <a href="/treatments/before/">the other one</a>.</p>')

    assert said(draft, now, blocks=False) == [
        "The link “the other one” has an old address. Today it is /treatments/today/"
    ]
    assert said(draft, now) == []


def test_an_old_address_of_what_is_hidden_leads_to_nothing(draft, now):
    there = make_page(slug="before")
    there.slug = "today"
    there.save()
    make_revision(there, is_public=False, head={}, blocks=[])
    make_section(draft, body='<p>See <a href="/treatments/before/">the other one</a>.</p>')

    assert said(draft, now) == ["The link “the other one” leads to nothing: this page is not published."]


@pytest.mark.parametrize(
    "link", ["/treatments/before/", "/treatments/today/", "https://clinic.example/treatments/today/"]
)
def test_hiding_a_page_names_those_with_typed_links_to_it(now, settings, link):
    settings.SITE_URL = "https://clinic.example"
    there, here, elsewhere = make_page(slug="before"), make_page(title="Here"), make_page()
    there.slug = "today"
    there.save()
    make_section(here, body=f'<p><a href="{link}">There</a></p>')
    make_section(elsewhere, body='<p><a href="https://other.example/treatments/today/">There</a></p>')
    publish_drafts()

    found = proof_hiding(there, now=now)

    assert [finding.message for finding in found] == ["“Here” has a typed link that would lead to nothing."]


def test_a_signpost_to_a_hidden_page_warns_as_it_is_left_out(draft, now):
    make_section(draft)
    hidden = make_page(is_published=False)
    Signpost.objects.create(parent=draft, region="main", ordering=10_000, title="There", page=hidden)

    assert said(draft, now, blocks=False) == [
        "The page it leads to is not published: readers see this signpost once it is."
    ]


def test_a_person_who_left_warns(draft, now):
    person = make.make_practitioner(is_active=False)
    PersonCard.objects.create(parent=draft, region="main", practitioner=person)

    assert said(draft, now, blocks=False) == ["This person is no longer here: readers do not see the card."]


def test_a_source_that_is_not_there_is_named(draft, now):
    make_section(draft, body="<p>It may help [1, 4].</p>")

    assert said(draft, now, blocks=False) == ["[4] names a source that is not in the list."]


@pytest.mark.parametrize("words", ["click here", "Here", "read more"])
def test_a_vague_link_warns(draft, now, words):
    make_section(draft, body=f'<p><a href="https://example.org/">{words}</a></p>')

    assert said(draft, now, blocks=False) == ["Say in the link where it leads: people hear links read out alone."]


@pytest.mark.parametrize("word", ["toxins", "cure", "guarantee", "best", "game-changer"])
def test_boasts_warn(draft, now, word):
    make_section(draft, body=f"<p>This is a {word} of ours.</p>")

    assert said(draft, now, blocks=False) == [f"“{word}” promises more than we can keep. Say what is known."]


def test_a_sentence_that_is_too_long_is_quoted_beside_its_block(draft, now):
    sentence = " ".join(["word"] * 31) + "."
    block = make_section(draft, body=f"<p>A short one. {sentence} Another.</p>")

    (finding,) = [one for one in findings(draft, now) if one.block]

    assert finding.message == "This sentence has 31 words. Make two of it."
    assert (finding.blocks, finding.block, finding.quote) == (False, ("section", block.pk), sentence)


def test_hard_words_warn_with_the_block_that_is_hardest(draft, now):
    hard = make_section(draft, body="<p>" + "Physiotherapeutic interventions facilitate rehabilitation. " * 12 + "</p>")
    make_section(draft, body="<p>" + "We look at how you move. " * 10 + "</p>")

    found = findings(draft, now)

    assert [one.message.split(" (")[0] for one in found] == [
        "The text is hard to read",
        "This block is the hardest to read",
    ]
    assert found[1].block == ("section", hard.pk)


def test_a_snippet_that_is_not_published_is_refused_where_it_stands(draft, now):
    snippet = make_page(kind="snippet", is_published=False)
    block = SnippetHere.objects.create(parent=draft, region="main", snippet=snippet)

    (finding,) = findings(draft, now)

    assert (finding.message, finding.block) == (
        "This snippet is not published: readers would see nothing here.",
        ("snippethere", block.pk),
    )


def test_a_changed_snippet_is_checked_on_the_pages_that_show_it(draft, now):
    snippet = make_page(kind="snippet", is_published=False)
    CareCard.objects.create(parent=snippet, region="main", level=2, heading="Call 911 if", items=[{"text": "pain"}])
    publishing.publish(snippet, by=None, now=now)
    CareCard.objects.filter(parent=draft).delete()
    SnippetHere.objects.create(parent=draft, region="main", ordering=5, snippet=snippet)
    publishing.publish(draft, by=None, now=now)

    CareCard.objects.filter(parent=snippet).delete()
    Section.objects.create(parent=snippet, region="main", heading="Nothing", body="<p>Left.</p>")

    assert said(snippet, now) == [
        f"On “{draft.title}”, which shows this snippet: Add a care card: whom to call, and when."
    ]
