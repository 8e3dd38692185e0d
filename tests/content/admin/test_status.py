"""The bar above the page editor: the page's state in two words, and the actions that each role may use."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from content.models import Callout, Page, Revision, Section
from content.publishing import publish
from tests.support.content_factories import make_page, make_revision, make_section

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def draft() -> Page:
    page = make_page(slug="dry-needling", title="Dry needling", is_published=False)
    make_section(page, heading="What it is")
    make_section(page, heading="Risks")
    return page


def bar(client: Client, page: Page) -> str:
    html = unescape(client.get(f"/admin/content/page/{page.pk}/change/").content.decode())
    return html.split('<div class="editor-bar"')[1].split('<div class="editor-tabs"')[0]


def chip(client: Client, page: Page) -> str:
    return bar(client, page).split('class="editor-bar__chip')[1].split(">")[1].split("<")[0]


def test_the_chip_says_how_the_draft_differs_from_what_readers_see(admin_client, draft, now):
    assert chip(admin_client, draft) == "Draft"
    make_revision(draft)
    assert chip(admin_client, draft) == "Public"
    Section.objects.filter(heading="Risks").update(body="<p>Other words.</p>")
    assert chip(admin_client, draft) == "Draft, 1 change"
    Section.objects.get(heading="What it is").delete()
    Callout.objects.create(parent=draft, region="main", ordering=70, heading="New")
    Page.objects.update(title="Needles")
    assert chip(admin_client, draft) == "Draft, 4 changes"
    publish.unpublish(draft, by=None, now=now)
    assert chip(admin_client, draft) == "Hidden"


def test_the_chip_of_a_page_that_readers_will_see(admin_client, draft, now):
    make_revision(draft, goes_live_at=now + timedelta(days=2))
    assert chip(admin_client, draft) == "Scheduled"


def test_a_moved_block_is_one_change(admin_client, draft):
    make_revision(draft)
    Section.objects.filter(heading="What it is").update(ordering=9999)
    assert chip(admin_client, draft) == "Draft, 1 change"


def actions(html: str) -> set[str]:
    known = {
        "Save", "Share draft", "Publish…", "Save and close", "History", "See it on the site", "Clinical review …",
        "Hide it from readers …", "Cancel what is scheduled", "See what has changed", "Delete…",
    }  # fmt: skip
    return {name for name in known if f">{name}<" in html}


READING = {"Share draft", "History", "See it on the site", "See what has changed"}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("Editor", READING | {"Save", "Save and close"}),
        (
            "Publisher",
            READING | {"Save", "Save and close", "Publish…", "Hide it from readers …", "Cancel what is scheduled"},
        ),
        ("Clinical reviewer", READING | {"Clinical review …"}),
    ],
)
def test_each_role_has_its_actions(client, draft, now, role: str, expected: set[str]):
    make_revision(draft)
    Section.objects.filter(heading="Risks").update(body="<p>Other words.</p>")
    make_revision(draft, goes_live_at=now + timedelta(days=2))
    user: Any = get_user_model().objects.create_user("alice", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    assert actions(bar(client, draft)) - {"Delete…"} == expected


def test_what_readers_see_and_what_is_scheduled_is_said_in_sentences(admin_client, draft, now):
    make_revision(draft)
    revision = make_revision(draft, goes_live_at=now + timedelta(days=2))
    html = admin_client.get(f"/admin/content/page/{draft.pk}/change/").content.decode()
    assert "Readers have seen this page as it is here since" in html
    assert "Scheduled to go live: Wednesday, November 25" in html
    assert "a.m.." not in html
    assert Revision.objects.scheduled(at=now).get() == revision


def test_a_window_that_adds_a_snippet_has_the_usual_buttons_and_no_bar(admin_client):
    html = admin_client.get("/admin/content/snippet/add/?_popup=1").content.decode()
    assert 'name="_save"' in html
    assert "editor-bar" not in html.split("<body")[1]
    assert "preview__frame" not in html
