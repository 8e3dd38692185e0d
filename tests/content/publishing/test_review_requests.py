"""Requests for a review: one open for a page, answered by the reviewer who was asked, or by any review of the draft."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission

from content.models import BlockComment, Review, ReviewRequest
from content.publishing import comments, review_requests
from content.publishing import publish as publishing
from content.publishing import review as reviewing
from tests.content.publishing.test_publish import set_section_text
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
DAY = timedelta(days=1)


def make_reviewer(name="Mei Lin Tran", **fields):
    """A practitioner whose own login has the role of clinical reviewers."""
    user = get_user_model().objects.create_user(name.split()[0].lower(), is_staff=True)
    user.groups.add(Group.objects.get(name="Clinical reviewer"))
    return factories.make_practitioner(name=name, user=user, **fields)


@pytest.fixture
def mei(db):
    return make_reviewer()


@pytest.fixture
def ed(db):
    user = get_user_model().objects.create_user("ed", is_staff=True)
    user.groups.add(Group.objects.get(name="Editor"))
    return user


def ask(page, reviewer, by, now, **more):
    return review_requests.ask_for_review(page, reviewer=reviewer, note="The risks are new.", by=by, now=now, **more)


def record(page, by, now, **more):
    dates = {"reviewed_on": now.date(), "next_review_on": now.date() + 90 * DAY}
    return reviewing.record_review(page, **dates, evidence="George 2021", by=by, now=now, **more)


def waiting_for(user):
    return [asked.page for asked in ReviewRequest.objects.open().for_reviewer(user)]


def outcomes():
    return list(ReviewRequest.objects.order_by("pk").values_list("reviewer__name", "outcome"))


class TestWhoCanBeAsked:
    def test_active_practitioners_whose_login_may_record_reviews(self, ed, mei):
        make_reviewer("Amara Okafor", is_active=False)
        factories.make_practitioner(name="Steve Hansen")
        factories.make_practitioner(name="Jordan Cardinal", user=get_user_model().objects.create_user("jordan"))
        one_by_one = get_user_model().objects.create_user("priya", is_staff=True)
        one_by_one.user_permissions.add(Permission.objects.get(codename="review_page"))
        factories.make_practitioner(name="Priya Nair", user=one_by_one)
        owner = get_user_model().objects.create_superuser("owner")
        factories.make_practitioner(name="Olga Owner", user=owner)
        possible = review_requests.possible_reviewers(besides=ed)
        assert {person.name for person in possible} == {"Mei Lin Tran", "Priya Nair", "Olga Owner"}
        assert mei not in review_requests.possible_reviewers(besides=mei.user)

    @pytest.mark.parametrize("switched_off", ["is_active", "is_staff"])
    def test_not_those_whose_login_is_switched_off(self, draft, ed, mei, now, switched_off):
        setattr(mei.user, switched_off, False)
        mei.user.save()
        with pytest.raises(review_requests.CannotReview):
            ask(draft, mei, ed, now)
        assert outcomes() == []


class TestAsking:
    def test_the_page_waits_for_whom_was_asked(self, draft, ed, mei, now):
        amara = make_reviewer("Amara Nair")
        asked = ask(draft, mei, ed, now)
        assert (asked.reviewer, asked.note, asked.asked_by, asked.asked_at) == (mei, "The risks are new.", ed, now)
        assert waiting_for(mei.user) == [draft]
        assert waiting_for(amara.user) == []
        assert waiting_for(ed) == []

    def test_asking_again_takes_the_place_of_the_first_request(self, draft, ed, mei, now):
        first = ask(draft, mei, ed, now)
        ask(draft, make_reviewer("Amara Nair"), ed, now, instead_of=first.pk)
        assert outcomes() == [("Mei Lin Tran", "withdrawn"), ("Amara Nair", "")]
        assert waiting_for(mei.user) == []

    @pytest.mark.parametrize("seen", ["none", "an older one"])
    def test_a_request_that_was_not_seen_is_not_replaced(self, draft, ed, mei, now, seen):
        older = ask(draft, mei, ed, now)
        newer = ask(draft, mei, ed, now, instead_of=older.pk)
        with pytest.raises(review_requests.RequestChanged):
            ask(draft, mei, ed, now, instead_of=None if seen == "none" else older.pk)
        assert review_requests.open_request(draft) == newer

    def test_only_who_asked_or_publishes_changes_or_withdraws_it(self, draft, ed, mei, now):
        asked = ask(draft, mei, ed, now)
        other, publisher = (get_user_model().objects.create_user(name, is_staff=True) for name in ("eve", "pat"))
        other.groups.add(Group.objects.get(name="Editor"))
        publisher.groups.add(Group.objects.get(name="Publisher"))
        with pytest.raises(review_requests.NotYours):
            ask(draft, mei, other, now, instead_of=asked.pk)
        with pytest.raises(review_requests.NotYours):
            review_requests.withdraw(draft, by=other, now=now)
        assert outcomes() == [("Mei Lin Tran", "")]
        review_requests.withdraw(draft, by=publisher, now=now)
        assert outcomes() == [("Mei Lin Tran", "withdrawn")]
        with pytest.raises(review_requests.RequestChanged):
            review_requests.withdraw(draft, by=ed, now=now)


class TestAnswers:
    def test_a_review_of_the_draft_answers_the_request(self, draft, ed, mei, now):
        ask(draft, mei, ed, now)
        review = record(draft, mei.user, now)
        asked = ReviewRequest.objects.get()
        assert (asked.outcome, asked.review, asked.closed_at) == ("approved", review, now)

    def test_someone_else_may_review_it_in_their_own_name(self, draft, ed, mei, now):
        ask(draft, mei, ed, now)
        record(draft, make_reviewer("Amara Nair").user, now)
        asked = ReviewRequest.objects.get()
        assert (asked.reviewer, asked.review.reviewer.name) == (mei, "Amara Nair")

    def test_a_review_of_the_published_page_leaves_the_request_for_its_draft(self, draft, ed, mei, now):
        publishing.publish(draft, by=None, now=now)
        set_section_text(draft, "Other words.")
        ask(draft, mei, ed, now)
        record(draft, mei.user, now, of_live=True)
        assert outcomes() == [("Mei Lin Tran", "")]

    def test_a_draft_that_has_changed_since_it_was_read_is_not_approved(self, draft, ed, mei, now):
        ask(draft, mei, ed, now)
        with pytest.raises(publishing.DraftChanged):
            record(draft, mei.user, now, digest="read before")
        assert outcomes() == [("Mei Lin Tran", "")]

    def test_changes_are_asked_for_with_a_note_which_becomes_a_comment(self, draft, ed, mei, now):
        ask(draft, mei, ed, now)
        review_requests.ask_for_changes(draft, note="Name the trial.", by=mei.user, now=now)
        assert outcomes() == [("Mei Lin Tran", "changes")]
        comment = BlockComment.objects.get()
        assert (comment.text, comment.block_kind, comment.made_by) == ("Name the trial.", "", mei.user)
        assert not Review.objects.exists()

    def test_or_with_a_comment_that_is_open(self, draft, ed, mei, now):
        ask(draft, mei, ed, now)
        with pytest.raises(review_requests.NothingToChange):
            review_requests.ask_for_changes(draft, note="", by=mei.user, now=now)
        comment = comments.add_comment(draft, text="Name the trial.", by=mei.user, now=now)
        comments.resolve_comment(comment, by=ed, now=now)
        with pytest.raises(review_requests.NothingToChange):
            review_requests.ask_for_changes(draft, note="", by=mei.user, now=now)
        comments.reopen_comment(comment)
        review_requests.ask_for_changes(draft, note="", by=mei.user, now=now)
        assert outcomes() == [("Mei Lin Tran", "changes")]

    @pytest.mark.parametrize("who", ["another reviewer", "who asked"])
    def test_only_whom_was_asked_sends_it_back(self, draft, ed, mei, now, who):
        ask(draft, mei, ed, now)
        user = ed if who == "who asked" else make_reviewer("Amara Nair").user
        with pytest.raises(review_requests.NotYours):
            review_requests.ask_for_changes(draft, note="No.", by=user, now=now)
        assert not BlockComment.objects.exists()

    def test_without_a_request_nothing_is_sent_back(self, draft, mei, now):
        with pytest.raises(review_requests.RequestChanged):
            review_requests.ask_for_changes(draft, note="No.", by=mei.user, now=now)
        assert not BlockComment.objects.exists()

    def test_after_changes_a_review_is_asked_for_anew(self, draft, ed, mei, now):
        ask(draft, mei, ed, now)
        review_requests.ask_for_changes(draft, note="Name the trial.", by=mei.user, now=now)
        ask(draft, mei, ed, now)
        record(draft, mei.user, now)
        assert outcomes() == [("Mei Lin Tran", "changes"), ("Mei Lin Tran", "approved")]


def test_a_page_with_reviews_and_requests_can_be_deleted(draft, ed, mei, now):
    ask(draft, mei, ed, now)
    record(draft, mei.user, now)
    draft.delete()
    assert not ReviewRequest.objects.exists()
