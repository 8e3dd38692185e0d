"""Making a page or snippet in two steps: what it is, then the editor on the saved draft."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from content.admin.pages.new_page import free_slug, possible_kinds
from content.models import Page, Section
from tests.support.content_factories import make_page, make_section, make_site

pytestmark = pytest.mark.django_db
ADD = "/admin/content/page/add/"
SPECIAL = ["home", "treatments", "team", "fees", "contact", "privacy", "accessibility"]


def staff(client, role):
    user = get_user_model().objects.create_user(role.lower(), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    return client


def send(client, **data):
    return client.post(ADD, {"kind": "page", "title": "", "parent": "", "slug": "", "copy_of": ""} | data)


def errors_of(response):
    assert response.status_code == 200
    return {name: list(messages) for name, messages in response.context["adminform"].form.errors.items()}


@pytest.mark.parametrize("kind", [*SPECIAL, "treatment", "page"])
def test_each_kind_is_made_as_a_draft_and_opens_in_the_editor(admin_client, kind, home_page):
    if kind == "home":
        home_page.delete()
    response = send(admin_client, kind=kind, title="Work with us")
    page = Page.objects.get(title="Work with us")
    assert response.headers["Location"] == f"/admin/content/page/{page.pk}/change/"
    assert page.slug == ("work-with-us" if kind in ("treatment", "page") else "")
    assert page.edited_by.username == "admin"
    assert not page.revisions.exists()
    html = admin_client.get(response.headers["Location"], follow=True).content.decode()
    assert "Your draft is saved." in html


def test_the_first_step_asks_for_little(admin_client):
    response = admin_client.get(ADD)
    assert list(response.context["adminform"].form.fields) == ["kind", "title", "parent", "slug", "copy_of"]
    assert response.context["inline_admin_formsets"] == []
    assert "unsafe" not in response["Content-Security-Policy"]


@pytest.mark.parametrize(("role", "status"), [("Editor", 302), ("Publisher", 302), ("Front desk", 403)])
def test_those_who_may_add_pages_make_them(client, role, status):
    assert send(staff(client, role), title="Careers").status_code == status
    assert Page.objects.exists() == (status == 302)


def test_a_kind_of_which_only_one_page_may_exist_is_not_offered_again(admin_client):
    make_page(kind="fees")
    kinds = [value for value, _label in possible_kinds()]
    assert kinds[:2] == ["page", "treatment"]
    assert "fees" not in kinds
    assert "snippet" not in kinds
    assert "privacy" in kinds
    assert errors_of(send(admin_client, kind="fees", title="Fees"))["kind"] == [
        "There's already a page of this kind. Edit that one."
    ]


def test_with_every_fixed_page_there_two_kinds_are_left(admin_client):
    make_site()
    assert [value for value, _label in possible_kinds()] == ["page", "treatment"]


def test_a_page_below_another_one_gets_its_address(admin_client):
    about = make_page(kind="page", slug="about-us")
    send(admin_client, title="Careers", parent=about.pk)
    assert Page.objects.get(title="Careers").get_absolute_url() == "/about-us/careers/"


def test_the_list_leads_to_a_page_below(admin_client):
    about = make_page(kind="page", slug="about-us")
    form = admin_client.get(f"{ADD}?kind=page&parent={about.pk}").context["adminform"].form
    assert (form["kind"].value(), str(form["parent"].value())) == ("page", str(about.pk))


def test_a_treatment_is_never_below_another_page(admin_client):
    about = make_page(kind="page", slug="about-us")
    send(admin_client, kind="treatment", title="Cupping", parent=about.pk)
    assert Page.objects.get(title="Cupping").parent is None


@pytest.mark.parametrize(
    ("kind", "title", "slug"),
    [
        ("page", "About us", "about-us-2"),
        ("page", "Search", "search-2"),
        ("page", "Careers & jobs", "careers-jobs"),
        ("page", "关于", "page"),
        ("treatment", "Search", "search"),
        ("treatment", "x" * 120, "x" * 76),
    ],
    ids=["taken", "the site's own", "signs", "no Latin letter", "a treatment's own folder", "long"],
)
def test_a_proposed_address_is_free(admin_client, kind, title, slug):
    make_page(kind="page", slug="about-us")
    assert free_slug(title, kind=kind, parent=None) == slug
    assert send(admin_client, kind=kind, title=title).status_code == 302
    assert Page.objects.filter(kind=kind, slug=slug, title=title).exists()


@pytest.mark.parametrize(
    ("slug", "message"),
    [
        ("about-us", "Another page already has this address."),
        ("admin", "The site uses this address itself. Choose another one."),
    ],
)
def test_a_typed_address_that_cannot_be_is_refused_in_words(admin_client, slug, message):
    make_page(kind="page", slug="about-us")
    errors = errors_of(send(admin_client, title="Careers", slug=slug))
    assert [text for texts in errors.values() for text in texts] == [message]


def test_a_page_starts_from_the_draft_of_another_one(admin_client):
    source = make_page(slug="needling", title="Needling", lede="A thin needle.", alternate_names="IMS")
    make_section(source, heading="Risks")
    send(admin_client, kind="treatment", title="Cupping", copy_of=source.pk)
    page = Page.objects.get(title="Cupping")
    assert (page.slug, page.lede, page.alternate_names) == ("cupping", "A thin needle.", "IMS")
    assert list(Section.objects.filter(parent=page).values_list("heading", flat=True)) == ["Risks"]
    assert Section.objects.filter(parent=source).count() == 1
    assert errors_of(send(admin_client, title="Careers", copy_of=source.pk)) == {
        "copy_of": ["Choose a page of the same kind."]
    }


def test_the_kind_stays_and_the_address_can_change(admin_client):
    about, page = make_page(kind="page", slug="about-us"), make_page(kind="page", slug="careers")
    make_page(kind="page", slug="faq", parent=about)
    form = admin_client.get(f"/admin/content/page/{page.pk}/change/").context["adminform"].form
    assert "kind" not in form.fields
    assert {"slug", "parent"} <= set(form.fields)
    assert list(form.fields["parent"].queryset) == [about]
    fixed = make_page(kind="fees")
    form = admin_client.get(f"/admin/content/page/{fixed.pk}/change/").context["adminform"].form
    assert {"kind", "slug", "parent"} & set(form.fields) == set()


def test_a_snippet_needs_a_title_alone(admin_client):
    response = admin_client.get("/admin/content/snippet/add/")
    assert list(response.context["adminform"].form.fields) == ["title"]
    response = admin_client.post("/admin/content/snippet/add/", {"title": "House rules"})
    snippet = Page.objects.get(kind="snippet")
    assert response.headers["Location"] == f"/admin/content/snippet/{snippet.pk}/change/"


def test_the_form_says_in_which_menus_a_page_is(admin_client):
    page = make_page(kind="page", slug="about-us")
    html = admin_client.get(f"/admin/content/page/{page.pk}/change/").content.decode()
    assert html.count(": not there") == 3
