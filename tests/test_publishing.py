"""A draft, its readers, and what stands between: publish, schedule, hide, restore."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from content import publishing, snapshot
from content.models import CareCard, Page, PlacedPicture, Revision, Section, SnippetHere
from tests import make
from tests.make_content import make_page, make_picture, make_section, make_sources

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return get_user_model().objects.create_user("alice")


@pytest.fixture
def bob():
    return get_user_model().objects.create_user("bob")


@pytest.fixture
def draft(now):
    """A draft that has everything the checks ask of a treatment."""
    reviewer = make.make_practitioner(name="Amara Okafor")
    draft = make_page(
        is_published=False,
        slug="dry-needling",
        title="Dry needling",
        reviewed_by=reviewer,
        last_reviewed_on=now.date(),
        next_review_on=now.date() + timedelta(days=365),
    )
    make_section(draft, heading="What it is", body="<p>A thin needle.</p>")
    CareCard.objects.create(parent=draft, region="main", ordering=500, heading="Call 911 if", items=[{"text": "pain"}])
    make_sources(draft, "George 2021")
    return draft


def published_words(draft, at):
    revision = Revision.objects.live(at=at).filter(page=draft).first()
    return (
        [block["fields"].get("body") for block in revision.blocks if block["kind"] == "section"] if revision else None
    )


def say(draft, words):
    Section.objects.filter(parent=draft).update(body=f"<p>{words}</p>")


def test_readers_see_what_was_published_and_not_the_draft(draft, alice, now):
    publishing.publish(draft, by=alice, now=now)
    say(draft, "Something else.")

    assert published_words(draft, now) == ["<p>A thin needle.</p>"]


def test_a_revision_says_who_when_and_why(draft, alice, now):
    revision = publishing.publish(draft, by=alice, now=now, note="First words")

    stored = Revision.objects.get()
    assert stored == revision
    assert (stored.made_by, stored.made_at, stored.goes_live_at, stored.note) == (alice, now, now, "First words")
    assert stored.schema == snapshot.SCHEMA
    assert snapshot.of_revision(stored).digest == snapshot.of_draft(draft).digest


@pytest.mark.parametrize(
    "tamper",
    [
        lambda r: r.save(),
        lambda r: r.delete(),
        lambda r: Revision.objects.filter(pk=r.pk).update(note="x"),
        lambda r: Revision.objects.filter(pk=r.pk).delete(),
    ],
    ids=["save", "delete", "update", "delete all"],
)
def test_a_revision_is_never_changed(draft, alice, now, tamper):
    revision = publishing.publish(draft, by=alice, now=now)

    with pytest.raises(TypeError, match="record"):
        tamper(revision)


def test_a_page_takes_its_history_along(draft, alice, now):
    publishing.publish(draft, by=alice, now=now)
    Page.objects.get(pk=draft.pk).delete()

    assert Revision.objects.count() == 0


def test_a_draft_that_the_checks_refuse_stays_a_draft(draft, alice, now):
    CareCard.objects.all().delete()

    with pytest.raises(publishing.Refused) as refused:
        publishing.publish(draft, by=alice, now=now)
    assert [finding.message for finding in refused.value.findings] == ["Add a care card: whom to call, and when."]
    assert Revision.objects.count() == 0


def test_an_override_keeps_what_was_refused_and_why(draft, alice, now):
    CareCard.objects.all().delete()

    revision = publishing.publish(draft, by=alice, now=now, override_reason="The card comes tomorrow")

    assert revision.overridden == ["Add a care card: whom to call, and when."]
    assert revision.override_reason == "The card comes tomorrow"


def test_a_reason_without_need_is_not_kept(draft, alice, now):
    assert publishing.publish(draft, by=alice, now=now, override_reason="Just so").override_reason == ""


def test_the_database_wants_a_reason_for_an_override(draft, now):
    at = {"goes_live_at": now, "changed_at": now, "made_at": now}
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.create(page=draft, schema=1, overridden=["Something"], **at)


def test_what_was_not_looked_at_is_not_published(draft, alice, now):
    seen = snapshot.of_draft(draft).digest
    say(draft, "Changed in another tab.")

    with pytest.raises(publishing.Changed):
        publishing.publish(draft, by=alice, now=now, digest=seen)


def test_a_scheduled_revision_appears_when_its_time_has_come(draft, alice, now):
    publishing.publish(draft, by=alice, now=now)
    say(draft, "New words.")
    friday = now + timedelta(days=4)
    publishing.publish(draft, by=alice, now=now, goes_live_at=friday)

    assert published_words(draft, friday - timedelta(microseconds=1)) == ["<p>A thin needle.</p>"]
    assert published_words(draft, friday) == ["<p>New words.</p>"]


def test_a_time_that_has_passed_means_now(draft, alice, now):
    assert publishing.publish(draft, by=alice, now=now, goes_live_at=now - timedelta(days=1)).goes_live_at == now


def test_publishing_calls_off_what_was_scheduled_before(draft, alice, now):
    friday = now + timedelta(days=4)
    publishing.publish(draft, by=alice, now=now, goes_live_at=friday)
    say(draft, "Newer.")
    publishing.publish(draft, by=alice, now=now)

    assert published_words(draft, friday) == ["<p>Newer.</p>"]
    assert list(Revision.objects.scheduled(at=now)) == []


def test_two_may_be_scheduled_one_after_the_other(draft, alice, now):
    thursday, friday = now + timedelta(days=3), now + timedelta(days=4)
    first = publishing.publish(draft, by=alice, now=now, goes_live_at=thursday)
    say(draft, "Friday's.")
    second = publishing.publish(draft, by=alice, now=now, goes_live_at=friday)

    assert list(Revision.objects.scheduled(at=now).order_by("pk")) == [first, second]
    assert published_words(draft, thursday) == ["<p>A thin needle.</p>"]
    assert published_words(draft, friday) == ["<p>Friday's.</p>"]


def test_calling_off_keeps_what_readers_see(draft, alice, now):
    publishing.publish(draft, by=alice, now=now)
    say(draft, "New words.")
    publishing.publish(draft, by=alice, now=now, goes_live_at=now + timedelta(days=1))

    publishing.call_off(draft, by=alice, now=now)

    assert published_words(draft, now + timedelta(days=2)) == ["<p>A thin needle.</p>"]
    with pytest.raises(publishing.NothingLive):
        publishing.call_off(draft, by=alice, now=now)


def test_calling_off_a_first_publishing_leaves_nothing(draft, alice, now):
    publishing.publish(draft, by=alice, now=now, goes_live_at=now + timedelta(days=1))

    publishing.call_off(draft, by=alice, now=now)

    assert published_words(draft, now + timedelta(days=2)) is None


def test_a_hidden_page_can_be_published_again(draft, alice, now, client, settings):
    publishing.publish(draft, by=alice, now=now)
    publishing.unpublish(draft, by=alice, now=now)
    assert published_words(draft, now) is None
    with pytest.raises(publishing.NothingLive):
        publishing.unpublish(draft, by=alice, now=now)

    publishing.publish(draft, by=alice, now=now)

    assert published_words(draft, now) == ["<p>A thin needle.</p>"]


def test_hiding_calls_off_what_was_scheduled(draft, alice, now):
    publishing.publish(draft, by=alice, now=now, goes_live_at=now + timedelta(days=1))

    publishing.unpublish(draft, by=alice, now=now)

    assert published_words(draft, now + timedelta(days=2)) is None


def test_the_same_words_again_are_no_change_for_search_engines(draft, alice, now):
    publishing.publish(draft, by=alice, now=now)
    later = now + timedelta(days=1)

    assert publishing.publish(draft, by=alice, now=later).changed_at == now
    say(draft, "Other words.")
    assert publishing.publish(draft, by=alice, now=later).changed_at == later


def test_restoring_brings_the_words_back_into_the_draft_alone(draft, alice, bob, now):
    picture = make_picture()
    PlacedPicture.objects.create(parent=draft, region="main", ordering=7, picture=picture, alt="A path")
    first = publishing.publish(draft, by=alice, now=now)
    say(draft, "Other words.")
    Page.objects.filter(pk=draft.pk).update(title="Another title")
    make_section(draft, heading="One more")
    second = publishing.publish(draft, by=alice, now=now)

    restored = publishing.restore(first, by=bob, now=now)

    assert snapshot.of_draft(restored).digest == snapshot.of_revision(first).digest
    assert (restored.title, restored.edited_by) == ("Dry needling", bob)
    assert Revision.objects.live(at=now).get() == second


def test_what_is_gone_cannot_be_restored(draft, alice, now, stopped_clock):
    picture = make_picture()
    PlacedPicture.objects.create(parent=draft, region="main", ordering=7, picture=picture, alt="A path")
    Page.objects.filter(pk=draft.pk).update(hero_picture=picture, hero_alt="A path")
    first = publishing.publish(draft, by=alice, now=now)
    PlacedPicture.objects.all().delete()
    Page.objects.filter(pk=draft.pk).update(hero_picture=None, hero_alt="")
    publishing.publish(draft, by=alice, now=now)  # Until then readers see the picture, and it cannot go.
    picture.delete()

    restored = publishing.restore(first, by=alice, now=now)

    assert PlacedPicture.objects.count() == 0
    assert (restored.hero_picture, restored.hero_alt) == (None, "")
    assert Section.objects.filter(parent=draft).count() == 1


def test_a_snippet_is_shown_as_it_was_last_published(draft, alice, now, client, stopped_clock):
    snippet = make_page(kind="snippet", title="Signs", lede="", is_published=False)
    make_section(snippet, heading="Signs", body="<p>Numbness.</p>")
    SnippetHere.objects.create(parent=draft, region="main", ordering=800, snippet=snippet)
    publishing.publish(snippet, by=alice, now=now)
    publishing.publish(draft, by=alice, now=now)
    assert "Numbness." in client.get("/treatments/dry-needling/").content.decode()

    Section.objects.filter(parent=snippet).update(body="<p>Weakness.</p>")
    assert "Numbness." in client.get("/treatments/dry-needling/").content.decode()
    publishing.publish(snippet, by=alice, now=now)

    html = client.get("/treatments/dry-needling/").content.decode()
    assert "Weakness." in html
    assert "Numbness." not in html
