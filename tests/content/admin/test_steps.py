"""Editing steps in the admin (preview, publish, hide, review, history): permissions, results and messages."""

from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils.html import strip_tags

from content.blocks import page_content
from content.models import CareCard, Page, Review, Revision, Section, SnippetHere
from tests.support import factories
from tests.support.content_factories import LONG_AGO, make_page, make_revision, make_section

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
EVERY_STEP = ["publish", "hide", "preview", "history", "review"]


def somebody(client, *permissions, username="alice"):
    user = get_user_model().objects.create_user(username, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="content", codename__in=permissions))
    client.force_login(user)
    return user


def address(step, page):
    return reverse(f"admin:content_page_{step}", args=[page.pk])


EDITOR = ["view_page", "change_page"]


@pytest.mark.parametrize(
    ("permissions", "allowed"),
    [
        ([], set()),
        (EDITOR, {"preview", "history"}),
        ([*EDITOR, "publish_page"], {"preview", "history", "publish", "hide"}),
        ([*EDITOR, "review_page"], {"preview", "history", "review"}),
    ],
    ids=["nobody", "editor", "publisher", "reviewer"],
)
def test_each_step_requires_its_permission(client, draft, permissions, allowed):
    somebody(client, *permissions)

    answers = {step: client.get(address(step, draft)).status_code for step in EVERY_STEP}

    assert answers == {step: 200 if step in allowed else 403 for step in EVERY_STEP}


@pytest.mark.parametrize("step", ["publish", "hide", "call_off", "restore", "review", "preview", "compare"])
def test_strangers_are_asked_to_log_in(client, draft, step):
    assert client.post(address(step, draft)).status_code == 302
    assert Revision.objects.count() == 0


@pytest.mark.parametrize("step", ["publish", "compare", "restore", "preview"])
@pytest.mark.parametrize("name", ["999999", "x", "-1", "99999999999999999999"])
def test_an_unknown_page_is_404(admin_client, draft, step, name):
    url = address(step, draft).replace(f"/{draft.pk}/", f"/{name}/")

    assert admin_client.get(url).status_code == 404


def test_opening_the_publish_page_publishes_nothing(admin_client, draft):
    admin_client.get(address("publish", draft))

    assert Revision.objects.count() == 0


def test_publishing_records_user_and_note(client, draft, now):
    alice = somebody(client, *EDITOR, "publish_page")
    form = client.get(address("publish", draft)).context["form"]

    response = client.post(address("publish", draft), {"note": "First words", "digest": form.initial["digest"]})

    assert response.status_code == 302
    revision = Revision.objects.get()
    assert (revision.made_by, revision.note, revision.goes_live_at) == (alice, "First words", now)


def test_a_time_is_read_on_the_clinic_s_clock(admin_client, draft):
    factories.make_location()
    digest = page_content.content_of_draft(draft).digest

    admin_client.post(address("publish", draft), {"digest": digest, "goes_live_at": "2026-12-24T08:00"})

    assert Revision.objects.get().goes_live_at.isoformat() == "2026-12-24T14:00:00+00:00"


def test_failed_checks_cannot_be_overridden_without_permission(client, draft):
    somebody(client, *EDITOR, "publish_page")
    CareCard.objects.all().delete()
    digest = page_content.content_of_draft(draft).digest

    response = client.post(address("publish", draft), {"digest": digest, "override_reason": "I want to"})

    assert response.status_code == 422
    html = response.content.decode()
    assert "Add a care card: who to call, and when." in html
    assert 'name="override_reason"' not in html
    assert Revision.objects.count() == 0


def test_an_override_needs_a_reason_which_is_recorded(client, draft):
    somebody(client, *EDITOR, "publish_page", "override_checks")
    CareCard.objects.all().delete()
    digest = page_content.content_of_draft(draft).digest
    url = address("publish", draft)

    assert client.post(url, {"digest": digest}).status_code == 422
    assert client.post(url, {"digest": digest, "override_reason": "Tomorrow"}).status_code == 302
    assert Revision.objects.get().override_reason == "Tomorrow"
    assert "Because: Tomorrow" in client.get(address("history", draft)).content.decode()


def test_publishing_a_draft_that_has_changed_is_a_conflict(admin_client, draft):
    digest = page_content.content_of_draft(draft).digest
    Section.objects.update(body="<p>Other words.</p>")

    response = admin_client.post(address("publish", draft), {"digest": digest, "note": "Kept"})

    assert response.status_code == 409
    assert 'value="Kept"' in response.content.decode()
    assert Revision.objects.count() == 0


def test_hiding_needs_a_confirmation(admin_client, draft, now):
    make_revision(draft)
    admin_client.get(address("hide", draft))
    assert Revision.objects.live(at=now).exists()

    admin_client.post(address("hide", draft))

    assert not Revision.objects.live(at=now).exists()


def test_history_lists_every_version_and_compares_two(admin_client, draft, now):
    first = make_revision(draft, note="First")
    Section.objects.update(body="<p>A thin and clean needle.</p>")
    second = make_revision(draft, note="Second", goes_live_at=now - timedelta(days=1))

    html = admin_client.get(address("history", draft)).content.decode()
    assert html.index("Second") < html.index("First")
    assert html.count("Readers see this") == 1
    for pair in ({"from": first.pk, "to": second.pk}, {"from": second.pk, "to": first.pk}):
        html = admin_client.get(address("compare", draft), pair).content.decode()
        assert '<ins><span class="visually-hidden">[added: </span>and clean' in html
        assert "&quot;kind&quot;" not in html


@pytest.mark.parametrize("query", [{}, {"from": "1", "to": "x"}, {"from": "99999999999999999999", "to": "draft"}])
def test_a_comparison_of_unknown_versions_is_404(admin_client, draft, query):
    assert admin_client.get(address("compare", draft), query).status_code == 404


def test_versions_of_another_page_are_not_compared_nor_restored(admin_client, draft):
    other = make_revision(make_page(is_published=False))

    assert admin_client.get(address("compare", draft), {"from": other.pk, "to": "draft"}).status_code == 404
    assert admin_client.post(address("restore", draft), {"revision": other.pk}).status_code == 404


def test_restoring_shows_what_it_would_change_before_it_does(admin_client, draft):
    revision = make_revision(draft)
    Section.objects.update(body="<p>Other words.</p>")
    url = address("restore", draft)

    assert "A thin needle." in admin_client.get(url, {"revision": revision.pk}).content.decode()
    assert Section.objects.get().body == "<p>Other words.</p>"
    admin_client.post(url, {"revision": revision.pk})

    assert Section.objects.get().body == "<p>A thin needle.</p>"
    assert Page.objects.get().edited_by.username == "admin"


def test_the_last_editor_of_a_page_cannot_review_it(client, draft, now):
    alice = somebody(client, *EDITOR, "review_page")
    draft.reviewed_by.user = alice
    draft.reviewed_by.save()
    Page.objects.update(edited_by=alice)
    sent = {"evidence": "George 2021", "reviewed_on": "2026-11-20", "next_review_on": "2027-11-20"}

    response = client.post(address("review", draft), sent | {"override_reason": "I may not"})

    assert response.status_code == 422
    assert "Someone else should review it." in response.content.decode()
    assert Review.objects.count() == 0
    Page.objects.update(edited_by=None)
    assert client.post(address("review", draft), sent).status_code == 302
    assert Page.objects.get().last_reviewed_on.isoformat() == "2026-11-20"


@pytest.mark.parametrize(
    ("on", "following", "message"),
    [
        ("2026-11-24", "2027-01-01", "The date of a review can't be in the future."),
        ("2026-11-20", "2026-11-20", "The next review has to be after this one."),
        ("2026-11-20", "2028-12-01", "At most 24 months after this one."),
    ],
    ids=["to come", "not later", "too late"],
)
def test_the_dates_of_a_review_are_validated(admin_client, admin_user, draft, on, following, message):
    draft.reviewed_by.user = admin_user
    draft.reviewed_by.save()
    sent = {"evidence": "George 2021", "reviewed_on": on, "next_review_on": following}

    response = admin_client.post(address("review", draft), sent)

    assert response.status_code == 422
    assert message in unescape(response.content.decode())


def test_asking_for_a_new_preview_link_ends_the_old_one(admin_client, draft, client):
    link = admin_client.get(address("preview", draft)).context["link"]
    assert client.get(link).status_code == 200

    admin_client.post(address("preview", draft))

    assert client.get(link).status_code == 410


@pytest.mark.parametrize("permissions", [["view_page"], ["view_page", "review_page"]], ids=["reader", "reviewer"])
def test_only_editors_end_the_links_of_others(client, admin_client, draft, permissions):
    link = admin_client.get(address("preview", draft)).context["link"]
    somebody(client, *permissions)
    page = client.get(address("preview", draft))
    assert (page.status_code, "End it and make a new link" in page.content.decode()) == (200, False)
    assert client.post(address("preview", draft)).status_code == 403
    assert client.get(link).status_code == 200


def test_the_editor_shows_the_publishing_status(admin_client, draft, now):
    editor = reverse("admin:content_page_change", args=[draft.pk])

    def html():
        return admin_client.get(editor).content.decode()

    assert "Readers have never seen this page" in html()
    make_revision(draft, made_at=now)
    assert "Readers have seen this page as it is here" in html()
    Section.objects.update(body="<p>Other.</p>")
    assert "This draft is different" in html()
    make_revision(draft, goes_live_at=now + timedelta(days=1))
    assert "Scheduled to go live: Tuesday, November 24, 2026, 2:00 p.m." in html()
    admin_client.post(address("call_off", draft))
    assert "Scheduled" not in html()


def test_the_editor_gets_issues_with_their_block(admin_client, draft):
    section = make_section(draft, heading="Low", level=4, ordering=5)

    findings = admin_client.get(reverse("admin:content_page_change", args=[draft.pk])).content.decode()

    assert f'"block": "section-{section.pk}"' in findings


def test_the_editor_clones_blocks_and_nothing_else(admin_client, draft):
    """The editor submits the blocks to clone as model and id, so a forged request could name any model."""
    from tests.content.admin.test_editing import form_of

    editor = reverse("admin:content_page_change", args=[draft.pk])
    user = get_user_model().objects.get(username="admin")
    section = Section.objects.get()
    clones = {"_clone": [f"auth.user:{user.pk}", f"content.section:{section.pk}", "x:1"]}
    position = {"_clone_region": "main", "_clone_ordering": "5"}

    response = admin_client.post(editor, form_of(admin_client.get(editor)) | clones | position)

    assert response.status_code == 302
    assert Section.objects.count() == 2
    assert get_user_model().objects.count() == 1


@pytest.mark.parametrize("state", ["", "live", "ahead", "hidden"])
def test_pages_are_filtered_by_state(admin_client, state, now):
    live = make_page(title="Live")
    ahead = make_page(title="Ahead", edited_at=now)
    never = make_page(title="Never", is_published=False)
    hidden = make_page(title="Hidden")
    make_revision(hidden, is_public=False, goes_live_at=now, made_at=now)

    found = set(admin_client.get(f"/admin/content/page/?state={state}").context["cl"].queryset)

    assert (
        found
        == {
            "": {live, ahead, never, hidden},
            "live": {live, ahead},
            "ahead": {ahead, never},
            "hidden": {never, hidden},
        }[state]
    )


def test_the_list_of_pages_has_a_constant_query_count(admin_client, django_assert_max_num_queries):
    def queries():
        with django_assert_max_num_queries(100) as captured:
            admin_client.get("/admin/content/page/")
        return len(captured)

    make_page()
    queries()
    with_one_page = queries()
    for _ in range(5):
        make_page()

    assert queries() == with_one_page


def words_of(page):
    """Return the text of a response without markup, with single spaces."""
    return " ".join(strip_tags(page.content.decode()).split())


def test_the_start_page_notes_drafts_reviews_and_scheduled_pages(admin_client, draft, now):
    html = words_of(admin_client.get("/admin/"))
    assert "1 draft waits to be published" in html
    assert "clinical review" not in html

    Page.objects.update(next_review_on=now.date() + timedelta(days=60))
    make_revision(draft, made_at=now, goes_live_at=now + timedelta(days=2))
    html = words_of(admin_client.get("/admin/"))

    assert "draft waits" not in html
    assert "1 clinical review due soon" in html
    assert "Dry needling, by January 22, 2027." in html
    assert "1 page scheduled" in html
    with time_machine.travel(now + timedelta(days=61), tick=False):
        admin_client.force_login(get_user_model().objects.get())
        assert "1 clinical review due Dry" in words_of(admin_client.get("/admin/"))


def test_the_start_page_has_no_page_notes_for_the_front_desk(client, draft):
    somebody(client)

    assert "to be published" not in client.get("/admin/").content.decode()


def test_a_snippet_is_written_published_and_found(admin_client):
    from tests.content.admin.test_editing import form_of

    editor = admin_client.post("/admin/content/snippet/add/", {"title": "Emergency signs"}).headers["Location"]

    response = admin_client.post(editor, form_of(admin_client.get(editor)) | {"_publish": "1"})

    snippet = Page.objects.get()
    assert (snippet.kind, snippet.slug, snippet.title) == ("snippet", "", "Emergency signs")
    assert response["Location"] == reverse("admin:content_snippet_publish", args=[snippet.pk])
    digest = page_content.content_of_draft(snippet).digest
    assert admin_client.post(response["Location"], {"digest": digest}).status_code == 302
    assert "Emergency signs" in admin_client.get("/admin/content/snippet/").content.decode()
    assert list(admin_client.get("/admin/content/page/").context["cl"].queryset) == []
    assert admin_client.get(reverse("admin:content_page_publish", args=[snippet.pk])).status_code == 404
    assert snippet.edited_at > LONG_AGO


def test_a_concurrent_edit_is_reported_and_not_overwritten(admin_client, draft, now):
    from tests.content.admin.test_editing import form_of

    editor = reverse("admin:content_page_change", args=[draft.pk])
    sent = form_of(admin_client.get(editor)) | {"title": "Mine"}
    Page.objects.update(title="Theirs", edited_at=now)

    response = admin_client.post(editor, sent)

    assert response.status_code == 200
    assert "after you opened it" in response.content.decode()
    assert Page.objects.get().title == "Theirs"


def test_hiding_a_page_lists_the_pages_that_link_to_it(admin_client, draft):
    make_revision(draft)
    other = make_page(title="Back pain")
    make_section(other, body='<p>See <a href="/treatments/dry-needling/#risks">needling</a>.</p>')
    make_revision(other)

    html = admin_client.get(address("hide", draft)).content.decode()

    assert "“Back pain” has a typed link that would stop working." in html
    assert 'value="Hide it"' in html


def test_hiding_a_snippet_that_a_page_requires_needs_an_override(client, draft):
    snippet = make_page(kind="snippet", title="Signs", lede="")
    CareCard.objects.all().update(parent=snippet)
    SnippetHere.objects.create(parent=draft, region="main", ordering=5, snippet=snippet)
    make_revision(snippet)
    make_revision(draft)
    url = reverse("admin:content_snippet_hide", args=[snippet.pk])
    boss = somebody(client, *EDITOR, "view_snippet", "change_snippet", "publish_page")

    response = client.post(url, {"override_reason": "I want to"})
    assert response.status_code == 422
    assert "“Dry needling” would lose it. Add a care card" in response.content.decode()
    boss.user_permissions.add(Permission.objects.get(codename="override_checks"))
    assert client.post(url, {"override_reason": "A new one comes today"}).status_code == 302

    assert Revision.objects.first().override_reason == "A new one comes today"


@pytest.mark.parametrize("model", ["page", "snippet"])
def test_users_who_may_only_view_see_the_draft(client, draft, model):
    page = draft if model == "page" else make_page(kind="snippet", title="Signs", lede="")
    somebody(client, "view_page", "view_snippet")

    response = client.get(reverse(f"admin:content_{model}_change", args=[page.pk]))

    assert response.status_code == 200
    assert page.title in response.content.decode()
    assert 'name="_save"' not in response.content.decode()
    assert "Opened at" not in response.content.decode()
