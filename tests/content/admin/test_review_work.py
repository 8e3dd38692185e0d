"""Review as work in the admin: who may ask, answer and comment, by role; what the pages and the notes say."""

from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from content.admin.notes import notes
from content.models import BlockComment, Page, Review, ReviewRequest, Section
from content.publishing import comments, review_requests
from tests.support import factories
from tests.support.content_factories import make_page, make_revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
ROLES = ["Editor", "Clinical reviewer", "Publisher", "Owner", "Front desk", "Practitioner"]


def log_in(client, role, *, name="", is_linked=False):
    user = get_user_model().objects.create_user(name or role.lower().replace(" ", "-"), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    if is_linked:
        factories.make_practitioner(name=name or role, user=user)
    client.force_login(user)
    return user


def address(step, page):
    return reverse(f"admin:content_page_{step}", args=[page.pk])


@pytest.fixture
def mei(db):
    user = get_user_model().objects.create_user("mei", is_staff=True)
    user.groups.add(Group.objects.get(name="Clinical reviewer"))
    return factories.make_practitioner(name="Mei Lin Tran", user=user)


@pytest.fixture
def section(draft):
    return Section.objects.get(parent=draft)


def words(response):
    return unescape(response.content.decode())


@pytest.mark.usefixtures("mei")
class TestRoles:
    @pytest.mark.parametrize("role", ROLES)
    def test_who_may_open_what(self, client, draft, role):
        log_in(client, role)
        may_edit, may_review = role in ("Editor", "Publisher", "Owner"), role in ("Clinical reviewer", "Owner")
        expected = {
            "ask_review": may_edit,
            "review": may_review,
            "comments": may_edit or may_review,
            "comments_data": may_edit or may_review,
            "change": may_edit or may_review,
        }
        answers = {step: client.get(address(step, draft)).status_code for step in expected}
        assert answers == {step: 200 if allowed else 403 for step, allowed in expected.items()}
        reviews = client.get(reverse("admin:content_page_reviews")).status_code
        assert reviews == (200 if may_edit or may_review else 403)

    @pytest.mark.parametrize("role", ROLES)
    def test_who_may_ask(self, client, draft, mei, role):
        log_in(client, role)
        client.post(address("ask_review", draft), {"reviewer": mei.pk, "note": "All of it."})
        assert ReviewRequest.objects.exists() == (role in ("Editor", "Publisher", "Owner"))

    @pytest.mark.parametrize("step", ["comments", "comments_data"])
    @pytest.mark.parametrize("role", ROLES)
    def test_who_may_comment_and_resolve(self, client, draft, role, step):
        user = log_in(client, role)
        may = role in ("Editor", "Clinical reviewer", "Publisher", "Owner")
        client.post(address(step, draft), {"action": "add", "text": "Name the trial."})
        assert [comment.made_by for comment in BlockComment.objects.all()] == ([user] if may else [])
        other = comments.add_comment(draft, text="Which?", by=user, now=draft.edited_at)
        client.post(address(step, draft), {"action": "resolve", "comment": other.pk})
        other.refresh_from_db()
        assert other.resolved_by == (user if may else None)
        client.post(address(step, draft), {"action": "reopen", "comment": other.pk})
        other.refresh_from_db()
        assert other.resolved_by is None

    @pytest.mark.parametrize("role", ROLES)
    def test_who_may_approve(self, client, draft, role):
        user = log_in(client, role, is_linked=True)
        dates = {"reviewed_on": "2026-11-20", "next_review_on": "2027-11-20"}
        client.post(address("review", draft), dates | {"evidence": "George 2021"})
        assert [review.made_by for review in Review.objects.all()] == (
            [user] if role in ("Clinical reviewer", "Owner") else []
        )

    def test_who_may_only_view_pages_sees_no_comments(self, client, draft):
        user = get_user_model().objects.create_user("eve", is_staff=True)
        user.user_permissions.add(*_permissions("view_page"))
        client.force_login(user)
        comments.add_comment(draft, text="Zyzzogeton", by=user, now=draft.edited_at)
        assert client.get(address("comments", draft)).status_code == 403
        assert "Zyzzogeton" not in words(client.get(address("change", draft)))

    @pytest.mark.parametrize("step", ["ask_review", "comments", "comments_data", "review"])
    def test_strangers_log_in_first(self, client, draft, step):
        assert client.post(address(step, draft), {"text": "Name the trial."}).status_code == 302
        assert not BlockComment.objects.exists()

    def test_a_comment_of_another_page_is_not_resolved_here(self, client, draft):
        user = log_in(client, "Editor")
        elsewhere = comments.add_comment(make_page(), text="Name the trial.", by=user, now=draft.edited_at)
        for step, status in (("comments", 409), ("comments_data", 422)):
            answer = client.post(address(step, draft), {"action": "resolve", "comment": elsewhere.pk})
            assert answer.status_code == status
        assert comments.open_comments(elsewhere.page) == 1


def _permissions(*names):
    return Permission.objects.filter(content_type__app_label="content", codename__in=names)


class TestAsking:
    def test_the_form_offers_who_may_review(self, client, draft, mei):
        log_in(client, "Editor")
        factories.make_practitioner(name="Jordan Cardinal")
        form = client.get(address("ask_review", draft)).context["form"]
        assert list(form.fields["reviewer"].queryset) == [mei]

    def test_without_anyone_it_says_what_is_missing(self, client, draft):
        log_in(client, "Editor")
        html = words(client.get(address("ask_review", draft)))
        assert "No one else can review pages yet." in html
        assert 'value="Ask for a review"' not in html

    def test_another_editor_sees_who_asked_and_can_change_nothing(self, client, draft, mei):
        ed = log_in(client, "Editor", name="ed")
        client.post(address("ask_review", draft), {"reviewer": mei.pk, "note": "All of it."})
        log_in(client, "Editor", name="eve")
        page = words(client.get(address("ask_review", draft)))
        assert "<strong>ed</strong> asked <strong>Mei Lin Tran</strong>" in page
        assert "_withdraw" not in page
        asked = ReviewRequest.objects.get()
        answer = client.post(address("ask_review", draft), {"reviewer": mei.pk, "seen": asked.pk})
        assert answer.status_code == 409
        client.post(address("ask_review", draft), {"_withdraw": "yes"})
        asked.refresh_from_db()
        assert (asked.outcome, asked.asked_by) == ("", ed)

    def test_a_form_from_before_another_request_is_refused_and_keeps_its_note(self, client, draft, mei):
        log_in(client, "Publisher")
        client.post(address("ask_review", draft), {"reviewer": mei.pk, "note": "First"})
        answer = client.post(address("ask_review", draft), {"reviewer": mei.pk, "note": "Second", "seen": ""})
        assert answer.status_code == 409
        assert "Second" in words(answer)
        assert ReviewRequest.objects.get().note == "First"

    def test_withdrawing_ends_it(self, client, draft, mei):
        log_in(client, "Editor")
        client.post(address("ask_review", draft), {"reviewer": mei.pk})
        answer = client.post(address("ask_review", draft), {"_withdraw": "yes"}, follow=True)
        assert "Withdrawn." in words(answer)
        assert ReviewRequest.objects.get().outcome == "withdrawn"

    @pytest.mark.parametrize("kind", ["fees", "privacy"])
    def test_only_treatments_have_clinical_reviews(self, client, kind):
        log_in(client, "Editor")
        assert client.get(address("ask_review", make_page(kind=kind))).status_code == 404


class TestTheReviewPage:
    @pytest.fixture
    def asked(self, draft, mei):
        ed = get_user_model().objects.create_user("ed", is_staff=True)
        return review_requests.ask_for_review(draft, reviewer=mei, note="The <b>risks</b>.", by=ed, now=draft.edited_at)

    def test_it_shows_the_request_the_sources_and_the_open_comments(self, client, draft, section, mei, asked):
        comments.add_comment(
            draft, text="Name the <i>trial</i>.", by=mei.user, now=draft.edited_at, block=("section", section.pk)
        )
        client.force_login(mei.user)
        html = client.get(address("review", draft)).content.decode()
        assert "The &lt;b&gt;risks&lt;/b&gt;." in html
        assert "Name the &lt;i&gt;trial&lt;/i&gt;." in html
        assert "George 2021" in html
        assert 'value="Approve"' in html
        assert 'value="Ask for changes"' in html

    def test_who_was_asked_reviews_the_draft_unless_they_choose_the_page(self, client, draft, section, mei):
        make_revision(draft)
        Section.objects.filter(pk=section.pk).update(body="<p>Other words.</p>")
        client.force_login(mei.user)
        assert client.get(address("review", draft)).context["form"]["of"].value() is None
        ed = get_user_model().objects.create_user("ed", is_staff=True)
        review_requests.ask_for_review(draft, reviewer=mei, note="", by=ed, now=draft.edited_at)
        assert client.get(address("review", draft)).context["form"]["of"].value() == "draft"

    def test_it_says_that_the_draft_changed_after_the_request(self, client, draft, mei, asked, now):
        client.force_login(mei.user)
        assert "The draft changed after that" not in words(client.get(address("review", draft)))
        Page.objects.filter(pk=draft.pk).update(edited_at=now)
        assert "The draft changed after that" in words(client.get(address("review", draft)))

    def test_the_checks_leave_out_what_the_review_itself_answers(self, client, draft, mei, asked):
        Page.objects.update(reviewed_by=None, last_reviewed_on=None, next_review_on=None)
        draft.content_carecard_set.all().delete()
        client.force_login(mei.user)
        html = words(client.get(address("review", draft)))
        assert "Add a care card" in html
        assert "No one has recorded a clinical review" not in html

    def test_asking_for_changes_needs_a_note_and_keeps_what_was_typed(self, client, draft, mei, asked):
        client.force_login(mei.user)
        answer = client.post(address("review", draft), {"_changes": "yes", "changes": " ", "evidence": "George 2021"})
        assert answer.status_code == 422
        assert "Say what should change" in words(answer)
        assert answer.context["form"]["evidence"].value() == "George 2021"
        answer = client.post(address("review", draft), {"_changes": "yes", "changes": "Name the trial."}, follow=True)
        assert "Sent back. ed will see what you'd like changed." in words(answer)
        asked.refresh_from_db()
        assert asked.outcome == "changes"

    def test_a_reviewer_who_was_not_asked_may_approve_but_not_send_back(self, client, draft, asked):
        log_in(client, "Clinical reviewer", name="Amara", is_linked=True)
        assert 'value="Ask for changes"' not in words(client.get(address("review", draft)))
        assert client.post(address("review", draft), {"_changes": "yes", "changes": "No."}).status_code == 422
        asked.refresh_from_db()
        assert asked.outcome == ""


class TestNotes:
    def headings(self, user):
        return [note.heading for note in notes(get_user_model().objects.get(pk=user.pk)) if "review" in note.heading]

    def test_the_reviewer_and_then_the_asker_see_what_waits_for_them(self, client, draft, mei):
        ed = log_in(client, "Editor", name="ed")
        review_requests.ask_for_review(draft, reviewer=mei, note="", by=ed, now=draft.edited_at)
        assert self.headings(mei.user) == ["1 page waits for your review"]
        assert self.headings(ed) == []
        review_requests.ask_for_changes(draft, note="Name the trial.", by=mei.user, now=draft.edited_at)
        assert self.headings(mei.user) == []
        assert self.headings(ed) == ["1 page came back from its review"]
        reviews = words(client.get(reverse("admin:content_page_reviews")))
        assert "Mei Lin Tran asked for changes" in reviews
        review_requests.ask_for_review(draft, reviewer=mei, note="", by=ed, now=draft.edited_at)
        assert self.headings(ed) == []
        reviews = words(client.get(reverse("admin:content_page_reviews")))
        assert "Mei Lin Tran was asked on" in reviews

    def test_the_editor_says_how_the_review_stands(self, client, draft, mei):
        ed = log_in(client, "Editor", name="ed")
        review_requests.ask_for_review(draft, reviewer=mei, note="", by=ed, now=draft.edited_at)
        assert "ed asked Mei Lin Tran for a review on January 5, 2026." in words(client.get(address("change", draft)))
        review_requests.ask_for_changes(draft, note="Name the trial.", by=mei.user, now=draft.edited_at)
        html = words(client.get(address("change", draft)))
        assert "Mei Lin Tran asked for changes on January 5, 2026." in html
        assert "1 open comment" in html


class TestComments:
    def test_the_data_is_what_the_script_shows(self, client, draft, section):
        ed = log_in(client, "Editor", name="ed")
        key = f"section-{section.pk}"
        answer = client.post(address("comments_data", draft), {"block": key, "text": " Name the trial.\u200b "})
        (thread,) = answer.json()["threads"]
        assert thread["key"] == key
        (comment,) = thread["comments"]
        assert (comment["by"], comment["text"], comment["about"], comment["resolved"]) == (
            ed.username, "Name the trial.", "", "",
        )  # fmt: skip
        client.post(address("comments_data", draft), {"action": "resolve", "comment": comment["id"]})
        section.delete()
        (thread,) = client.get(address("comments_data", draft)).json()["threads"]
        assert (thread["key"], thread["comments"][0]["about"]) == ("", "Section")
        assert thread["comments"][0]["resolved"].startswith("Resolved by ed, ")

    @pytest.mark.parametrize(
        ("sent", "message"),
        [
            ({"text": ""}, "Write a comment first."),
            ({"text": "\u200b"}, "Write a comment first."),
            ({"text": "x" * 1001}, "This is too long"),
            ({"text": "a\x00b"}, ""),
            ({"text": "x", "block": "section-999999"}, "That block is no longer in the draft."),
            ({"text": "x", "block": "section-new-4"}, "That block is no longer in the draft."),
            ({"text": "x", "block": "page-1"}, "That block is no longer in the draft."),
            ({"action": "resolve", "comment": "1e9"}, "That didn't work."),
            ({"action": "delete", "comment": "1"}, "That didn't work."),
        ],
    )
    def test_what_is_refused_is_explained(self, client, draft, sent, message):
        log_in(client, "Editor")
        answer = client.post(address("comments_data", draft), sent)
        assert answer.status_code == 422
        assert message in answer.json()["error"]
        page = client.post(address("comments", draft), sent)
        assert page.status_code in (409, 422)
        if "text" in sent:
            assert message in words(page)
        assert not BlockComment.objects.exists()

    def test_open_comments_are_shown_before_publishing_and_stop_nothing(self, client, draft):
        user = log_in(client, "Publisher")
        comments.add_comment(draft, text="Name the trial.", by=user, now=draft.edited_at)
        page = client.get(address("publish", draft))
        assert "Comments that are still open" in words(page)
        assert "Name the trial." in words(page)
        digest = page.context["form"].initial["digest"]
        assert client.post(address("publish", draft), {"digest": digest}).status_code == 302
        assert draft.revisions.count() == 1
