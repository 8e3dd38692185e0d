"""The preview beside the editor: the page as typed so far, rendered and checked without storing anything."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.test import Client

from content import models
from content.blocks import page_content
from content.models import Page
from tests.content.admin.test_editing import form_of
from tests.support import factories
from tests.support.content_factories import (
    make_page,
    make_picture,
    make_revision,
    make_section,
    make_sources,
    preview_link,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def draft() -> Page:
    """A published page with three sections, the last in no region of its kind."""
    page = make_page(slug="dry-needling", title="Dry needling", is_published=False)
    make_section(page, heading="What it is", body="<p>A thin needle.</p>", ordering=10)
    make_section(page, heading="Risks", body="<p>Few.</p>", ordering=20)
    make_section(page, heading="Elsewhere", region="side", ordering=30)
    make_revision(page)
    return page


def address(page: Page, step: str = "typed") -> str:
    kind = "snippet" if page.kind == Page.Kind.SNIPPET else "page"
    return f"/admin/content/{kind}/{page.pk}/{step}/"


def form(client: Client, page: Page, **changes: str) -> dict[str, str]:
    """Return the editor's form as a browser would send it, with other values of some inputs."""
    return form_of(client.get(address(page, "change"))) | changes


def typed(client: Client, page: Page, **changes: str) -> Any:
    response = client.post(address(page), form(client, page, **changes))
    assert response.status_code == 200
    return response.json()


def marked(html: str, block: str) -> str:
    """Return the HTML of a block, from its mark to the next, in one line."""
    return " ".join(html.split(f"<!--block:{block}-->")[1].split("<!--")[0].split())


def new_block(kind: str, number: int, **fields: str) -> dict[str, str]:
    prefix = f"content_{kind}_set"
    values = {"region": "main", "ordering": "15"} | fields
    return {f"{prefix}-TOTAL_FORMS": str(number + 1)} | {
        f"{prefix}-{number}-{name.replace('__', '-')}": value for name, value in values.items()
    }


def all_rows() -> dict[str, list[Any]]:
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values_list())
        for model in apps.get_models()
        if model is not Session  # When the editor was last seen.
    }


# What comes back


def test_what_is_typed_is_rendered_with_the_site_s_own_page(admin_client, draft):
    answer = typed(admin_client, draft, title="Needling", **{"content_section_set-0-heading": "What a needle is"})

    first, second = draft.content_section_set.filter(region="main").order_by("ordering")
    assert '<h1 class="hero__title">Needling</h1>' in answer["html"]
    assert 'class="site-header' in answer["html"]
    assert marked(answer["html"], f"section-{first.pk}").startswith('<h2 id="what-a-needle-is">What a needle is</h2>')
    assert f"<!--block:section-{second.pk}-->" in answer["html"]
    assert "<script" not in answer["html"]
    assert "Elsewhere" not in answer["html"]
    assert answer["changes"] == 2
    assert answer["state"] == {"label": "Draft, 2 changes", "tone": "straw"}


def test_a_form_without_a_change_is_the_public_page(admin_client, draft):
    answer = typed(admin_client, draft)
    assert answer["changes"] == 0
    assert answer["state"]["label"] == "Public"


def test_new_moved_and_deleted_blocks_are_where_they_were_put(admin_client, draft):
    form_data = form(admin_client, draft) | new_block(
        "callout", 0, heading="Mind", level="2", tone="note", ordering="5"
    )
    form_data |= {"content_section_set-0-ordering": "40", "content_section_set-1-DELETE": "on"}
    answer = admin_client.post(address(draft), form_data).json()

    html, first = answer["html"], draft.content_section_set.get(heading="What it is")
    assert html.index("<!--block:callout-new-0-->") < html.index(f"<!--block:section-{first.pk}-->")
    assert "Few." not in html
    assert answer["changes"] == 2  # One added, one removed: the order of the others is the same.


def test_values_that_cannot_be_saved_say_why_and_those_that_cannot_be_shown_stay_as_they_were(admin_client, draft):
    answer = typed(admin_client, draft, booking_label="x" * 70, **{"content_section_set-0-heading": "x" * 200})

    assert "What it is" in answer["html"]
    messages = {finding["message"]: finding["block"] for finding in answer["findings"] if finding["blocks"]}
    section = draft.content_section_set.get(heading="What it is")
    assert [where for message, where in messages.items() if message.startswith("Text on the button:")] == [""]
    assert [where for message, where in messages.items() if message.startswith("Heading:")] == [f"section-{section.pk}"]


def test_findings_come_with_their_block_and_what_stops_publishing_first(admin_client, draft):
    sentence = "This sentence " + "goes on and on " * 10 + "without an end."
    form_data = form(admin_client, draft) | new_block(
        "section", 3, heading="New", level="2", body=f'<p>{sentence}</p><p><a href="/nowhere/">A place</a></p>'
    )
    findings = admin_client.post(address(draft), form_data).json()["findings"]

    of_new = [finding for finding in findings if finding["block"] == "section-new-3"]
    assert [finding["blocks"] for finding in of_new] == [True, False]
    assert of_new[0]["label"] == "Section: New"
    assert "The link “A place” doesn't work" in of_new[0]["message"]
    assert of_new[1]["quote"] == sentence
    assert [finding["blocks"] for finding in findings] == sorted((f["blocks"] for f in findings), reverse=True)


EVERY_KIND = {
    "section": {"heading": "A section", "level": "2", "body": "<p>Words [1].</p>"},
    "callout": {"heading": "A callout", "level": "3", "tone": "tip", "body": "<p>Words.</p>"},
    "leadlist": {"heading": "A list", "level": "2", "purpose": "plain", "items__0__body": "An item"},
    "numberedsections": {
        "heading": "Ideas",
        "level": "2",
        "counting": "steps",
        "items__0__title": "First",
        "items__0__body": "Sit.",
    },
    "definitionlist": {"heading": "Terms", "level": "2", "items__0__term": "Disc", "items__0__text": "A pad"},
    "questions": {"heading": "Asked", "level": "2", "items__0__question": "Why?", "items__0__answer": "So."},
    "dolist": {"heading": "Do it", "level": "2", "do__0__text": "Walk"},
    "risktable": {"heading": "Table", "level": "2", "rows__0__effect": "A mark", "rows__0__how_often": "often"},
    "carecard": {"heading": "Call if", "level": "2", "call": "911", "items__0__text": "pain"},
    "beforeduringafter": {"heading": "Your visit", "level": "2", "during": "<p>We talk.</p>"},
    "placedpicture": {"alt": "A path in a wood"},
    "calltoaction": {"heading": "Come", "level": "2", "label": "Book now"},
    "personcard": {"heading": "Meet us", "level": "2", "label": "Contact me"},
    "signpost": {"title": "Read on", "text": "More"},
    "snippethere": {},
    "sources": {"heading": "Sources", "level": "2", "items__0__text": "George 2021"},
}


@pytest.mark.parametrize("kind", page_content.KINDS)
def test_every_kind_of_block_is_shown_and_marked_before_it_is_saved(admin_client, draft, kind):
    service = factories.make_service()
    snippet = make_page(kind="snippet", slug="", title="House rules", is_published=False)
    make_section(snippet, heading="House rules")
    make_revision(snippet)
    reference = {
        "placedpicture": {"picture": make_picture().pk},
        "calltoaction": {"service": service.pk},
        "personcard": {"practitioner": factories.make_practitioner().pk},
        "signpost": {"service": service.pk},
        "snippethere": {"snippet": snippet.pk},
    }.get(kind, {})
    fields = EVERY_KIND[kind] | {name: str(pk) for name, pk in reference.items()}
    totals = {f"{name.split('__')[0]}-total": "3" for name in fields if "__" in name}
    number = 3 if kind == "section" else 0
    answer = admin_client.post(address(draft), form(admin_client, draft) | new_block(kind, number, **fields, **totals))

    html = answer.json()["html"]
    assert html.count(f"<!--block:{kind}-new-{number}-->") == 1
    assert html.count("<!--block:") == html.count("<!--/block-->")
    words = [value for name, value in fields.items() if name in {"heading", "title"} or "__" in name]
    assert [word for word in words if word not in html] == []


@pytest.mark.parametrize("kind", [kind for kind in page_content.KINDS if kind != "section"])
def test_a_block_with_nothing_in_it_yet_breaks_nothing(admin_client, draft, kind):
    answer = admin_client.post(address(draft), form(admin_client, draft) | new_block(kind, 0))
    assert answer.status_code == 200


def test_the_region_after_the_generated_part_comes_after_it(admin_client):
    factories.make_clinic()
    page = make_page(kind="team", title="Team")
    make_section(page, heading="Before", region="main", ordering=90)
    make_section(page, heading="After", region="end", ordering=10)
    html = typed(admin_client, page)["html"]
    assert html.index("Before") < html.index(">People<") < html.index("After")


def test_the_contact_page_has_its_form(admin_client):
    factories.make_clinic()
    page = make_page(kind="contact", title="Contact")
    assert '<form method="post" action="/contact/"' in typed(admin_client, page)["html"]


def test_a_snippet_is_shown_alone_and_on_a_page_under_the_key_of_its_block(admin_client, draft):
    snippet = make_page(kind="snippet", slug="", title="House rules", is_published=False)
    section = make_section(snippet, heading="House rules")
    make_revision(snippet)
    here = models.SnippetHere.objects.create(parent=draft, region="main", ordering=50, snippet=snippet)
    alone = typed(admin_client, snippet, **{"content_section_set-0-heading": "Our rules"})["html"]
    assert f"<!--block:section-{section.pk}-->" in alone
    assert "Our rules" in alone
    on_page = typed(admin_client, draft)["html"]
    assert marked(on_page, f"snippethere-{here.pk}").startswith('<h2 id="house-rules">House rules</h2>')


# Nothing is stored


def test_nothing_is_stored(admin_client, draft):
    make_sources(draft, "George 2021")
    data = form(admin_client, draft, title="Other", kind="fees", **{"content_section_set-0-DELETE": "on"})
    data |= {
        "content_section_set-1-heading": "Other",
        "_clone": f"content.section:{draft.content_section_set.first().pk}",
    }
    data |= {"_clone_region": "main", "_clone_ordering": "70"} | new_block("callout", 0, heading="New")
    before = all_rows()
    assert admin_client.post(address(draft), data).status_code == 200
    assert all_rows() == before


# Hostile and half-typed input

SECTION = "content_section_set"


@pytest.mark.parametrize(
    "changes",
    [
        {"slug": ""},
        {"slug": "../x", "kind": "treatment"},
        {"kind": "snippet"},
        {"kind": "page", "slug": ""},
        {"kind": "nonsense"},
        {"title": "\0", "lede": "\0"},
        {"title": "", "lede": ""},
        {"service": "99999999999999999999", "hero_picture": "x"},
        {"opened_at": "yesterday"},
        {f"{SECTION}-TOTAL_FORMS": ""},
        {f"{SECTION}-TOTAL_FORMS": "-1"},
        {f"{SECTION}-TOTAL_FORMS": "1000000000"},
        {f"{SECTION}-INITIAL_FORMS": "900"},
        {f"{SECTION}-0-id": "99999999999999999999"},
        {f"{SECTION}-0-id": "x"},
        {f"{SECTION}-0-id": ""},
        {f"{SECTION}-0-ordering": "9" * 40, f"{SECTION}-1-ordering": "-5"},
        {f"{SECTION}-0-ordering": "", f"{SECTION}-1-ordering": "NaN"},
        {f"{SECTION}-0-region": "constructor", f"{SECTION}-1-region": ""},
        {f"{SECTION}-0-level": "7", f"{SECTION}-0-is_folded": "on", f"{SECTION}-0-short_answer": ""},
        {f"{SECTION}-0-body": "<p><a href='javascript:alert(1)'>x</a><b", f"{SECTION}-0-heading": "</h2><script>x"},
        {f"{SECTION}-0-body": "<!--block:section-1--><!--/block-->"},
    ],
)
def test_hostile_and_half_typed_input_is_answered(admin_client, draft, changes):
    response = admin_client.post(address(draft), form(admin_client, draft) | changes)
    assert response.status_code == 200
    html = response.json()["html"]
    assert "<script" not in html
    assert "javascript:" not in html
    assert "<h1" in html


@pytest.mark.parametrize("data", [{}, {"title": "Only this"}, {f"{SECTION}-TOTAL_FORMS": "x"}])
def test_a_request_without_the_form_is_answered(admin_client, draft, data):
    assert admin_client.post(address(draft), data).status_code == 200


def test_rows_that_are_half_typed_are_shown_and_asked_for(admin_client, draft):
    words = models.DefinitionList.objects.create(
        parent=draft, region="main", ordering=20, heading="Words", items=[{"term": "Core", "text": "Middle"}]
    )
    answer = typed(admin_client, draft, **{"content_definitionlist_set-0-items-1-text": "A pad without a name"})
    assert "<dt>Core</dt>" in answer["html"]
    block = f"definitionlist-{words.pk}"
    said = [finding["message"] for finding in answer["findings"] if finding["block"] == block]
    assert "A pad without a name" in answer["html"]
    assert "Row 2: write the term, or clear the row." in said


# Who may


def log_in(client: Client, role: str) -> None:
    user = get_user_model().objects.create_user(role.lower().replace(" ", "-"), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)


@pytest.mark.parametrize(
    ("role", "frame", "typing"),
    [
        ("Publisher", 200, 200),
        ("Editor", 200, 200),
        ("Clinical reviewer", 200, 403),
        ("Front desk", 403, 403),
    ],
)
def test_reading_and_typing_need_their_permissions(client, admin_client, draft, role, frame, typing):
    data = form(admin_client, draft)
    log_in(client, role)
    assert client.get(address(draft, "frame")).status_code == frame
    assert client.post(address(draft), data).status_code == typing


def test_blocks_that_a_user_may_not_change_stay_as_they_are(client, admin_client, draft):
    data = form(admin_client, draft, **{"content_section_set-0-heading": "Forged"})
    user = get_user_model().objects.create_user("alice", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_page", "change_page", "view_section"]))
    client.force_login(user)
    html = client.post(address(draft), data).json()["html"]
    assert "Forged" not in html
    assert "What it is" in html


def test_strangers_are_asked_to_log_in(client, draft):
    assert client.get(address(draft, "frame")).status_code == 302
    assert client.post(address(draft)).status_code == 302


def test_typing_needs_a_token_and_a_post(admin_user, draft):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)
    assert strict.post(address(draft), {"title": "x"}).status_code == 403
    assert strict.get(address(draft)).status_code == 405


# The frame


def test_the_frame_shows_the_draft_as_last_saved(admin_client, draft):
    section = draft.content_section_set.get(heading="Risks")
    models.Section.objects.filter(pk=section.pk).update(body="<p>Not yet public.</p>")
    response = admin_client.get(address(draft, "frame"))
    html = response.content.decode()
    assert "Not yet public." in html
    assert f"<!--block:section-{section.pk}-->" in html
    assert '<base target="_blank">' in html
    assert "<script" not in html
    assert '<meta name="robots" content="noindex, nofollow">' in html
    assert "Draft preview, not public." not in html


def policy_of(response: Any) -> dict[str, str]:
    parts = (part.partition(" ") for part in response.headers["Content-Security-Policy"].split("; "))
    return {name: sources for name, _space, sources in parts}


def test_the_frame_alone_may_be_framed_and_by_this_site_only(admin_client, draft):
    public, frame = admin_client.get("/treatments/dry-needling/"), admin_client.get(address(draft, "frame"))
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert policy_of(frame) == policy_of(public) | {"frame-ancestors": "'self'"}
    assert frame.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert {"no-store", "private"} <= set(frame.headers["Cache-Control"].split(", "))

    typed_page = admin_client.post(address(draft), form(admin_client, draft))
    others = ["/", "/admin/", address(draft, "change"), address(draft, "history"), address(draft, "publish")]
    for response in [public, typed_page, *(admin_client.get(other) for other in others)]:
        assert response.headers["X-Frame-Options"] == "DENY"
        assert policy_of(response)["frame-ancestors"] == "'none'"


def test_the_editor_alone_may_show_a_frame(admin_client, draft):
    usual = policy_of(admin_client.get(address(draft, "history")))
    editor = policy_of(admin_client.get(address(draft, "change")))
    script = editor.pop("script-src")
    assert script.startswith("'self' 'nonce-")
    assert editor.pop("frame-src") == "'self'"
    assert editor == {name: sources for name, sources in usual.items() if name != "script-src"}


def test_no_public_page_and_no_shared_preview_has_marks(client, admin_client, draft):
    make_sources(draft, "George 2021")
    models.CareCard.objects.create(parent=draft, region="main", ordering=40, heading="Call 911 if", items=[])
    models.Signpost.objects.create(parent=draft, region="main", ordering=41, title="Read on", page=draft)
    models.PlacedPicture.objects.create(parent=draft, region="main", ordering=42, picture=make_picture(), alt="A path")
    models.Section.objects.filter(heading="Risks").update(is_folded=True, short_answer="Few.")
    make_revision(draft)
    marked = admin_client.get(address(draft, "frame")).content.decode()
    assert marked.count("<!--block:") == 6
    for where in ("/treatments/dry-needling/", preview_link(draft)):
        html = client.get(where).content.decode()
        assert "block:" not in html
        assert "/block" not in html
        assert "<base" not in html
        assert "editor/frame" not in html
