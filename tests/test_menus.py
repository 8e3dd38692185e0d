"""Rule: the links above and below every page are the clinic's choice, and none of them can break."""

import re

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from content.models import Menu, MenuEntry, Page
from tests import make
from tests.make_content import make_page, make_revision, make_site
from tests.test_page_cache import Reader, clock, reader  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db
FIRST = ["Treatments /treatments/", "Team /team/", "Fees /fees/", "Contact /contact/"]


@pytest.fixture
def site(stopped_clock):
    make.make_clinic()
    make.make_location()
    return make_site()


def links(html, part='<nav class="site-header__nav"'):
    """The links of one part of a page: words and address, and which is marked as current."""
    at = html.find(part)
    if at < 0:
        return []
    found = re.findall(r'<a([^>]*href="([^"]*)"[^>]*)>([^<]*)</a>', html[at : html.index("</ul>", at)])
    mark = re.compile(r'aria-current="(\w+)"')
    return [" ".join([words, address, *mark.findall(attrs)]) for attrs, address, words in found]


def main_menu(client, address="/privacy/"):
    return links(client.get(address).content.decode())


def footer(client, part, address="/"):
    return links(client.get(address).content.decode(), part)


def entry(kind="main", **fields):
    return MenuEntry.objects.create(menu=Menu.objects.get(kind=kind), **{"position": 99} | fields)


# What readers see


def test_a_clinic_that_changed_nothing_has_the_usual_links(client, site):
    assert main_menu(client) == FIRST
    assert footer(client, 'id="footer-reach"')[-3:] == [
        "Send a message /contact/",
        "Book a visit /book/",
        "Change or cancel a visit /appointment/lost-link/",
    ]
    assert footer(client, 'class="site-footer__legal"') == ["Privacy /privacy/", "Accessibility /accessibility/"]


@pytest.mark.parametrize(
    ("address", "current"),
    [
        ("/treatments/", "Treatments /treatments/ page"),
        ("/treatments/knees/", "Treatments /treatments/ true"),
        ("/team/", "Team /team/ page"),
        ("/team/steve-hansen/", "Team /team/ true"),
        ("/contact/", "Contact /contact/ page"),
        ("/contact/sent/", "Contact /contact/ true"),
        ("/", None),
    ],
)
def test_the_current_page_or_its_part_is_marked(client, site, address, current):
    make_page(slug="knees")
    make.make_practitioner([], name="Steve Hansen", slug="steve-hansen")
    marked = [link for link in main_menu(client, address) if link.endswith((" page", " true"))]
    assert marked == ([current] if current else [])


def test_a_treatment_that_is_in_the_menu_is_the_only_one_marked(client, site):
    entry(page=make_page(slug="knees", title="Knees"))
    assert main_menu(client, "/treatments/knees/") == [*FIRST, "Knees /treatments/knees/ page"]


def test_links_stand_in_their_order_with_the_clinic_s_words(client, site):
    MenuEntry.objects.filter(menu__kind="main").exclude(place="fees").delete()
    entry(page=make_page(slug="knees", title="Knees"), position=1)
    entry(place="book", label="Come & see", position=0)
    assert main_menu(client) == [escape("Come & see") + " /book/", "Knees /treatments/knees/", "Fees /fees/"]


def test_a_hidden_page_leaves_the_menu_and_comes_back(client, site):
    page = make_page(slug="knees", title="Knees")
    entry(page=page)
    assert main_menu(client)[-1] == "Knees /treatments/knees/"
    make_revision(page, is_public=False)
    assert main_menu(client) == FIRST
    make_revision(page)
    assert main_menu(client)[-1] == "Knees /treatments/knees/"


def test_so_does_one_of_the_site_s_own_pages(client, site):
    make_revision(site["fees"], is_public=False)
    assert main_menu(client) == [link for link in FIRST if not link.startswith("Fees")]


def test_a_draft_s_new_title_does_not_reach_the_menu(client, site):
    page = make_page(slug="knees", title="Knees")
    entry(page=page)
    Page.objects.filter(pk=page.pk).update(title="Knees and more")
    assert main_menu(client)[-1] == "Knees /treatments/knees/"
    make_revision(page)
    assert main_menu(client)[-1] == "Knees and more /treatments/knees/"


def test_a_changed_address_is_followed(client, site):
    page = make_page(slug="knees", title="Knees")
    entry(page=page)
    page.slug = "knee-pain"
    page.save()
    assert main_menu(client)[-1] == "Knees /treatments/knee-pain/"


def test_a_site_without_pages_leads_nowhere(client):
    assert links(client.get("/").content.decode()) == []


def test_a_place_that_this_site_does_not_have_is_left_out(client, site):
    MenuEntry.objects.filter(place="team").update(place="nowhere")
    assert main_menu(client) == [link for link in FIRST if not link.startswith("Team")]


def test_menus_cost_no_query_however_many_links_they_have(client, site):
    def cost():
        with CaptureQueriesContext(connection) as counted:
            client.get("/fees/")
        return len(counted)

    before = cost()
    for number in range(5):
        entry(page=make_page(title=f"Page {number}"))
    assert cost() == before <= 3


def test_what_staff_change_shows_on_a_kept_page_at_once(reader, clock):  # noqa: F811
    page = make_page(slug="knees", title="Knees").get_absolute_url()
    assert links(reader.get(page).text) == []
    new = entry(place="book")
    assert links(reader.get(page).text) == ["Book a visit /book/"]
    new.label = "Book"
    new.save()
    assert links(reader.get(page).text) == ["Book /book/"]
    new.delete()
    assert links(reader.get(page).text) == []


# What the database and the commands hold


def test_a_migration_brings_menus_once_and_leaves_the_clinic_s_own_alone():
    MenuEntry.objects.filter(menu__kind="main").exclude(place="fees").delete()
    Menu.objects.get(kind="last").delete()
    call_command("migrate", verbosity=0)
    assert list(MenuEntry.objects.filter(menu__kind="main").values_list("place", flat=True)) == ["fees"]
    assert list(MenuEntry.objects.filter(menu__kind="last").values_list("place", flat=True)) == [
        "privacy",
        "accessibility",
    ]


@pytest.mark.parametrize("fields", [{}, {"place": "book", "page": "page"}, {"place": "team"}], ids=str)
def test_the_database_refuses_a_link_to_nothing_to_two_places_or_twice(fields):
    if "page" in fields:
        fields = fields | {"page": make_page()}
    with pytest.raises(IntegrityError), transaction.atomic():
        entry(**fields)


def test_a_page_in_a_menu_is_not_deleted_and_says_where_it_is(site, client, admin_client):
    page = make_page(title="Knees", is_published=False)
    entry(page=page)
    with pytest.raises(ProtectedError, match="MenuEntry"), transaction.atomic():
        page.delete()
    html = admin_client.get(reverse("admin:content_page_delete", args=[page.pk])).content.decode()
    address = reverse("admin:content_menu_change", args=[Menu.objects.get(kind="main").pk])
    assert f'“Knees” is used on <a href="{address}">Main menu</a> (a link)' in html


def test_hiding_a_page_says_that_it_leaves_the_menu(site, admin_client):
    page = make_page(title="Knees")
    entry(page=page)
    for one in (page, site["fees"]):
        html = admin_client.get(reverse("admin:content_page_hide", args=[one.pk])).content.decode()
        assert "It leaves the main menu while it is hidden." in " ".join(html.split())


# In the office


class Office:
    def __init__(self, client, kind="main"):
        self.client, self.menu = client, Menu.objects.get(kind=kind)
        self.address = reverse("admin:content_menu_change", args=[self.menu.pk])

    def form(self, *new, delete=(), **changed):
        """The form as it stands, with new rows, some deleted, and some cells changed by their names."""
        entries = list(self.menu.entries.all())
        given = {"entries-TOTAL_FORMS": len(entries) + len(new), "entries-INITIAL_FORMS": len(entries)}
        for number, one in enumerate(entries):
            where = f"page:{one.page_id}" if one.page_id else f"place:{one.place}"
            given |= {f"entries-{number}-{name}": value for name, value in {
                "id": one.pk, "menu": self.menu.pk, "leads_to": where, "label": one.label, "position": one.position,
            }.items()}  # fmt: skip
            if one.place in delete:
                given[f"entries-{number}-DELETE"] = "on"
        for number, row in enumerate(new, start=len(entries)):
            given |= {f"entries-{number}-{name}": value for name, value in ({"menu": self.menu.pk} | row).items()}
        return given | {name.replace("__", "-"): value for name, value in changed.items()}

    def send(self, *new, **options):
        response = self.client.post(self.address, self.form(*new, **options))
        if response.status_code == 302:
            return []
        formset = response.context["inline_admin_formsets"][0].formset
        return [*formset.non_form_errors(), *(m for form in formset for e in form.errors.values() for m in e)]


@pytest.fixture
def office(site, admin_client):
    return Office(admin_client)


def test_staff_add_reorder_rename_and_delete(office, client):
    page = make_page(slug="knees", title="Knees")
    assert office.send({"leads_to": f"page:{page.pk}", "label": "", "position": ""}) == []
    assert main_menu(client) == [*FIRST, "Knees /treatments/knees/"]
    assert office.send(delete=["team"], entries__0__position=95, entries__2__label="Prices") == []
    assert main_menu(client) == [
        "Prices /fees/", "Contact /contact/", "Treatments /treatments/", "Knees /treatments/knees/",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("new", "error"),
    [
        ([{"leads_to": "place:team"}], "This menu leads there already."),
        ([{"leads_to": "", "label": "Nowhere"}], "Choose where this link leads, or delete it."),
        ([{"leads_to": "https://example.com", "label": "Out"}], "Select a valid choice. https://example.com is not"),
        ([{"leads_to": "place:book", "label": "x" * 21}], "This is 21 characters long; 20 fit."),
        ([{"leads_to": "place:book", "label": "Click here"}], "Say where it leads: people hear links read out alone."),
        ([{"leads_to": "place:book", "label": "→"}], "Write words, with letters."),
        ([{"leads_to": "place:book", "label": "fees"}], "Another link of this menu has the same words."),
        ([{"leads_to": "place:book", "label": "a\u202eb"}], "“Words”: This holds a character that cannot be seen"),
        ([{"leads_to": "place:change"}], "The page's title is 24 characters long; 20 fit. Write less."),
        (
            [{"leads_to": f"place:{name}", "label": name} for name in ("book", "change", "privacy")],
            "These are 7 links; 6 fit.",
        ),
    ],
    ids=["twice", "nowhere", "typed", "long", "vague", "no words", "same words", "unseen", "long name", "too many"],
)
def test_what_would_not_hold_is_refused_with_a_sentence(office, client, new, error):
    errors = office.send(*new)
    assert [each for each in errors if each.startswith(error)], errors
    assert main_menu(client) == FIRST


def test_an_empty_menu_is_refused(office, client):
    assert office.send(delete=["treatments", "team", "fees", "contact"]) == ["A menu needs at least one link."]
    assert main_menu(client) == FIRST


def test_the_office_says_what_is_left_out(office, site, admin_client):
    make_revision(site["fees"], is_public=False)
    entry(page=make_page(title="Knees", is_published=False))
    listed = admin_client.get(reverse("admin:content_menu_changelist")).content.decode()
    assert "Treatments, Team, Contact" in listed
    assert "Fees, Knees" in listed
    html = admin_client.get(office.address).content.decode()
    assert html.count("Left out now: readers do not see this page.") == 2


def test_menus_are_neither_added_nor_deleted(site, admin_client):
    assert admin_client.get(reverse("admin:content_menu_add")).status_code == 403
    menu = Menu.objects.get(kind="main")
    assert admin_client.post(reverse("admin:content_menu_delete", args=[menu.pk]), {"post": "yes"}).status_code == 403


def test_the_list_of_menus_costs_as_much_for_many_links_as_for_few(site, admin_client):
    address = reverse("admin:content_menu_changelist")
    admin_client.get(address)

    def cost():
        with CaptureQueriesContext(connection) as counted:
            admin_client.get(address)
        return len(counted)

    before = cost()
    for _ in range(4):
        entry(page=make_page())
    assert cost() == before
