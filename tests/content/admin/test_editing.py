"""Editing pages and pictures in the admin, without a browser."""

import pytest
from django.contrib.auth import get_user_model

from content.models import DefinitionList, Page, Section
from tests.support.content_factories import LONG_AGO, make_page, make_picture, make_section, picture_upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    client.force_login(get_user_model().objects.create_superuser("steve", "steve@example.com", "canola-foothills-42"))
    return client


def form_of(response) -> dict[str, str]:
    """Return the data that a browser would submit without changes."""
    data = {}
    forms = [response.context["adminform"].form]
    for formset in response.context["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            widget = bound.field.widget
            if hasattr(widget, "columns"):
                for row in widget.get_context(bound.html_name, value, {})["widget"]["rows"]:
                    data |= {cell["name"]: cell["value"] for cell in row["cells"]}
                    data[f"{row['name']}-position"] = row["position"]
                data[f"{bound.html_name}-total"] = "60"
            elif hasattr(widget, "decompress"):
                data |= {f"{bound.html_name}_{i}": part or "" for i, part in enumerate(widget.decompress(value))}
            elif value is True:
                data[bound.html_name] = "on"
            elif value is not None and value is not False:
                data[bound.html_name] = value
    return {name: str(value) for name, value in data.items()}


@pytest.fixture
def needling():
    page = make_page(slug="dry-needling", title="Dry needling", position=3)
    make_section(page, heading="Risks", body="<p>Few.</p>")
    DefinitionList.objects.create(
        parent=page, region="main", ordering=20, heading="Words", items=[{"term": "Core", "text": "<p>Middle</p>"}]
    )
    return page


def test_the_editor_page_satisfies_the_content_security_policy(office, needling):
    response = office.get(f"/admin/content/page/{needling.pk}/change/")

    html = response.content.decode()
    policy = response["Content-Security-Policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert "unsafe" not in policy
    assert f'<script type="importmap" nonce="{nonce}">' in html
    assert html.index("js/adopt_styles.js") < html.index("content_editor/index.js")
    assert 'name="content_definitionlist_set-0-items-0-term"' in html
    assert 'name="content_definitionlist_set-__prefix__-items-0-term"' in html


def test_saving_without_a_change_is_no_change(office, needling):
    address = f"/admin/content/page/{needling.pk}/change/"

    response = office.post(address, form_of(office.get(address)))

    assert response.status_code == 302, response.context and response.context["errors"]
    needling.refresh_from_db()
    assert (needling.edited_at, needling.edited_by) == (LONG_AGO, None)
    assert DefinitionList.objects.get().items == [{"term": "Core", "text": "<p>Middle</p>"}]


def test_a_changed_row_is_saved_and_dated(office, needling):
    address = f"/admin/content/page/{needling.pk}/change/"
    data = form_of(office.get(address)) | {
        "content_definitionlist_set-0-items-1-term": "Disc",
        "content_definitionlist_set-0-items-1-text": "A pad",
        "content_definitionlist_set-0-items-1-position": "5",
    }

    office.post(address, data)

    needling.refresh_from_db()
    assert needling.edited_at > LONG_AGO
    assert needling.edited_by.username == "steve"
    assert [row["term"] for row in DefinitionList.objects.get().items] == ["Disc", "Core"]


def test_a_refused_row_says_why_and_keeps_what_was_typed(office, needling):
    address = f"/admin/content/page/{needling.pk}/change/"
    data = form_of(office.get(address)) | {"content_definitionlist_set-0-items-1-term": "A pad" * 30}

    response = office.post(address, data)

    html = response.content.decode()
    assert response.status_code == 200
    assert "Row 2. Term: This has 150 characters. The limit is 120." in html
    assert "A pad" * 30 in html


def test_rich_text_from_the_editor_is_cleaned(office, needling):
    address = f"/admin/content/page/{needling.pk}/change/"
    hostile = '<p>Fine <a href="javascript:alert(1)" onclick="x()">x</a></p><script>alert(1)</script>'

    office.post(address, form_of(office.get(address)) | {"content_section_set-0-body": hostile})

    body = Section.objects.get().body
    assert [word for word in ("javascript", "onclick", "script") if word in body] == []


def test_a_new_page_can_be_written(office):
    data = form_of(office.get("/admin/content/page/add/")) | {"title": "Fees", "kind": "fees", "slug": "fees"}
    editor = office.post("/admin/content/page/add/", data).headers["Location"]

    response = office.post(editor, form_of(office.get(editor)) | {"lede": "What it costs."})

    assert response.status_code == 302, response.context and response.context["errors"]
    page = Page.objects.get()
    assert (page.kind, page.slug, page.lede, page.edited_by.username) == ("fees", "", "What it costs.", "steve")
    assert office.get("/fees/").status_code == 503  # The site is being set up.


@pytest.mark.parametrize("query", ["", "?kind=treatment", "?review=due", "?review=overdue", "?q=needling"])
def test_pages_are_listed_filtered_and_found(office, needling, query):
    assert office.get(f"/admin/content/page/{query}").status_code == 200


def test_pages_never_reviewed_are_found(office, needling):
    make_page(kind="fees")

    assert list(office.get("/admin/content/page/?review=none").context["cl"].queryset) == [needling]


def test_a_picture_is_added_and_shown(office):
    data = {"title": "Path", "image": picture_upload("path.jpg"), "focal_x": "20", "focal_y": "50"}

    response = office.post("/admin/content/picture/add/", data)

    assert response.status_code == 302, response.context and response.context["errors"]
    html = office.get("/admin/content/picture/").content.decode()
    assert 'class="thumbnail" src="/media/pictures/path-' in html
    assert "640\u00a0×\u00a0420" in html


def test_a_file_that_is_no_picture_is_refused(office):
    data = {"title": "Path", "image": picture_upload("path.jpg", content=b"hello"), "focal_x": "20", "focal_y": "50"}

    response = office.post("/admin/content/picture/add/", data)

    assert response.status_code == 200
    assert len(response.context["errors"]) == 1


def test_a_picture_in_use_cannot_be_deleted(office):
    picture = make_picture()
    make_page(hero_picture=picture, hero_alt="A path")

    html = office.get(f"/admin/content/picture/{picture.pk}/delete/").content.decode()

    assert "Cannot delete picture" in html
    assert "is used on" in html
