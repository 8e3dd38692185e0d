"""Clinical reviews: of the draft, published with it; of the published content, shown at once."""

from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.urls import reverse

from booking.models import ContentVersion
from content.admin.editing.filters import drafts_ahead, with_state
from content.blocks import page_content
from content.models import Page, Review, Revision, Section
from content.publishing import publish as publishing
from content.publishing import review as reviewing
from content.publishing.checks.rules import check_page
from tests.content.admin.test_steps import somebody
from tests.content.publishing.test_publish import set_section_text
from tests.support import factories
from tests.support.content_factories import make_revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
DAY = timedelta(days=1)


@pytest.fixture
def mei():
    return factories.make_practitioner(name="Mei Lin Tran")


def review_params(reviewer, now, **extra):
    return {"reviewer": reviewer, "reviewed_on": now.date(), "next_review_on": now.date() + 90 * DAY} | extra


@pytest.fixture
def changed_page(draft, alice, now):
    """A page that Alice published a month ago, with unpublished changes of hers in the draft."""
    before = now - 30 * DAY
    Page.objects.update(edited_by=alice, edited_at=before)
    publishing.publish(draft, by=alice, now=before)
    set_section_text(draft, "Words of tomorrow.")
    Page.objects.update(edited_at=now - DAY)
    return draft


def review_line(client, page):
    html = client.get(page.get_absolute_url()).content.decode()
    return " ".join(html[html.index('id="review"') :].split())[:600]


def test_a_review_records_reviewer_and_user(draft, alice, now):
    reviewer = factories.make_practitioner()
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
    reviewer = factories.make_practitioner(user=bob)
    Page.objects.filter(pk=draft.pk).update(edited_by=alice if whose == "who writes it down" else bob)
    params = {"reviewer": reviewer, "reviewed_on": now.date(), "next_review_on": now.date() + timedelta(days=90)}

    with pytest.raises(reviewing.OwnWork):
        reviewing.record_review(draft, **params, by=alice, now=now)
    reviewing.record_review(draft, **params, by=alice, now=now, override_reason="We are two people")

    assert Review.objects.get().override_reason == "We are two people"


def test_a_review_of_the_published_content_shows_at_once_and_keeps_the_draft(changed_page, bob, mei, now, client):
    before = ContentVersion.objects.get().number
    reviewing.record_review(changed_page, **review_params(mei, now), by=bob, now=now, of_live=True)

    assert "Clinically reviewed by <a" in review_line(client, changed_page)
    assert "Mei Lin Tran" in review_line(client, changed_page)
    html = client.get(changed_page.get_absolute_url()).content.decode()
    assert f'"lastReviewed": "{now.date()}"' in html or f'"lastReviewed":"{now.date()}"' in html
    assert "A thin needle." in html
    assert "Words of tomorrow." not in html
    assert Section.objects.get(parent=changed_page).body == "<p>Words of tomorrow.</p>"
    assert ContentVersion.objects.get().number > before


def test_the_draft_still_has_unpublished_changes(changed_page, bob, mei, now):
    waiting = with_state(Page.objects.all()).filter(drafts_ahead())
    assert [page.pk for page in waiting] == [changed_page.pk]
    reviewing.record_review(changed_page, **review_params(mei, now), by=bob, now=now, of_live=True)
    assert [page.pk for page in waiting.all()] == [changed_page.pk]


def test_the_history_records_who_recorded_the_review(changed_page, bob, mei, now):
    reviewing.record_review(changed_page, **review_params(mei, now), by=bob, now=now, of_live=True)
    newest, first = Revision.objects.all()
    assert (newest.note, newest.made_by, newest.is_repeat, newest.edited_by) == (
        "Clinical review", bob, True, first.edited_by,
    )  # fmt: skip
    assert (
        page_content.content_of_revision(newest).reviewed_digest
        == page_content.content_of_revision(first).reviewed_digest
    )


def test_scheduled_revisions_stay_scheduled(changed_page, alice, bob, mei, now):
    publishing.publish(changed_page, by=alice, now=now, goes_live_at=now + DAY, note="Tomorrow")
    reviewing.record_review(changed_page, **review_params(mei, now), by=bob, now=now, of_live=True)

    (scheduled,) = Revision.objects.scheduled(at=now)
    assert (scheduled.goes_live_at, scheduled.note, scheduled.made_by) == (now + DAY, "Tomorrow", alice)
    live = Revision.objects.live(at=now + DAY).get()
    assert [block["fields"]["body"] for block in live.blocks if block["kind"] == "section"] == [
        "<p>Words of tomorrow.</p>"
    ]


def test_the_last_editor_of_that_version_cannot_review_it(changed_page, alice, bob, mei, now):
    Page.objects.update(edited_by=bob)  # Bob edited the draft last; Alice edited the published content.
    with pytest.raises(reviewing.OwnWork):
        reviewing.record_review(changed_page, **review_params(mei, now), by=alice, now=now, of_live=True)
    reviewing.record_review(changed_page, **review_params(mei, now), by=bob, now=now, of_live=True)
    with pytest.raises(reviewing.OwnWork):
        reviewing.record_review(changed_page, **review_params(mei, now), by=bob, now=now)


def test_without_a_stored_editor_no_possible_editor_can_review(draft, alice, bob, mei, now):
    make_revision(draft, made_by=bob)
    set_section_text(draft, "Other words.")
    Page.objects.update(edited_by=alice)
    for person in (alice, bob):
        with pytest.raises(reviewing.OwnWork):
            reviewing.record_review(draft, **review_params(mei, now), by=person, now=now, of_live=True)


def test_an_unpublished_page_has_no_review_of_published_content(draft, bob, mei, now):
    with pytest.raises(publishing.NothingPublished):
        reviewing.record_review(draft, **review_params(mei, now), by=bob, now=now, of_live=True)


def test_a_draft_keeps_its_own_review(changed_page, bob, mei, now):
    other = factories.make_practitioner(name="Jordan Cardinal")
    reviewing.record_review(changed_page, **review_params(other, now), by=bob, now=now)
    reviewing.record_review(changed_page, **review_params(mei, now), by=bob, now=now, of_live=True)
    changed_page.refresh_from_db()
    assert changed_page.reviewed_by == other
    messages = [
        issue.message for issue in check_page(changed_page, page_content.content_of_draft(changed_page), now=now)
    ]
    assert [message for message in messages if "review" in message] == []


def test_a_changed_draft_warns_that_it_is_newer_than_the_review(changed_page, bob, mei, now):
    reviewing.record_review(changed_page, **review_params(mei, now), by=bob, now=now, of_live=True)
    changed_page.refresh_from_db()
    assert changed_page.reviewed_by == mei
    messages = [
        issue.message for issue in check_page(changed_page, page_content.content_of_draft(changed_page), now=now)
    ]
    assert [message for message in messages if "changed since the review" in message]


# Admin


def test_a_reviewer_needs_no_permission_to_publish(changed_page, mei, now, client):
    mei.user = somebody(client, "view_page", "review_page", username="rae")
    mei.save()
    address = reverse("admin:content_page_review", args=[changed_page.pk])
    page = client.get(address)
    assert [choice[0] for choice in page.context["form"].fields["of"].choices] == ["live", "draft"]
    data = {"of": "live", "seen": page.context["form"].initial["seen"], "reviewer": mei.pk}
    data |= {"reviewed_on": now.date().isoformat(), "next_review_on": (now.date() + 90 * DAY).isoformat()}

    assert client.post(address, data).status_code == 302
    assert "Mei Lin Tran" in review_line(client, changed_page)
    history = client.get(reverse("admin:content_page_history", args=[changed_page.pk])).content.decode()
    assert "Clinical review" in history

    # The content has changed since it was read: nothing is recorded.
    publishing.publish(changed_page, by=None, now=now)
    response = client.post(address, data, follow=True)
    assert "the page has changed in the meantime" in response.content.decode()
    assert Review.objects.count() == 1


def test_without_unpublished_changes_there_is_no_version_to_choose(draft, alice, mei, now, client):
    publishing.publish(draft, by=alice, now=now)
    mei.user = somebody(client, "view_page", "review_page", username="rae")
    mei.save()
    address = reverse("admin:content_page_review", args=[draft.pk])
    form = client.get(address).context["form"]
    assert "of" not in form.fields
    data = {"seen": form.initial["seen"], "reviewer": mei.pk}
    data |= {"reviewed_on": now.date().isoformat(), "next_review_on": (now.date() + 90 * DAY).isoformat()}
    html = client.post(address, data, follow=True).content.decode()
    assert "Readers see it now." in html
    assert "Mei Lin Tran" in review_line(client, draft)
    draft.refresh_from_db()
    assert draft.reviewed_by == mei


class TestWhoReviewed:
    """A review is recorded by whoever did it; with a permission of its own also by somebody else."""

    @pytest.fixture
    def address(self, changed_page):
        return reverse("admin:content_page_review", args=[changed_page.pk])

    @pytest.fixture
    def filled_in(self, now):
        return {
            "of": "draft",
            "reviewed_on": now.date().isoformat(),
            "next_review_on": (now.date() + 90 * DAY).isoformat(),
        }

    def test_a_reviewer_is_offered_their_own_name_only(self, client, address, filled_in, mei):
        mei.user = somebody(client, "view_page", "review_page", username="rae")
        mei.save()
        other = factories.make_practitioner(name="Amara Okafor")
        form = client.get(address).context["form"]
        assert list(form.fields["reviewer"].queryset) == [mei]
        refused = client.post(address, filled_in | {"reviewer": other.pk})
        assert (refused.status_code, Review.objects.count()) == (422, 0)
        assert client.post(address, filled_in | {"reviewer": mei.pk}).status_code == 302
        review = Review.objects.get()
        assert (review.reviewer, review.made_by) == (mei, mei.user)

    def test_a_permission_allows_to_record_for_others_and_both_names_are_kept(self, client, address, filled_in, mei):
        permissions = ("view_page", "review_page", "review_page_for_others")
        rae = somebody(client, *permissions, username="rae")
        assert client.post(address, filled_in | {"reviewer": mei.pk}).status_code == 302
        review = Review.objects.get()
        assert (review.reviewer, review.made_by) == (mei, rae)
        history = client.get(address.replace("/review/", "/history/")).content.decode()
        assert "Mei Lin Tran, next by" in history
        assert "(recorded by rae)" in history

    @pytest.mark.parametrize("linked", ["nobody", "inactive"])
    def test_without_a_name_of_their_own_the_page_says_what_is_missing(self, linked, client, address, filled_in, mei):
        rae = somebody(client, "view_page", "review_page", username="rae")
        if linked == "inactive":
            mei.user, mei.is_active = rae, False
            mei.save()
        page = client.get(address)
        assert "your login isn't linked to anyone on the team" in page.content.decode()
        assert client.post(address, filled_in | {"reviewer": mei.pk}).status_code == 422
        assert not Review.objects.exists()

    @pytest.mark.parametrize("linked", [True, False])
    def test_the_command_refuses_another_persons_name(self, linked, changed_page, mei, now):
        rae = get_user_model().objects.create_user("rae")
        if linked:
            factories.make_practitioner(name="Rae Cardinal", user=rae)
        with pytest.raises(reviewing.NotTheReviewer):
            reviewing.record_review(changed_page, **review_params(mei, now), by=rae, now=now)
        assert not Review.objects.exists()

    @pytest.mark.parametrize(("role", "may"), [("Clinical reviewer", False), ("Publisher", False), ("Owner", True)])
    def test_of_the_shipped_roles_only_the_owner_records_for_others(self, role, may):
        permissions = Group.objects.get(name=role).permissions
        assert permissions.filter(codename="review_page_for_others").exists() == may
