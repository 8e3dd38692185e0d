"""Clinical reviews: of the draft, published with it; of the published content, shown at once."""

from datetime import date, timedelta
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
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


def review_params(now, **extra):
    return {
        "reviewed_on": now.date(),
        "next_review_on": now.date() + 90 * DAY,
        "evidence": "George 2021 still says so.",
    } | extra


def rae(client, *more, **linked):
    """Log in a clinical reviewer, whose login is linked to Mei Lin Tran."""
    user = somebody(client, "view_page", "review_page", *more, username="rae")
    factories.make_practitioner(**{"name": "Mei Lin Tran", "user": user} | linked)
    return user


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


def test_a_review_records_reviewer_user_and_evidence(draft, bob, now):
    reviewing.record_review(
        draft,
        reviewed_on=date(2026, 11, 1),
        next_review_on=date(2027, 11, 1),
        evidence="George 2021",
        by=bob,
        now=now,
    )

    draft.refresh_from_db()
    assert (draft.reviewed_by, draft.last_reviewed_on) == (bob.practitioner, date(2026, 11, 1))
    review = Review.objects.get()
    assert (review.reviewer, review.made_by, review.override_reason) == (bob.practitioner, bob, "")
    assert review.evidence == "George 2021"
    with pytest.raises(TypeError):
        review.delete()


def test_nobody_reviews_their_own_change_without_a_reason(draft, bob, now):
    Page.objects.filter(pk=draft.pk).update(edited_by=bob)

    with pytest.raises(reviewing.OwnWork):
        reviewing.record_review(draft, **review_params(now), by=bob, now=now)
    reviewing.record_review(draft, **review_params(now), by=bob, now=now, override_reason="We are two people")

    assert Review.objects.get().override_reason == "We are two people"


def test_a_reason_is_not_kept_where_none_was_needed(draft, alice, bob, now):
    Page.objects.filter(pk=draft.pk).update(edited_by=alice)
    reviewing.record_review(draft, **review_params(now), by=bob, now=now, override_reason="We are two people")
    assert Review.objects.get().override_reason == ""


def test_a_review_of_a_treatment_says_what_evidence_was_looked_at(draft, bob, now):
    with pytest.raises(reviewing.NoEvidence):
        reviewing.record_review(draft, **review_params(now, evidence=""), by=bob, now=now)
    Page.objects.filter(pk=draft.pk).update(kind="fees", slug="")
    reviewing.record_review(draft, **review_params(now, evidence=""), by=bob, now=now)
    assert Review.objects.get().evidence == ""


def test_a_review_of_the_published_content_shows_at_once_and_keeps_the_draft(changed_page, bob, now, client):
    before = ContentVersion.objects.get().number
    reviewing.record_review(changed_page, **review_params(now), by=bob, now=now, of_live=True)

    assert "Clinically reviewed by <a" in review_line(client, changed_page)
    assert "Mei Lin Tran" in review_line(client, changed_page)
    html = client.get(changed_page.get_absolute_url()).content.decode()
    assert f'"lastReviewed": "{now.date()}"' in html or f'"lastReviewed":"{now.date()}"' in html
    assert "A thin needle." in html
    assert "Words of tomorrow." not in html
    assert Section.objects.get(parent=changed_page).body == "<p>Words of tomorrow.</p>"
    assert ContentVersion.objects.get().number > before


def test_the_draft_still_has_unpublished_changes(changed_page, bob, now):
    waiting = with_state(Page.objects.all()).filter(drafts_ahead())
    assert [page.pk for page in waiting] == [changed_page.pk]
    reviewing.record_review(changed_page, **review_params(now), by=bob, now=now, of_live=True)
    assert [page.pk for page in waiting.all()] == [changed_page.pk]


def test_the_history_records_who_recorded_the_review(changed_page, bob, now):
    reviewing.record_review(changed_page, **review_params(now), by=bob, now=now, of_live=True)
    newest, first = Revision.objects.all()
    assert (newest.note, newest.made_by, newest.is_repeat, newest.edited_by) == (
        "Clinical review", bob, True, first.edited_by,
    )  # fmt: skip
    assert (
        page_content.content_of_revision(newest).reviewed_digest
        == page_content.content_of_revision(first).reviewed_digest
    )


def test_scheduled_revisions_stay_scheduled(changed_page, alice, bob, now):
    publishing.publish(changed_page, by=alice, now=now, goes_live_at=now + DAY, note="Tomorrow")
    reviewing.record_review(changed_page, **review_params(now), by=bob, now=now, of_live=True)

    (scheduled,) = Revision.objects.scheduled(at=now)
    assert (scheduled.goes_live_at, scheduled.note, scheduled.made_by) == (now + DAY, "Tomorrow", alice)
    live = Revision.objects.live(at=now + DAY).get()
    assert [block["fields"]["body"] for block in live.blocks if block["kind"] == "section"] == [
        "<p>Words of tomorrow.</p>"
    ]


def test_the_last_editor_of_that_version_cannot_review_it(changed_page, alice, bob, now):
    Page.objects.update(edited_by=bob)  # Bob edited the draft last; Alice edited the published content.
    with pytest.raises(reviewing.OwnWork):
        reviewing.record_review(changed_page, **review_params(now), by=alice, now=now, of_live=True)
    reviewing.record_review(changed_page, **review_params(now), by=bob, now=now, of_live=True)
    with pytest.raises(reviewing.OwnWork):
        reviewing.record_review(changed_page, **review_params(now), by=bob, now=now)


def test_without_a_stored_editor_no_possible_editor_can_review(draft, alice, bob, now):
    make_revision(draft, made_by=bob)
    set_section_text(draft, "Other words.")
    Page.objects.update(edited_by=alice)
    for person in (alice, bob):
        with pytest.raises(reviewing.OwnWork):
            reviewing.record_review(draft, **review_params(now), by=person, now=now, of_live=True)


def test_an_unpublished_page_has_no_review_of_published_content(draft, bob, now):
    with pytest.raises(publishing.NothingPublished):
        reviewing.record_review(draft, **review_params(now), by=bob, now=now, of_live=True)


def test_a_draft_keeps_its_own_review(changed_page, bob, now):
    jordan = get_user_model().objects.create_user("jordan")
    factories.make_practitioner(name="Jordan Cardinal", user=jordan)
    reviewing.record_review(changed_page, **review_params(now), by=jordan, now=now)
    reviewing.record_review(changed_page, **review_params(now), by=bob, now=now, of_live=True)
    changed_page.refresh_from_db()
    assert changed_page.reviewed_by == jordan.practitioner
    messages = [
        issue.message for issue in check_page(changed_page, page_content.content_of_draft(changed_page), now=now)
    ]
    assert [message for message in messages if "review" in message] == []


def test_a_changed_draft_warns_that_it_is_newer_than_the_review(changed_page, bob, now):
    reviewing.record_review(changed_page, **review_params(now), by=bob, now=now, of_live=True)
    changed_page.refresh_from_db()
    assert changed_page.reviewed_by == bob.practitioner
    messages = [
        issue.message for issue in check_page(changed_page, page_content.content_of_draft(changed_page), now=now)
    ]
    assert [message for message in messages if "changed since the review" in message]


class TestVersionBefore:
    """What a reviewer compares the draft with."""

    def texts(self, page, now):
        earlier = reviewing.version_before(page, page_content.content_of_draft(page), now=now)
        return earlier and [block["fields"]["body"] for block in earlier.content.blocks if block["kind"] == "section"]

    def test_it_is_the_version_that_was_reviewed_last(self, changed_page, bob, alice, now):
        reviewing.record_review(changed_page, **review_params(now), by=bob, now=now, of_live=True)
        publishing.publish(changed_page, by=alice, now=now)
        set_section_text(changed_page, "Words of the day after.")
        assert self.texts(changed_page, now) == ["<p>A thin needle.</p>"]

    def test_without_a_review_it_is_what_readers_see(self, changed_page, now):
        assert self.texts(changed_page, now) == ["<p>A thin needle.</p>"]

    def test_a_reviewed_draft_that_was_never_published_cannot_be_compared_with(self, changed_page, bob, now):
        reviewing.record_review(changed_page, **review_params(now), by=bob, now=now)
        set_section_text(changed_page, "Words of the day after.")
        assert self.texts(changed_page, now) == ["<p>A thin needle.</p>"]

    def test_a_new_page_has_none(self, draft, now):
        assert self.texts(draft, now) is None


# Admin


@pytest.fixture
def address(changed_page):
    return reverse("admin:content_page_review", args=[changed_page.pk])


@pytest.fixture
def filled_in(now):
    return {
        "of": "draft",
        "evidence": "George 2021",
        "reviewed_on": now.date().isoformat(),
        "next_review_on": (now.date() + 90 * DAY).isoformat(),
    }


def test_a_reviewer_needs_no_permission_to_publish(changed_page, address, filled_in, now, client):
    rae(client)
    page = client.get(address)
    assert [choice[0] for choice in page.context["form"].fields["of"].choices] == ["live", "draft"]
    data = filled_in | {"of": "live", "seen": page.context["form"].initial["seen"]}

    assert client.post(address, data).status_code == 302
    assert "Mei Lin Tran" in review_line(client, changed_page)
    history = client.get(reverse("admin:content_page_history", args=[changed_page.pk])).content.decode()
    assert "Clinical review" in history

    # The content has changed since it was read: nothing is recorded, and nothing that was typed is lost.
    publishing.publish(changed_page, by=None, now=now)
    response = client.post(address, data | {"evidence": "Hu 2018, too"})
    assert response.status_code == 409
    html = response.content.decode()
    assert "the page has changed in the meantime" in html
    assert "Hu 2018, too" in html
    assert data["seen"] not in html
    assert Review.objects.count() == 1


def test_without_unpublished_changes_there_is_no_version_to_choose(draft, alice, filled_in, now, client):
    publishing.publish(draft, by=alice, now=now)
    rae(client)
    address = reverse("admin:content_page_review", args=[draft.pk])
    form = client.get(address).context["form"]
    assert "of" not in form.fields
    html = client.post(address, filled_in | {"seen": form.initial["seen"]}, follow=True).content.decode()
    assert "Readers see it now." in html
    assert "Mei Lin Tran" in review_line(client, draft)
    draft.refresh_from_db()
    assert draft.reviewed_by.name == "Mei Lin Tran"


class TestEvidence:
    def test_it_is_asked_for_and_listed_in_the_history_only(self, client, changed_page, address, filled_in):
        rae(client)
        refused = client.post(address, filled_in | {"of": "live", "evidence": " "})
        assert refused.status_code == 422
        assert "Say which guidelines and studies you looked at." in refused.content.decode()
        client.post(address, filled_in | {"of": "live", "evidence": "<b>George 2021</b>\u200b"})
        assert Review.objects.get().evidence == "<b>George 2021</b>"
        history = client.get(address.replace("/review/", "/history/")).content.decode()
        assert "&lt;b&gt;George 2021&lt;/b&gt;" in history
        assert "George 2021</b>" not in unescape(client.get(changed_page.get_absolute_url()).content.decode())

    @pytest.mark.parametrize(("length", "status"), [(4000, 302), (4001, 422), (400_000, 422)])
    def test_it_has_a_limit(self, client, address, filled_in, length, status):
        rae(client)
        assert client.post(address, filled_in | {"evidence": "x" * length}).status_code == status


class TestWhoReviewed:
    """A review is recorded by whoever did it, and in no other name."""

    def test_the_reviewer_signs_with_their_own_name(self, client, address, filled_in):
        user = rae(client)
        other = factories.make_practitioner(name="Amara Okafor")
        page = client.get(address)
        assert "reviewer" not in page.context["form"].fields
        assert "You're signing as <strong>Mei Lin Tran</strong>." in page.content.decode()
        assert client.post(address, filled_in | {"reviewer": other.pk}).status_code == 302
        review = Review.objects.get()
        assert (review.reviewer, review.made_by) == (user.practitioner, user)

    def test_an_owner_signs_for_no_one_else(self, client, address, filled_in):
        owner = get_user_model().objects.create_user("owner", is_staff=True)
        owner.groups.add(Group.objects.get(name="Owner"))
        client.force_login(owner)
        assert client.post(address, filled_in).status_code == 422
        assert not Review.objects.exists()

    @pytest.mark.parametrize("linked", ["nobody", "inactive"])
    def test_without_a_name_of_their_own_the_page_says_what_is_missing(self, linked, client, address, filled_in):
        rae(client, **({"user": None} if linked == "nobody" else {"is_active": False}))
        page = client.get(address)
        assert "your login isn't linked to anyone on the team" in page.content.decode()
        assert client.post(address, filled_in).status_code == 422
        assert not Review.objects.exists()

    @pytest.mark.parametrize("linked", [True, False])
    def test_the_command_refuses_a_login_without_an_active_practitioner(self, linked, changed_page, now):
        user = get_user_model().objects.create_user("rae")
        if linked:
            factories.make_practitioner(name="Rae Cardinal", user=user, is_active=False)
        with pytest.raises(reviewing.NotTheReviewer):
            reviewing.record_review(changed_page, **review_params(now), by=user, now=now)
        assert not Review.objects.exists()

    def test_there_is_no_permission_to_record_for_others(self):
        assert not Permission.objects.filter(codename="review_page_for_others").exists()
