"""Autosave of drafts on the server: answers, conflicts, roles, lost answers, edit sessions."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from content.models import DefinitionList, EditSession, Page, Section, Sources
from content.publishing import edit_sessions
from tests.content.admin.test_editing import form_of
from tests.support.clock import NOW
from tests.support.content_factories import LAST, make_page, make_section

pytestmark = pytest.mark.django_db
SECTIONS = "content_section_set"


class Editor:
    """One opened editor of a page, as the script of the page acts."""

    def __init__(self, user, page, kind="page"):
        self.client, self.page, self.user = Client(), page, user
        self.client.force_login(user)
        self.address = f"/admin/content/{kind}/{page.pk}/change/"
        self.sitting = str(uuid4())
        self.open()

    def open(self):
        self.data = form_of(self.client.get(self.address)) | {"sitting": self.sitting}

    def autosave(self, **extra):
        return self.client.post(self.address, self.data | {"_autosave": str(self.user.pk)} | extra)

    def add_section(self, heading):
        index = int(self.data[f"{SECTIONS}-TOTAL_FORMS"])
        fields = {"heading": heading, "level": "2", "body": "", "region": "main", "ordering": str(LAST), "id": ""}
        self.data |= {f"{SECTIONS}-{index}-{name}": value for name, value in fields.items()}
        self.data[f"{SECTIONS}-TOTAL_FORMS"] = str(index + 1)
        return f"{SECTIONS}-{index}"

    def settle(self, answer):
        """Take over the ids and the version of an answer, as static/js/page_editor/saved_blocks.js does."""
        self.data["opened_at"] = answer.json()["version"]
        for name, pk in answer.json()["ids"].items():
            if name.startswith(SECTIONS):
                self.data[f"{name}-id"] = str(pk)
        self.data[f"{SECTIONS}-INITIAL_FORMS"] = self.data[f"{SECTIONS}-TOTAL_FORMS"]


@pytest.fixture(autouse=True)
def clock():
    """A clock that stands still until a test shifts it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def draft():
    draft = make_page(slug="dry-needling", title="Dry needling")
    make_section(draft, heading="Risks", body="<p>Few.</p>")
    return draft


@pytest.fixture
def steve():
    return get_user_model().objects.create_superuser("steve", first_name="Steve")


@pytest.fixture
def amara():
    return get_user_model().objects.create_superuser("amara", first_name="Amara")


def headings():
    return list(Section.objects.order_by("pk").values_list("heading", flat=True))


def test_a_save_answers_the_version_the_time_and_the_ids_of_blocks(steve, draft, clock):
    editor = Editor(steve, draft)
    name = editor.add_section("New")
    editor.data["title"] = "Needling"
    answer = editor.autosave()
    draft.refresh_from_db()
    old, new = Section.objects.order_by("pk")
    assert answer.status_code == 200
    assert answer.json() == {
        "version": draft.edited_at.isoformat(),
        "saved_at": "2:00 p.m.",
        "ids": {f"{SECTIONS}-0": old.pk, name: new.pk},
        "others": [],
    }
    assert (draft.title, draft.edited_by, new.heading) == ("Needling", steve, "New")


def test_a_save_without_a_change_changes_nothing(steve, draft):
    before = draft.edited_at
    assert Editor(steve, draft).autosave().json()["version"] == before.isoformat()
    draft.refresh_from_db()
    assert draft.edited_at == before
    assert list(edit_sessions.restorable(draft, now=before)) == []


def test_what_is_invalid_is_named_and_nothing_is_half_saved(steve, draft):
    editor = Editor(steve, draft)
    editor.data |= {"title": "", f"{SECTIONS}-0-heading": "Changed"}
    name = editor.add_section("x" * 121)
    answer = editor.autosave()
    assert answer.status_code == 422
    assert [(problem["label"], problem["target"]) for problem in answer.json()["problems"]] == [
        ("Title", "id_title"),
        (f"Section: {'x' * 121}, Heading", f"id_{name}-heading"),
    ]
    assert headings() == ["Risks"]
    assert not EditSession.objects.exists()


def test_the_save_button_shows_the_problems_with_links(steve, draft):
    editor = Editor(steve, draft)
    response = editor.client.post(editor.address, editor.data | {"title": ""})
    assert '<a href="#id_title">Title</a>: This field is required.' in response.content.decode()


@pytest.mark.parametrize("version", ["", "2026-01-05T15:00:01+00:00", "soon", "0"])
def test_a_save_of_another_version_is_a_conflict(steve, amara, draft, clock, version):
    theirs = Editor(amara, draft)
    theirs.data["title"] = "Amara's title"
    theirs.autosave()
    clock.shift(timedelta(minutes=5))
    mine = Editor(steve, draft)
    mine.data |= {"opened_at": version, "title": "Mine"}
    answer = mine.autosave()
    draft.refresh_from_db()
    assert answer.status_code == 409
    assert (answer.json()["who"], answer.json()["version"]) == ("Amara", draft.edited_at.isoformat())
    assert draft.title == "Amara's title"
    assert mine.client.get(answer.json()["compare"]).status_code == 200


def test_own_words_are_saved_over_a_conflict_only_with_the_new_version(steve, amara, draft, clock):
    """Blocks that the other one added stay, those that they deleted come back, and theirs can be restored."""
    make_section(draft, heading="Deleted by Amara")
    mine, theirs = Editor(steve, draft), Editor(amara, draft)
    theirs.data[f"{SECTIONS}-1-DELETE"] = "on"
    theirs.add_section("Added by Amara")
    clock.shift(timedelta(seconds=3))
    assert theirs.autosave().status_code == 200
    clock.shift(timedelta(seconds=3))
    mine.add_section("Mine")
    version = mine.autosave().json()["version"]

    # Without the new version, the Save button keeps every word in the form.
    response = mine.client.post(mine.address, mine.data)
    shown = [form["heading"].value() for form in response.context["inline_admin_formsets"][0].formset.forms]
    assert shown == ["Risks", "Deleted by Amara", "Mine"]
    assert 'value="Deleted by Amara"' in response.content.decode()
    assert headings() == ["Risks", "Added by Amara"]

    mine.data |= {"opened_at": version, "sitting": str(uuid4())}
    assert mine.client.post(mine.address, mine.data).status_code == 302
    assert headings() == ["Risks", "Added by Amara", "Deleted by Amara", "Mine"]
    newest = edit_sessions.restorable(draft, now=draft.edited_at).first()
    assert [block["fields"]["heading"] for block in newest.blocks] == ["Risks", "Added by Amara"]


def test_a_repeated_save_doubles_nothing(steve, draft, clock):
    """The answer was lost: the browser sends the same again, or more, and knows no id of what was saved."""
    editor = Editor(steve, draft)
    names = [editor.add_section("One"), editor.add_section("Two")]
    first = editor.autosave().json()
    clock.shift(timedelta(seconds=5))
    second = editor.autosave()
    assert (second.status_code, second.json()["ids"]) == (200, first["ids"])
    clock.shift(timedelta(seconds=5))
    editor.data[f"{names[1]}-heading"] = "Two, changed"
    editor.add_section("Three")
    assert editor.client.post(editor.address, editor.data).status_code == 302  # The Save button.
    assert headings() == ["Risks", "One", "Two, changed", "Three"]


def test_a_deleted_form_that_is_sent_again_is_harmless(steve, draft, clock):
    editor = Editor(steve, draft)
    editor.data[f"{SECTIONS}-0-DELETE"] = "on"
    for _turn in range(2):
        answer = editor.autosave()
        assert answer.status_code == 200
        editor.data["opened_at"] = answer.json()["version"]
        clock.shift(timedelta(seconds=5))
    assert headings() == []


def test_a_block_that_was_saved_and_then_removed_is_deleted(steve, draft, clock):
    editor = Editor(steve, draft)
    name = editor.add_section("Once new")
    editor.settle(editor.autosave())
    clock.shift(timedelta(seconds=5))
    editor.data[f"{name}-DELETE"] = "on"
    editor.add_section("Next")
    assert editor.autosave().status_code == 200
    assert headings() == ["Risks", "Next"]


def test_a_lost_answer_of_someone_else_s_save_is_no_excuse(steve, amara, draft, clock):
    """The key of another user's sitting gives no right to their version."""
    theirs, mine = Editor(amara, draft), Editor(steve, draft)
    theirs.data["title"] = "Amara's title"
    clock.shift(timedelta(seconds=5))
    theirs.autosave()
    mine.data |= {"sitting": theirs.sitting, "title": "Mine"}
    assert mine.autosave().status_code == 409
    assert EditSession.objects.get().user == amara


@pytest.mark.parametrize("key", ["", "x" * 3000, "00000000", "'; drop table", "\u0663" * 32, "{}" * 18])
def test_a_forged_sitting_is_replaced(steve, draft, key):
    editor = Editor(steve, draft)
    editor.data |= {"sitting": key, "title": "Needling"}
    assert editor.autosave().status_code == 200
    assert EditSession.objects.get().user == steve


def test_a_sitting_belongs_to_one_page(steve, draft):
    editor, other = Editor(steve, draft), Editor(steve, make_page())
    editor.data["title"] = other.data["title"] = "Changed"
    other.data["sitting"] = editor.sitting
    for one in (editor, other):
        assert one.autosave().status_code == 200
    assert EditSession.objects.count() == 2


@pytest.mark.parametrize(
    ("role", "status"),
    [("Editor", 200), ("Publisher", 200), ("Clinical reviewer", 403), ("Front desk", 403)],
)
@pytest.mark.parametrize("kind", ["page", "snippet"])
def test_who_may_change_pages_may_autosave(role, status, kind, steve, draft):
    if kind == "snippet":
        draft = make_page(kind="snippet", title="House rules")
    editor = Editor(steve, draft, kind=kind)
    user = get_user_model().objects.create_user("dana", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    editor.client.force_login(user)
    editor.user = user
    editor.data["title"] = "Dana's title"
    assert editor.autosave().status_code == status
    assert editor.client.post(editor.address.replace("change", "heartbeat")).status_code == status
    draft.refresh_from_db()
    assert (draft.title == "Dana's title") == (status == 200)


def test_without_a_login_or_a_token_nothing_is_saved(steve, draft):
    editor = Editor(steve, draft)
    editor.data["title"] = "Needling"
    editor.client.logout()
    assert editor.autosave().status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(steve)
    assert strict.post(editor.address, editor.data | {"_autosave": str(steve.pk)}).status_code == 403
    draft.refresh_from_db()
    assert draft.title == "Dry needling"


def test_words_of_one_user_are_not_saved_in_the_name_of_another(steve, amara, draft):
    editor = Editor(steve, draft)
    editor.data["title"] = "Needling"
    editor.client.force_login(amara)
    assert editor.autosave().status_code == 403
    state = editor.client.get(editor.address.replace("change", "login-state")).json()
    assert (state["user"], state["name"], state["mayChange"]) == (amara.pk, "Amara", True)


def test_the_token_of_the_login_state_is_valid(steve, draft):
    client = Client(enforce_csrf_checks=True)
    client.force_login(steve)
    token = client.get(f"/admin/content/page/{draft.pk}/login-state/").json()["token"]
    heartbeat = f"/admin/content/page/{draft.pk}/heartbeat/"
    assert client.post(heartbeat, {"csrfmiddlewaretoken": token}).status_code == 200
    assert client.post(heartbeat).status_code == 403
    assert client.get(heartbeat).status_code == 405


def test_others_are_named_until_two_minutes_after_their_last_sign(steve, amara, draft, clock):
    mine, theirs = Editor(steve, draft), Editor(amara, draft)
    heartbeat = mine.address.replace("change", "heartbeat")
    theirs.client.post(heartbeat, {"sitting": theirs.sitting})
    clock.shift(timedelta(minutes=1, seconds=59))
    assert mine.client.post(heartbeat, {"sitting": mine.sitting}).json() == {"others": ["Amara"]}
    mine.data["title"] = "Needling"
    assert mine.autosave().json()["others"] == ["Amara"]
    clock.shift(timedelta(seconds=1))
    assert mine.client.post(heartbeat, {"sitting": mine.sitting}).json() == {"others": []}
    other_tab = Editor(steve, draft)
    assert other_tab.client.post(heartbeat, {"sitting": other_tab.sitting}).json() == {"others": []}


def test_a_sitting_is_logged_once_and_keeps_the_draft_from_before(steve, draft, clock):
    editor = Editor(steve, draft)
    for title in ("One", "Two", "Three"):
        clock.shift(timedelta(seconds=10))
        editor.data["title"] = title
        editor.settle(editor.autosave())
    editor.client.post(editor.address, editor.data)
    assert LogEntry.objects.count() == 1
    assert EditSession.objects.get().head["title"] == "Dry needling"
    Editor(steve, draft).client.post(editor.address, editor.data | {"title": "Four", "sitting": ""})
    assert LogEntry.objects.count() == 2


def test_the_history_lists_sittings_which_can_be_compared_and_restored(steve, draft, clock):
    editor = Editor(steve, draft)
    editor.data |= {"title": "Needling", f"{SECTIONS}-0-heading": "Changed"}
    editor.autosave()
    session = EditSession.objects.get()
    base = f"/admin/content/page/{draft.pk}"
    history = editor.client.get(f"{base}/history/").content.decode()
    assert "The draft before Steve&#x27;s changes of Monday, November 23, 2026, 2:00 p.m." in history
    clock.shift(timedelta(minutes=1))
    compare = editor.client.get(f"{base}/compare/?from=draft&to=before-{session.pk}").content.decode()
    assert "From the draft before Steve&#x27;s changes" in compare
    editor.client.post(f"{base}/restore/", {"revision": f"before-{session.pk}"})
    draft.refresh_from_db()
    assert (draft.title, headings()) == ("Dry needling", ["Risks"])

    # The draft from before restoring is kept, too.
    undo = edit_sessions.restorable(draft, now=draft.edited_at).first()
    assert undo.head["title"] == "Needling"
    other = make_page()
    for name in (f"before-{session.pk}", "before-", "before-0", "before-x"):
        assert editor.client.get(f"/admin/content/page/{other.pk}/restore/?revision={name}").status_code == 404


def test_sittings_are_deleted_after_30_days(steve, draft, clock):
    editor = Editor(steve, draft)
    editor.data["title"] = "Needling"
    editor.autosave()
    clock.shift(timedelta(days=29))
    assert edit_sessions.delete_old() == ""
    clock.shift(timedelta(days=1))
    assert edit_sessions.delete_old() == "Deleted 1 edit sessions."
    assert not EditSession.objects.exists()


def test_rows_and_sources_may_be_incomplete_in_a_draft(steve, draft):
    DefinitionList.objects.create(parent=draft, region="main", ordering=20)
    Sources.objects.create(parent=draft, region="main", ordering=30)
    editor = Editor(steve, draft)
    editor.data |= {"content_definitionlist_set-0-items-0-text": "A pad without a name", "lede": "word " * 30}
    assert editor.autosave().status_code == 200
    assert DefinitionList.objects.get().items == [{"term": "", "text": "<p>A pad without a name</p>"}]
    assert len(Page.objects.get(pk=draft.pk).lede.split()) == 30
