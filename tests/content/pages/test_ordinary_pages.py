"""Ordinary pages: their addresses, redirects, sections, and what else of the site shows them."""

import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver, reverse

from content import addresses
from content.admin.editing.link_choices import link_choices
from content.blocks.page_content import content_of_draft
from content.links.typed_links import find_problem
from content.media.share_images import create_missing
from content.models import Menu, MenuEntry, Page, PictureFile, Signpost, SlugRedirect
from content.publishing.checks.rules import check_hiding, check_page
from tests.clinic.web.test_page_cache import clock, reader  # noqa: F401  (fixtures)
from tests.support import factories
from tests.support.content_factories import make_page, make_picture, make_revision, make_section, preview_link

pytestmark = pytest.mark.django_db
RESERVED = "The site uses this address itself. Choose another one."


def make_ordinary(slug, *, parent=None, **fields):
    return make_page(kind="page", slug=slug, parent=parent, **{"title": slug.replace("-", " ").capitalize()} | fields)


def hide(page):
    make_revision(page, is_public=False, head={}, blocks=[])


def fetch(client, path):
    response = client.get(path)
    return response.status_code, response.headers.get("Location", "")


def crumbs(html):
    return re.findall(r'<a href="([^"]*)">([^<]*)</a>', html.partition('class="breadcrumbs"')[2].partition("</nav>")[0])


def section_of(html):
    nav = html.partition('class="section-nav"')[2].partition("</nav>")[0]
    return [
        f"{address} {title}{' here' if 'aria-current' in rest else ''}"
        for address, rest, title in re.findall(r'<a href="([^"]*)"([^>]*)>([^<]*)</a>', nav)
    ]


@pytest.fixture
def about(home_page):
    factories.make_clinic()
    return make_ordinary("about-us", title="About us")


@pytest.fixture
def careers(about):
    return make_ordinary("careers", parent=about, title="Careers")


# Addresses


def test_a_page_and_one_below_it_have_their_addresses(client, about, careers):
    assert [about.get_absolute_url(), careers.get_absolute_url()] == ["/about-us/", "/about-us/careers/"]
    for page in (about, careers):
        html = client.get(page.get_absolute_url()).content.decode()
        assert f'<h1 class="hero__title">{page.title}</h1>' in html
        assert f'<link rel="canonical" href="http://127.0.0.1:8000{page.get_absolute_url()}">' in html


@pytest.mark.parametrize("path", ["/careers/", "/other/careers/", "/careers/about-us/", "/about-us/careers/more/"])
def test_a_page_has_no_other_address(client, careers, path):
    assert client.get(path).status_code == 404


def test_two_pages_below_different_pages_may_have_one_slug(client, about):
    other = make_ordinary("visiting")
    for parent in (about, other):
        make_ordinary("parking", parent=parent, title=f"Parking, {parent.title}")
    assert "Parking, Visiting" in client.get("/visiting/parking/").content.decode()
    assert "Parking, About us" in client.get("/about-us/parking/").content.decode()


def test_only_safe_methods_are_allowed(client, about):
    assert [getattr(client, verb)("/about-us/").status_code for verb in ("post", "put", "delete")] == [405] * 3
    assert client.head("/about-us/").status_code == 200


def test_a_draft_is_not_public_and_has_a_preview(client, about):
    draft = make_ordinary("faq", parent=about, is_published=False, title="Questions people ask")
    assert fetch(client, "/about-us/faq/") == (404, "")
    assert fetch(client, "/about-us/faq") == (404, "")
    html = client.get(preview_link(draft)).content.decode()
    assert "Questions people ask" in html
    assert ("/about-us/", "About us") in crumbs(html)


def test_an_address_without_its_slash_is_redirected(client, careers):
    assert fetch(client, "/about-us") == (301, "/about-us/")
    assert fetch(client, "/about-us/careers?from=mail") == (301, "/about-us/careers/?from=mail")
    assert fetch(client, "/no-such-page") == (404, "")


# Reserved words and parents


def test_every_first_segment_of_the_site_is_refused():
    def literals(resolver):
        for entry in resolver.url_patterns:
            route = str(entry.pattern)
            if isinstance(entry, URLResolver) and not route:
                yield from literals(entry)
            elif not route.startswith("<") and route:
                yield route.split("/")[0]

    segments = {segment for segment in literals(get_resolver()) if "." not in segment}
    assert segments >= {"admin", "desk", "staff", "media", "book", "appointment", "treatments", "search", "preview"}
    for segment in segments | {"static", "livez", "readyz", "healthz", "Admin", "MEDIA"}:
        page = Page(kind="page", slug=segment, title="Mine", lede="Mine.")
        with pytest.raises(ValidationError) as refused:
            page.full_clean()
        assert refused.value.message_dict == {"slug": [RESERVED]}, segment


def test_a_reserved_word_is_free_below_a_page(about):
    Page(kind="page", slug="contact", parent=about, title="Contact", lede="Mine.").full_clean()
    assert not addresses.is_reserved("careers")


def test_a_page_that_has_got_a_reserved_address_is_not_published(about):
    page = make_ordinary("search", is_published=False)
    issues = [issue.message for issue in check_page(page, content_of_draft(page), now=page.edited_at) if issue.blocks]
    assert issues == [RESERVED]


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (lambda about, careers: (about, about), "parent", "A page can't be below itself."),
        (lambda about, careers: (make_ordinary("x"), careers), "parent", "That page is below another one itself."),
        (lambda about, careers: (about, make_ordinary("x")), "parent", "This page has pages below it"),
        (lambda about, careers: (careers, make_page()), "parent", "Only an ordinary page can have pages below it."),
    ],
    ids=["itself", "a page below one", "a page with pages below it", "a treatment"],
)
def test_pages_are_one_level_deep(about, careers, change, field, message):
    page, parent = change(about, careers)
    page.parent = parent
    with pytest.raises(ValidationError) as refused:
        page.full_clean()
    assert message in refused.value.message_dict[field][0]


def test_other_kinds_have_no_parent(about):
    page = make_page(slug="needling")
    page.parent = about
    page.full_clean()
    assert page.parent is None


@pytest.mark.parametrize(
    "fields",
    [
        {"slug": ""},
        {"slug": "about-us"},
        {"slug": "careers", "below": True},
        {"slug": "x", "kind": "treatment", "below": True},
        {"slug": "x", "kind": "fees"},
    ],
    ids=["no slug", "taken", "taken below the page", "a treatment below a page", "a fixed page with a slug"],
)
def test_the_database_refuses_impossible_addresses(about, careers, fields):
    is_below = fields.pop("below", False)
    values = {"kind": "page", "title": "x", "parent": about if is_below else None} | fields
    with pytest.raises(IntegrityError), transaction.atomic():
        Page.objects.create(**values)


def test_a_taken_address_is_refused_in_words(about, careers):
    for parent, slug in ((None, "about-us"), (about, "careers")):
        with pytest.raises(ValidationError, match="Another page already has this address"):
            Page(kind="page", slug=slug, parent=parent, title="x", lede="x").full_clean()


def test_a_page_with_pages_below_it_cannot_be_deleted(about, careers):
    with pytest.raises(ProtectedError):
        about.delete()


# Redirects, hidden and deleted pages


def test_a_renamed_page_is_redirected_and_so_are_those_below_it(client, about, careers):
    draft = make_ordinary("secret", parent=about, is_published=False)
    about.slug = "our-clinic"
    about.save()
    assert fetch(client, "/about-us/?from=mail") == (301, "/our-clinic/?from=mail")
    assert fetch(client, "/about-us/careers/") == (301, "/our-clinic/careers/")
    assert fetch(client, "/about-us/careers") == (301, "/our-clinic/careers/")
    assert fetch(client, f"/about-us/{draft.slug}/")[0] == 404
    about.slug = "about-us"
    about.save()
    assert [fetch(client, path)[0] for path in ("/about-us/", "/about-us/careers/")] == [200, 200]
    assert fetch(client, "/our-clinic/careers/") == (301, "/about-us/careers/")


def test_a_page_that_moves_is_redirected(client, about, careers):
    other = make_ordinary("join-us")
    for parent, slug in ((other, "careers"), (None, "careers"), (None, "jobs")):
        careers.parent, careers.slug = parent, slug
        careers.save()
    for path in ("/about-us/careers/", "/join-us/careers/", "/careers/"):
        assert fetch(client, path) == (301, "/jobs/")
    assert SlugRedirect.objects.count() == 3


def test_a_new_page_at_a_former_address_takes_precedence(client, about, careers):
    careers.slug = "jobs"
    careers.save()
    make_ordinary("careers", parent=about, title="The new one")
    assert "The new one" in client.get("/about-us/careers/").content.decode()


def test_a_hidden_or_deleted_page_is_gone(client, about, careers):
    about.slug = "our-clinic"
    about.save()
    hide(careers)
    paths = ["/our-clinic/careers/", "/about-us/careers/"]
    assert [fetch(client, path)[0] for path in paths] == [410, 410]
    assert fetch(client, "/our-clinic/")[0] == 200
    careers.delete()
    assert [fetch(client, path)[0] for path in paths] == [410, 410]


def test_a_page_below_a_hidden_one_stays_and_says_so_before_hiding(client, about, careers, now):
    assert [issue.message for issue in check_hiding(about, now=now)] == [
        "“Careers” is below it. Readers will still find it at its own address."
    ]
    hide(about)
    html = client.get("/about-us/careers/").content.decode()
    assert crumbs(html) == [("/", "Home")]
    assert "About us" not in html


# The pages themselves


def test_a_page_lists_those_below_it_in_order(client, about, careers):
    make_ordinary("faq", parent=about, title="FAQ", position=0)
    Page.objects.filter(pk=careers.pk).update(position=5)
    make_ordinary("draft", parent=about, is_published=False)
    make_ordinary("only", parent=make_ordinary("elsewhere"))
    listed = ["/about-us/faq/ FAQ", "/about-us/careers/ Careers"]
    assert section_of(client.get("/about-us/").content.decode()) == listed
    assert section_of(client.get("/about-us/careers/").content.decode()) == [listed[0], f"{listed[1]} here"]
    assert section_of(client.get("/elsewhere/").content.decode()) == ["/elsewhere/only/ Only"]
    assert section_of(client.get("/elsewhere/only/").content.decode()) == []


def test_breadcrumbs_lead_up_to_the_home_page(client, careers):
    html = client.get("/about-us/careers/").content.decode()
    assert crumbs(html) == [("/", "Home"), ("/about-us/", "About us")]
    assert '<span aria-current="page">Careers</span>' in html


def test_the_structured_data_names_the_page_and_where_it_is(client, about, careers):
    def graph(path):
        html = client.get(path).content.decode()
        nodes = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', html)[1])["@graph"]
        return {node["@type"]: node for node in nodes}

    assert graph("/about-us/")["AboutPage"]["name"] == "About us"
    nodes = graph("/about-us/careers/")
    assert nodes["WebPage"]["url"] == "http://127.0.0.1:8000/about-us/careers/"
    assert [item["name"] for item in nodes["BreadcrumbList"]["itemListElement"]] == ["Home", "About us", "Careers"]


def test_a_page_shows_its_picture_and_its_share_card(client, about, settings):
    picture = make_picture()
    page = make_ordinary("visit", parent=about, hero_picture=picture, hero_alt="A path")
    create_missing()
    assert PictureFile.objects.filter(kind=PictureFile.Kind.SHARE_CARD).count() == 3  # With the home page's.
    html = client.get(page.get_absolute_url()).content.decode()
    assert 'alt="A path"' in html
    assert 'property="og:image"' in html


def test_a_page_and_its_parent_show_changes_at_once(reader, about, careers):  # noqa: F811
    assert section_of(reader.get("/about-us/").text) == ["/about-us/careers/ Careers"]
    assert reader.get("/about-us/").text == reader.get("/about-us/").text
    assert reader.made == 1
    make_ordinary("faq", parent=about, title="FAQ")
    assert section_of(reader.get("/about-us/").text) == ["/about-us/careers/ Careers", "/about-us/faq/ FAQ"]
    about.slug = "our-clinic"
    about.save()
    assert reader.get("/about-us/").status == 301
    assert section_of(reader.get("/our-clinic/").text)[0] == "/our-clinic/careers/ Careers"


# What else of the site shows them


def test_the_sitemap_and_the_search_have_it(client, careers):
    make_revision(make_section(careers, heading="Jobs", body="<p>We look for a zitherist.</p>").parent)
    assert "<loc>http://127.0.0.1:8000/about-us/careers/</loc>" in client.get("/sitemap.xml").content.decode()
    html = client.get("/search/?q=zitherist").content.decode()
    assert 'href="/about-us/careers/"' in html
    assert "Home › About us" in html
    hide(careers)
    assert "/about-us/careers/" not in client.get("/search/?q=zitherist").content.decode()
    assert "/about-us/careers/" not in client.get("/sitemap.xml").content.decode()


def test_menus_link_to_it_and_mark_the_section(client, about, careers):
    MenuEntry.objects.create(menu=Menu.objects.get(kind="main"), page=about, position=99)

    def mark(path):
        header = client.get(path).content.decode().partition("<header")[2].partition("</header>")[0]
        return re.search(r'href="/about-us/"\s*(?:aria-current="(\w+)")?', header)[1]

    make_ordinary("elsewhere")
    make_ordinary("below", parent=Page.objects.get(slug="elsewhere"))
    assert [mark("/about-us/"), mark("/about-us/careers/")] == ["page", "true"]
    assert [mark("/elsewhere/"), mark("/elsewhere/below/")] == [None, None]


def test_typed_links_to_it_are_checked(about, careers):
    make_ordinary("draft", is_published=False)
    careers.slug = "jobs"
    careers.save()
    assert find_problem("/about-us/", set()) is None
    assert find_problem("/about-us/jobs/", set()) is None
    assert find_problem("/about-us/careers/", set()).current_path == "/about-us/jobs/"
    assert find_problem("/draft/", set()).reason == "this page isn't published."
    assert find_problem("/nowhere/", set()).reason == "this site has no such page."
    assert find_problem("/about-us/nowhere/", set()).reason == "this site has no such page."
    choices = {choice["address"] for group in link_choices() for choice in group["choices"]}
    assert {"/about-us/", "/about-us/jobs/"} <= choices


def test_a_signpost_leads_to_it(client, careers):
    other = make_page(slug="back")
    Signpost.objects.create(parent=other, region="main", title="Work here", page=careers)
    make_revision(other)
    assert 'href="/about-us/careers/"' in client.get(other.get_absolute_url()).content.decode()


@pytest.mark.usefixtures("kept_facts", "stopped_clock")
class TestQueries:
    def cost(self, client, path, status):
        client.get("/no-page.php/")  # After a change, the first request loads the facts of every page.
        with CaptureQueriesContext(connection) as counted:
            assert client.get(path).status_code == status, path
        return len(counted)

    def test_an_unknown_address_costs_what_one_that_no_pattern_matches_does(self, client, home_page):
        for _ in range(2):
            least = self.cost(client, "/no-page.php/", 404)
            for path in ("/nowhere/", "/nowhere", "/nowhere/below/", "/about-us/nowhere/"):
                assert self.cost(client, path, 404) == least, path
            for number in range(30):
                make_ordinary(f"page-{number}-{Page.objects.count()}")

    def test_a_page_costs_the_same_however_many_are_below_it(self, client, home_page):
        about, costs = make_ordinary("about-us"), set()
        make_ordinary("careers", parent=about)
        for number in (0, 20):
            for _ in range(number):
                make_ordinary(f"page-{Page.objects.count()}", parent=about)
            costs.add((self.cost(client, "/about-us/", 200), self.cost(client, "/about-us/careers/", 200)))
        assert len(costs) == 1
        assert max(max(costs)) <= 20

    def test_lists_of_pages_cost_the_same_however_many_are_below_others(self, client, home_page):
        about, costs = make_ordinary("about-us"), set()
        make_ordinary("first", parent=about)
        for number in (0, 20):
            for _ in range(number):
                page = make_ordinary(f"page-{Page.objects.count()}", parent=about)
                MenuEntry.objects.create(menu=Menu.objects.get(kind="reach"), page=page)
            client.get("/search/?q=page")  # Rebuilds the index.
            costs.add((self.cost(client, reverse("content:sitemap"), 200), self.cost(client, "/search/?q=page", 200)))
        assert len(costs) == 1


def test_an_address_of_nothing_is_not_found_while_the_site_is_being_set_up(client):
    assert client.get("/wp-admin/").status_code == 404
    assert client.get("/fees/").status_code == 503
