"""Publishing checks: their messages, and the block they refer to."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType

from booking.models import SampleRow
from content.blocks import page_content
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
from content.publishing import publish as publishing
from content.publishing import review
from content.publishing.checks.rules import check_hiding, check_page
from tests.support import factories
from tests.support.content_factories import make_page, make_revision, make_section, make_sources, publish_drafts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def draft(now):
    draft = make_page(
        is_published=False,
        slug="dry-needling",
        reviewed_by=factories.make_practitioner(),
        last_reviewed_on=now.date(),
        next_review_on=now.date() + timedelta(days=365),
    )
    CareCard.objects.create(
        parent=draft, region="main", ordering=100_000, level=2, heading="Call 911 if", items=[{"text": "pain"}]
    )
    make_sources(draft, "George 2021")
    return draft


def issues(draft, now):
    draft.refresh_from_db()
    return check_page(draft, page_content.content_of_draft(draft), now=now)


def messages(draft, now, *, blocks=True):
    return [issue.message for issue in issues(draft, now) if issue.blocks == blocks]


def test_a_complete_page_passes(draft, now):
    assert issues(draft, now) == []


@pytest.mark.parametrize("character", ["\u202e", "\u00ad", "\u200b", "\u2066"], ids=ascii)
def test_text_with_invisible_characters_is_not_published(draft, now, character):
    """An older release stored them; forms refuse or drop them now."""
    section = make_section(draft, body="<p>Dry needling.</p>")
    Section.objects.filter(pk=section.pk).update(heading=f"What it{character} is")
    (issue,) = issues(draft, now)
    assert (issue.blocks, issue.block, issue.quote) == (True, ("section", section.pk), "What it is")
    assert issue.message.startswith("“Heading” has an invisible character")


def test_invisible_characters_in_the_title_of_a_page_are_found(draft, now):
    Page.objects.filter(pk=draft.pk).update(title="Dry\u00ad needling")
    assert [(issue.block, issue.quote) for issue in issues(draft, now)] == [(None, "Dry needling")]


def test_a_treatment_needs_a_reviewer_a_source_and_a_care_card(now):
    assert messages(make_page(is_published=False), now) == [
        "Name at least one source.",
        "Add a care card: who to call, and when.",
        "No one has recorded a clinical review of this page.",
    ]


def test_other_pages_need_no_review_sources_or_care_card(now):
    assert issues(make_page(kind="fees", is_published=False), now) == []


def test_a_sample_page_can_be_published_without_review(draft, now):
    Page.objects.update(reviewed_by=None, last_reviewed_on=None, next_review_on=None)
    assert messages(draft, now) == ["No one has recorded a clinical review of this page."]

    SampleRow.objects.create(content_type=ContentType.objects.get_for_model(Page), object_id=draft.pk)

    assert messages(draft, now) == []
    assert messages(draft, now, blocks=False) == ["Sample content, not yet clinically reviewed. The page says so."]


def test_a_review_is_valid_for_24_months_at_most(draft, now):
    Page.objects.update(next_review_on=now.date() + timedelta(days=800))

    assert messages(draft, now) == ["The next review is due more than 24 months after the last one."]


def test_an_overdue_review_warns(draft, now):
    on = now.date()
    Page.objects.update(last_reviewed_on=on - timedelta(days=400), next_review_on=on - timedelta(days=1))

    assert messages(draft, now, blocks=False) == ["The clinical review was due on November 22, 2026."]


def test_the_reviewer_must_not_have_made_the_last_change(draft, now):
    steve = get_user_model().objects.create_user("steve")
    Page.objects.update(edited_by=steve)
    draft.reviewed_by.user = steve
    draft.reviewed_by.save()

    assert messages(draft, now) == ["The reviewer also made the last change. Someone else should review it."]


def test_folded_risks_warn_until_a_review_has_been_recorded_since(draft, now, django_user_model):
    alice = django_user_model.objects.create_superuser("alice")
    factories.make_practitioner(user=alice)
    section = make_section(draft, heading="What are the risks?", is_folded=True, short_answer="Few.")
    record = {"evidence": "George 2021", "reviewed_on": now.date(), "by": alice, "now": now}
    record["next_review_on"] = now.date() + timedelta(days=365)

    (issue,) = issues(draft, now)
    assert (issue.blocks, issue.block, issue.quote) == (False, ("section", section.pk), "Few.")
    assert issue.message.startswith("This fold is about risks.")

    review.record_review(draft, **record)
    assert issues(draft, now) == []

    section.short_answer = "None at all."
    section.save()
    assert any(issue.quote == "None at all." for issue in issues(draft, now))


def test_a_fold_without_risks_does_not_warn(draft, now):
    make_section(draft, heading="What does it feel like?", is_folded=True, short_answer="A twitch.")
    assert issues(draft, now) == []


def test_changes_since_the_review_warn(draft, now):
    alice = get_user_model().objects.create_superuser("alice")
    factories.make_practitioner(user=alice)
    review.record_review(
        draft,
        evidence="George 2021",
        reviewed_on=now.date(),
        next_review_on=draft.next_review_on,
        by=alice,
        now=now,
    )
    assert issues(draft, now) == []

    make_section(draft)

    assert messages(draft, now, blocks=False) == ["The text has changed since the review on November 23, 2026."]


def test_the_service_of_a_button_must_be_bookable(draft, now):
    service = factories.make_service(name="Back assessment")
    block = CallToAction.objects.create(parent=draft, region="main", label="Book", service=service)

    (issue,) = issues(draft, now)

    assert issue.message == "“Back assessment” can't be booked online, so the button would go nowhere."
    assert issue.block == ("calltoaction", block.pk)
    factories.make_practitioner([service])
    assert issues(draft, now) == []


def test_needling_without_anybody_authorized_cannot_be_booked(draft, now):
    service = factories.make_service(needs_needling_authorisation=True)
    factories.make_practitioner([service], authorised_for_needling=False)
    Page.objects.update(service=service)

    assert messages(draft, now) == [
        "“Physiotherapy assessment” can't be booked online, so the page's button would go nowhere."
    ]


def test_a_heading_too_low_is_found_at_its_block_though_another_kind_has_the_same_id(draft, now):
    LeadList.objects.create(parent=draft, region="main", ordering=1, pk=77, level=3, heading="Low", items=[])
    Section.objects.create(
        parent=draft, region="main", ordering=2, pk=77, level=2, heading="Right", body="<p>Text.</p>"
    )

    found = [issue.block for issue in issues(draft, now) if "level too low" in issue.message]

    assert found == [("leadlist", 77)]


@pytest.mark.parametrize(
    ("levels", "jumps"),
    [([2, 3, 3, 2], 0), ([3], 1), ([2, 3, 2, 3], 0), ([3, 2], 1)],
    ids=["steps down", "begins too low", "up and down", "begins too low, then right"],
)
def test_heading_levels_must_not_skip(draft, now, levels, jumps):
    for level in levels:
        make_section(draft, level=level)

    assert (
        messages(draft, now)
        == ["This heading is one level too low. Make it a section, or put a section heading above it."] * jumps
    )


def test_the_heading_of_a_callout_counts(draft, now):
    Callout.objects.create(parent=draft, region="main", level=3, heading="Note", body="<p>x</p>")

    assert len(messages(draft, now)) == 1


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("/nowhere/", "this site has no such page."),
        ("/treatments/no-such/", "this page isn't published."),
        ("/team/nobody/", "this person isn't on the team."),
        ("/book/no-such/", "this can't be booked online."),
        ("#no-such", "this page has no heading with that name."),
        ("https://", "it has no address."),
        ("https://clinic.example/nowhere/", "this site has no such page."),
    ],
)
def test_a_broken_link_blocks_and_names_its_block(draft, now, settings, address, problem):
    settings.SITE_URL = "https://clinic.example"
    block = make_section(draft, body=f'<p>See <a href="{address}">the other one</a>.</p>')

    (issue,) = issues(draft, now)

    assert issue.message == f"The link “the other one” doesn't work: {problem}"
    assert (issue.blocks, issue.block) == (True, ("section", block.pk))


@pytest.mark.parametrize(
    "address",
    ["/fees/", "/treatments/there/", "#risks", "#source-1", "https://www.cpta.ab.ca/", "mailto:a@b.example", "/book/"],
)
def test_a_working_link_passes(draft, now, address):
    make_page(slug="there")
    make_page(kind="fees")
    make_section(draft, heading="Risks")
    LeadList.objects.create(
        parent=draft, region="main", items=[{"lead": "", "body": f"See [the fees list]({address}) first."}]
    )

    assert issues(draft, now) == []


def test_a_link_to_a_former_url_warns_with_the_current_one(draft, now):
    there = make_page(slug="before")
    there.slug = "today"
    there.save()
    make_section(draft, body='<p>See <a href="/treatments/before/">the other one</a>.</p>')

    assert messages(draft, now, blocks=False) == [
        "The link “the other one” has an old address. It's now /treatments/today/"
    ]
    assert messages(draft, now) == []


def test_a_link_to_a_former_url_of_a_hidden_page_is_broken(draft, now):
    there = make_page(slug="before")
    there.slug = "today"
    there.save()
    make_revision(there, is_public=False, head={}, blocks=[])
    make_section(draft, body='<p>See <a href="/treatments/before/">the other one</a>.</p>')

    assert messages(draft, now) == ["The link “the other one” doesn't work: this page isn't published."]


@pytest.mark.parametrize(
    "link", ["/treatments/before/", "/treatments/today/", "https://clinic.example/treatments/today/"]
)
def test_hiding_a_page_warns_of_typed_links_to_it(now, settings, link):
    settings.SITE_URL = "https://clinic.example"
    there, here, elsewhere = make_page(slug="before"), make_page(title="Here"), make_page()
    there.slug = "today"
    there.save()
    make_section(here, body=f'<p><a href="{link}">There</a></p>')
    make_section(elsewhere, body='<p><a href="https://other.example/treatments/today/">There</a></p>')
    publish_drafts()

    issues_found = check_hiding(there, now=now)

    assert [issue.message for issue in issues_found] == ["“Here” has a typed link that would stop working."]


def test_a_signpost_to_a_hidden_page_warns(draft, now):
    make_section(draft)
    hidden = make_page(is_published=False)
    Signpost.objects.create(parent=draft, region="main", ordering=10_000, title="There", page=hidden)

    assert messages(draft, now, blocks=False) == [
        "The page it links to isn't published. Readers will see this signpost once it is."
    ]


def test_a_card_of_an_inactive_practitioner_warns(draft, now):
    person = factories.make_practitioner(is_active=False)
    PersonCard.objects.create(parent=draft, region="main", practitioner=person)

    assert messages(draft, now, blocks=False) == ["This person no longer works here, so readers don't see the card."]


def test_a_citation_without_a_source_warns(draft, now):
    make_section(draft, body="<p>It may help [1, 4].</p>")

    assert messages(draft, now, blocks=False) == ["[4] isn't in the list of sources."]


@pytest.mark.parametrize("words", ["click here", "Here", "read more"])
def test_a_vague_link_warns(draft, now, words):
    make_section(draft, body=f'<p><a href="https://example.org/">{words}</a></p>')

    assert messages(draft, now, blocks=False) == [
        "Say in the link where it goes: screen readers read links out on their own."
    ]


@pytest.mark.parametrize("word", ["toxins", "cure", "guarantee", "best", "game-changer"])
def test_boasts_warn(draft, now, word):
    make_section(draft, body=f"<p>This is a {word} of ours.</p>")

    assert messages(draft, now, blocks=False) == [f"“{word}” promises too much. Say what is known."]


def test_a_long_sentence_warns_with_its_block_and_quote(draft, now):
    sentence = " ".join(["word"] * 31) + "."
    block = make_section(draft, body=f"<p>A short one. {sentence} Another.</p>")

    (issue,) = [issue for issue in issues(draft, now) if issue.block]

    assert issue.message == "This sentence has 31 words. Make it two sentences."
    assert (issue.blocks, issue.block, issue.quote) == (False, ("section", block.pk), sentence)


def test_low_readability_warns_with_the_hardest_block(draft, now):
    hard = make_section(draft, body="<p>" + "Physiotherapeutic interventions facilitate rehabilitation. " * 12 + "</p>")
    make_section(draft, body="<p>" + "We look at how you move. " * 10 + "</p>")

    issues_found = issues(draft, now)

    assert [issue.message.split(" (")[0] for issue in issues_found] == [
        "The text is hard to read",
        "This block is the hardest to read",
    ]
    assert issues_found[1].block == ("section", hard.pk)


def test_an_unpublished_snippet_blocks(draft, now):
    snippet = make_page(kind="snippet", is_published=False)
    block = SnippetHere.objects.create(parent=draft, region="main", snippet=snippet)

    (issue,) = issues(draft, now)

    assert (issue.message, issue.block) == (
        "This snippet isn't published, so readers would see nothing here.",
        ("snippethere", block.pk),
    )


def test_a_changed_snippet_is_checked_on_the_pages_that_include_it(draft, now):
    snippet = make_page(kind="snippet", is_published=False)
    CareCard.objects.create(parent=snippet, region="main", level=2, heading="Call 911 if", items=[{"text": "pain"}])
    publishing.publish(snippet, by=None, now=now)
    CareCard.objects.filter(parent=draft).delete()
    SnippetHere.objects.create(parent=draft, region="main", ordering=5, snippet=snippet)
    publishing.publish(draft, by=None, now=now)

    CareCard.objects.filter(parent=snippet).delete()
    Section.objects.create(parent=snippet, region="main", heading="Nothing", body="<p>Left.</p>")

    assert messages(snippet, now) == [
        f"On “{draft.title}”, which shows this snippet: Add a care card: who to call, and when."
    ]
