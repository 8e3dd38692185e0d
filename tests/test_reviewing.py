"""Rule: a review of the draft goes out with it; one of what readers see shows at once, and changes nothing else."""

# ruff: noqa: F811 (fixtures of other files)
from datetime import date, timedelta

import pytest
from django.urls import reverse

from booking.models import ShownVersion
from content import publishing, reviewing, snapshot
from content.admin.pages import drafts_ahead, with_state
from content.models import Page, Review, Revision, Section
from content.proofing import proof
from tests import make
from tests.make_content import make_revision
from tests.test_page_steps import somebody
from tests.test_publishing import alice, bob, draft, say  # noqa: F401  (fixtures)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
DAY = timedelta(days=1)


@pytest.fixture
def mei():
    return make.make_practitioner(name="Mei Lin Tran")


def asked(reviewer, now, **more):
    return {"reviewer": reviewer, "reviewed_on": now.date(), "next_review_on": now.date() + 90 * DAY} | more


@pytest.fixture
def changed(draft, alice, now):
    """Published a month ago, by Alice; she has changed the draft since, and nobody has published that."""
    before = now - 30 * DAY
    Page.objects.update(edited_by=alice, edited_at=before)
    publishing.publish(draft, by=alice, now=before)
    say(draft, "Words of tomorrow.")
    Page.objects.update(edited_at=now - DAY)
    return draft


def review_line(client, page):
    html = client.get(page.get_absolute_url()).content.decode()
    return " ".join(html[html.index('id="review"') :].split())[:600]


def test_a_review_is_kept_with_who_wrote_it_down(draft, alice, now):
    reviewer = make.make_practitioner()
    reviewing.record_review(
        draft, reviewer=reviewer, reviewed_on=date(2026, 11, 1), next_review_on=date(2027, 11, 1), by=alice, now=now
    )

    draft.refresh_from_db()
    assert (draft.reviewed_by, draft.last_reviewed_on) == (reviewer, date(2026, 11, 1))
    review = Review.objects.get()
    assert (review.made_by, review.override_reason) == (alice, "")
    with pytest.raises(TypeError):
        review.delete()


@pytest.mark.parametrize("whose", ["who writes it down", "the reviewer"])
def test_nobody_reviews_their_own_change_without_a_reason(draft, alice, bob, now, whose):
    reviewer = make.make_practitioner(user=bob)
    Page.objects.filter(pk=draft.pk).update(edited_by=alice if whose == "who writes it down" else bob)
    asked = {"reviewer": reviewer, "reviewed_on": now.date(), "next_review_on": now.date() + timedelta(days=90)}

    with pytest.raises(reviewing.OwnWork):
        reviewing.record_review(draft, **asked, by=alice, now=now)
    reviewing.record_review(draft, **asked, by=alice, now=now, override_reason="We are two people")

    assert Review.objects.get().override_reason == "We are two people"


def test_a_review_of_what_readers_see_shows_at_once_and_leaves_the_draft(changed, bob, mei, now, client):
    before = ShownVersion.objects.get().number
    reviewing.record_review(changed, **asked(mei, now), by=bob, now=now, of_live=True)

    assert "Clinically reviewed by <a" in review_line(client, changed)
    assert "Mei Lin Tran" in review_line(client, changed)
    html = client.get(changed.get_absolute_url()).content.decode()
    assert f'"lastReviewed": "{now.date()}"' in html or f'"lastReviewed":"{now.date()}"' in html
    assert "A thin needle." in html
    assert "Words of tomorrow." not in html
    assert Section.objects.get(parent=changed).body == "<p>Words of tomorrow.</p>"
    assert ShownVersion.objects.get().number > before


def test_the_draft_still_waits_to_be_published(changed, bob, mei, now):
    waiting = with_state(Page.objects.all()).filter(drafts_ahead())
    assert [page.pk for page in waiting] == [changed.pk]
    reviewing.record_review(changed, **asked(mei, now), by=bob, now=now, of_live=True)
    assert [page.pk for page in waiting.all()] == [changed.pk]


def test_the_history_keeps_who_recorded_it_and_what_was_overridden(changed, bob, mei, now):
    reviewing.record_review(changed, **asked(mei, now), by=bob, now=now, of_live=True)
    newest, first = Revision.objects.all()
    assert (newest.note, newest.made_by, newest.is_repeat, newest.edited_by) == (
        "Clinical review", bob, True, first.edited_by,
    )  # fmt: skip
    assert snapshot.of_revision(newest).reviewed_digest == snapshot.of_revision(first).reviewed_digest


def test_what_is_scheduled_stays_scheduled(changed, alice, bob, mei, now):
    publishing.publish(changed, by=alice, now=now, goes_live_at=now + DAY, note="Tomorrow")
    reviewing.record_review(changed, **asked(mei, now), by=bob, now=now, of_live=True)

    (ahead,) = Revision.objects.scheduled(at=now)
    assert (ahead.goes_live_at, ahead.note, ahead.made_by) == (now + DAY, "Tomorrow", alice)
    live = Revision.objects.live(at=now + DAY).get()
    assert [block["fields"]["body"] for block in live.blocks if block["kind"] == "section"] == [
        "<p>Words of tomorrow.</p>"
    ]


def test_who_changed_those_words_last_does_not_review_them(changed, alice, bob, mei, now):
    Page.objects.update(edited_by=bob)  # The draft is Bob's by now; what readers see is Alice's.
    with pytest.raises(reviewing.OwnWork):
        reviewing.record_review(changed, **asked(mei, now), by=alice, now=now, of_live=True)
    reviewing.record_review(changed, **asked(mei, now), by=bob, now=now, of_live=True)
    with pytest.raises(reviewing.OwnWork):
        reviewing.record_review(changed, **asked(mei, now), by=bob, now=now)


def test_where_it_was_not_kept_nobody_reviews_who_could_have_written_it(draft, alice, bob, mei, now):
    make_revision(draft, made_by=bob)
    say(draft, "Other words.")
    Page.objects.update(edited_by=alice)
    for person in (alice, bob):
        with pytest.raises(reviewing.OwnWork):
            reviewing.record_review(draft, **asked(mei, now), by=person, now=now, of_live=True)


def test_a_page_that_nobody_sees_has_no_such_review(draft, bob, mei, now):
    with pytest.raises(publishing.NothingLive):
        reviewing.record_review(draft, **asked(mei, now), by=bob, now=now, of_live=True)


def test_a_draft_with_a_review_of_its_own_keeps_it(changed, bob, mei, now):
    other = make.make_practitioner(name="Jordan Cardinal")
    reviewing.record_review(changed, **asked(other, now), by=bob, now=now)
    reviewing.record_review(changed, **asked(mei, now), by=bob, now=now, of_live=True)
    changed.refresh_from_db()
    assert changed.reviewed_by == other
    said = [finding.message for finding in proof(changed, snapshot.of_draft(changed), now=now)]
    assert [message for message in said if "review" in message] == []


def test_publishing_a_changed_draft_afterwards_says_that_its_words_are_newer(changed, bob, mei, now):
    reviewing.record_review(changed, **asked(mei, now), by=bob, now=now, of_live=True)
    changed.refresh_from_db()
    assert changed.reviewed_by == mei
    said = [finding.message for finding in proof(changed, snapshot.of_draft(changed), now=now)]
    assert [message for message in said if "changed since the review" in message]


# In the office


def test_a_reviewer_records_it_without_being_allowed_to_publish(changed, mei, now, client):
    somebody(client, "view_page", "review_page", username="rae")
    address = reverse("admin:content_page_review", args=[changed.pk])
    page = client.get(address)
    assert [choice[0] for choice in page.context["form"].fields["of"].choices] == ["live", "draft"]
    sent = {"of": "live", "seen": page.context["form"].initial["seen"], "reviewer": mei.pk}
    sent |= {"reviewed_on": now.date().isoformat(), "next_review_on": (now.date() + 90 * DAY).isoformat()}

    assert client.post(address, sent).status_code == 302
    assert "Mei Lin Tran" in review_line(client, changed)
    history = client.get(reverse("admin:content_page_history", args=[changed.pk])).content.decode()
    assert "Clinical review" in history

    # What was read is not what stands there any more: nothing is recorded.
    publishing.publish(changed, by=None, now=now)
    response = client.post(address, sent, follow=True)
    assert "the page has changed meanwhile" in response.content.decode()
    assert Review.objects.count() == 1


def test_of_a_page_without_other_words_there_is_nothing_to_choose(draft, alice, mei, now, client):
    publishing.publish(draft, by=alice, now=now)
    somebody(client, "view_page", "review_page", username="rae")
    address = reverse("admin:content_page_review", args=[draft.pk])
    form = client.get(address).context["form"]
    assert "of" not in form.fields
    sent = {"seen": form.initial["seen"], "reviewer": mei.pk}
    sent |= {"reviewed_on": now.date().isoformat(), "next_review_on": (now.date() + 90 * DAY).isoformat()}
    said = client.post(address, sent, follow=True).content.decode()
    assert "Readers see it now." in said
    assert "Mei Lin Tran" in review_line(client, draft)
    draft.refresh_from_db()
    assert draft.reviewed_by == mei
