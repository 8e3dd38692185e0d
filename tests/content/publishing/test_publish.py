"""Publishing commands: publish, schedule, hide, restore."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from content.blocks import page_content
from content.models import CareCard, Page, PlacedPicture, Revision, Section, SnippetHere
from content.publishing import publish as publishing
from tests.support.content_factories import make_page, make_picture, make_section

pytestmark = pytest.mark.django_db


def published_bodies(draft, at):
    revision = Revision.objects.live(at=at).filter(page=draft).first()
    return (
        [block["fields"].get("body") for block in revision.blocks if block["kind"] == "section"] if revision else None
    )


def set_section_text(draft, words):
    Section.objects.filter(parent=draft).update(body=f"<p>{words}</p>")


def test_readers_see_the_published_content_not_the_draft(draft, alice, now):
    publishing.publish(draft, by=alice, now=now)
    set_section_text(draft, "Something else.")

    assert published_bodies(draft, now) == ["<p>A thin needle.</p>"]


def test_a_revision_records_user_time_and_note(draft, alice, now):
    revision = publishing.publish(draft, by=alice, now=now, note="First words")

    stored = Revision.objects.get()
    assert stored == revision
    assert (stored.made_by, stored.made_at, stored.goes_live_at, stored.note) == (alice, now, now, "First words")
    assert stored.schema == page_content.SCHEMA
    assert page_content.content_of_revision(stored).digest == page_content.content_of_draft(draft).digest


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
def test_a_revision_is_append_only(draft, alice, now, tamper):
    revision = publishing.publish(draft, by=alice, now=now)

    with pytest.raises(TypeError, match="record"):
        tamper(revision)


def test_deleting_a_page_deletes_its_revisions(draft, alice, now):
    publishing.publish(draft, by=alice, now=now)
    Page.objects.get(pk=draft.pk).delete()

    assert Revision.objects.count() == 0


def test_blocking_issues_prevent_publishing(draft, alice, now):
    CareCard.objects.all().delete()

    with pytest.raises(publishing.PublishingError) as error:
        publishing.publish(draft, by=alice, now=now)
    assert [issue.message for issue in error.value.findings] == ["Add a care card: who to call, and when."]
    assert Revision.objects.count() == 0


def test_an_override_records_the_issues_and_the_reason(draft, alice, now):
    CareCard.objects.all().delete()

    revision = publishing.publish(draft, by=alice, now=now, override_reason="The card comes tomorrow")

    assert revision.overridden == ["Add a care card: who to call, and when."]
    assert revision.override_reason == "The card comes tomorrow"


def test_an_unneeded_override_reason_is_not_stored(draft, alice, now):
    assert publishing.publish(draft, by=alice, now=now, override_reason="Just so").override_reason == ""


def test_the_database_requires_a_reason_for_an_override(draft, now):
    at = {"goes_live_at": now, "changed_at": now, "made_at": now}
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.create(page=draft, schema=1, overridden=["Something"], **at)


def test_a_draft_changed_since_it_was_seen_is_not_published(draft, alice, now):
    seen = page_content.content_of_draft(draft).digest
    set_section_text(draft, "Changed in another tab.")

    with pytest.raises(publishing.DraftChanged):
        publishing.publish(draft, by=alice, now=now, digest=seen)


def test_a_scheduled_revision_appears_at_its_go_live_time(draft, alice, now):
    publishing.publish(draft, by=alice, now=now)
    set_section_text(draft, "New words.")
    friday = now + timedelta(days=4)
    publishing.publish(draft, by=alice, now=now, goes_live_at=friday)

    assert published_bodies(draft, friday - timedelta(microseconds=1)) == ["<p>A thin needle.</p>"]
    assert published_bodies(draft, friday) == ["<p>New words.</p>"]


def test_a_past_go_live_time_means_now(draft, alice, now):
    assert publishing.publish(draft, by=alice, now=now, goes_live_at=now - timedelta(days=1)).goes_live_at == now


def test_publishing_cancels_scheduled_revisions(draft, alice, now):
    friday = now + timedelta(days=4)
    publishing.publish(draft, by=alice, now=now, goes_live_at=friday)
    set_section_text(draft, "Newer.")
    publishing.publish(draft, by=alice, now=now)

    assert published_bodies(draft, friday) == ["<p>Newer.</p>"]
    assert list(Revision.objects.scheduled(at=now)) == []


def test_two_revisions_can_be_scheduled_in_sequence(draft, alice, now):
    thursday, friday = now + timedelta(days=3), now + timedelta(days=4)
    first = publishing.publish(draft, by=alice, now=now, goes_live_at=thursday)
    set_section_text(draft, "Friday's.")
    second = publishing.publish(draft, by=alice, now=now, goes_live_at=friday)

    assert list(Revision.objects.scheduled(at=now).order_by("pk")) == [first, second]
    assert published_bodies(draft, thursday) == ["<p>A thin needle.</p>"]
    assert published_bodies(draft, friday) == ["<p>Friday's.</p>"]


def test_cancelling_a_schedule_keeps_the_published_content(draft, alice, now):
    publishing.publish(draft, by=alice, now=now)
    set_section_text(draft, "New words.")
    publishing.publish(draft, by=alice, now=now, goes_live_at=now + timedelta(days=1))

    publishing.cancel_schedule(draft, by=alice, now=now)

    assert published_bodies(draft, now + timedelta(days=2)) == ["<p>A thin needle.</p>"]
    with pytest.raises(publishing.NothingPublished):
        publishing.cancel_schedule(draft, by=alice, now=now)


def test_cancelling_a_first_schedule_leaves_nothing_published(draft, alice, now):
    publishing.publish(draft, by=alice, now=now, goes_live_at=now + timedelta(days=1))

    publishing.cancel_schedule(draft, by=alice, now=now)

    assert published_bodies(draft, now + timedelta(days=2)) is None


def test_a_hidden_page_can_be_published_again(draft, alice, now, client, settings):
    publishing.publish(draft, by=alice, now=now)
    publishing.unpublish(draft, by=alice, now=now)
    assert published_bodies(draft, now) is None
    with pytest.raises(publishing.NothingPublished):
        publishing.unpublish(draft, by=alice, now=now)

    publishing.publish(draft, by=alice, now=now)

    assert published_bodies(draft, now) == ["<p>A thin needle.</p>"]


def test_hiding_cancels_scheduled_revisions(draft, alice, now):
    publishing.publish(draft, by=alice, now=now, goes_live_at=now + timedelta(days=1))

    publishing.unpublish(draft, by=alice, now=now)

    assert published_bodies(draft, now + timedelta(days=2)) is None


def test_publishing_the_same_content_keeps_changed_at(draft, alice, now):
    publishing.publish(draft, by=alice, now=now)
    later = now + timedelta(days=1)

    assert publishing.publish(draft, by=alice, now=later).changed_at == now
    set_section_text(draft, "Other words.")
    assert publishing.publish(draft, by=alice, now=later).changed_at == later


def test_restoring_changes_the_draft_only(draft, alice, bob, now):
    picture = make_picture()
    PlacedPicture.objects.create(parent=draft, region="main", ordering=7, picture=picture, alt="A path")
    first = publishing.publish(draft, by=alice, now=now)
    set_section_text(draft, "Other words.")
    Page.objects.filter(pk=draft.pk).update(title="Another title")
    make_section(draft, heading="One more")
    second = publishing.publish(draft, by=alice, now=now)

    restored = publishing.restore(first, by=bob, now=now)

    assert page_content.content_of_draft(restored).digest == page_content.content_of_revision(first).digest
    assert (restored.title, restored.edited_by) == ("Dry needling", bob)
    assert Revision.objects.live(at=now).get() == second


def test_restoring_leaves_out_deleted_references(draft, alice, now, stopped_clock):
    picture = make_picture()
    PlacedPicture.objects.create(parent=draft, region="main", ordering=7, picture=picture, alt="A path")
    Page.objects.filter(pk=draft.pk).update(hero_picture=picture, hero_alt="A path")
    first = publishing.publish(draft, by=alice, now=now)
    PlacedPicture.objects.all().delete()
    Page.objects.filter(pk=draft.pk).update(hero_picture=None, hero_alt="")
    publishing.publish(draft, by=alice, now=now)  # Until then the published revision protects the picture.
    picture.delete()

    restored = publishing.restore(first, by=alice, now=now)

    assert PlacedPicture.objects.count() == 0
    assert (restored.hero_picture, restored.hero_alt) == (None, "")
    assert Section.objects.filter(parent=draft).count() == 1


def test_a_page_shows_the_published_version_of_a_snippet(draft, alice, now, client, stopped_clock):
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
