"""Menus: default entries, links that follow their pages, and editing in the admin."""

import re

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from content.models import Menu, MenuEntry, Page
from tests.clinic.web.test_page_cache import Reader, clock, reader  # noqa: F401  (fixtures)
from tests.support import factories
from tests.support.content_factories import make_page, make_revision

pytestmark = pytest.mark.django_db
DEFAULT_LINKS = ["Treatments /treatments/", "Team /team/", "Fees /fees/", "Contact /contact/"]


def links(html, part='<nav class="site-header__nav"'):
    """Return the links of one part of a page as "label URL", with the value of aria-current if set.

    Those to booking without the page that they name: see tests/content/pages/test_booking_links.py.
    """
    at = html.find(part)
    if at < 0:
        return []
    matches = re.findall(r'<a([^>]*href="([^"]*)"[^>]*)>([^<]*)</a>', html[at : html.index("</ul>", at)])
    mark = re.compile(r'aria-current="(\w+)"')
    return [
        " ".join([words, re.sub(r"\?from=[\w-]+$", "", address), *mark.findall(attrs)])
        for attrs, address, words in matches
    ]


def main_menu(client, address="/privacy/"):
    return links(client.get(address).content.decode())


def footer(client, part, address="/"):
    return links(client.get(address).content.decode(), part)


def entry(kind="main", **fields):
    return MenuEntry.objects.create(menu=Menu.objects.get(kind=kind), **{"position": 99} | fields)


# Public pages


def test_unchanged_menus_have_the_default_links(client, site):
    assert main_menu(client) == DEFAULT_LINKS
    assert footer(client, 'id="footer-reach"')[-3:] == [
        "Send a message /contact/",
        "Book an appointment /book/",
        "Change or cancel an appointment /appointment/lost-link/",
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
def test_the_current_page_or_section_is_marked(client, site, address, current):
    make_page(slug="knees")
    factories.make_practitioner([], name="Steve Hansen", slug="steve-hansen")
    marked = [link for link in main_menu(client, address) if link.endswith((" page", " true"))]
    assert marked == ([current] if current else [])


def test_a_treatment_in_the_menu_is_marked_instead_of_its_section(client, site):
    entry(page=make_page(slug="knees", title="Knees"))
    assert main_menu(client, "/treatments/knees/") == [*DEFAULT_LINKS, "Knees /treatments/knees/ page"]


def test_links_have_their_order_and_custom_labels(client, site):
    MenuEntry.objects.filter(menu__kind="main").exclude(place="fees").delete()
    entry(page=make_page(slug="knees", title="Knees"), position=1)
    entry(place="book", label="Come & see", position=0)
    assert main_menu(client) == [escape("Come & see") + " /book/", "Knees /treatments/knees/", "Fees /fees/"]


def test_a_hidden_page_is_left_out_of_the_menu_until_published_again(client, site):
    page = make_page(slug="knees", title="Knees")
    entry(page=page)
    assert main_menu(client)[-1] == "Knees /treatments/knees/"
    make_revision(page, is_public=False)
    assert main_menu(client) == DEFAULT_LINKS
    make_revision(page)
    assert main_menu(client)[-1] == "Knees /treatments/knees/"


def test_a_hidden_special_page_is_left_out_too(client, site):
    make_revision(site["fees"], is_public=False)
    assert main_menu(client) == [link for link in DEFAULT_LINKS if not link.startswith("Fees")]


def test_the_menu_shows_the_published_title(client, site):
    page = make_page(slug="knees", title="Knees")
    entry(page=page)
    Page.objects.filter(pk=page.pk).update(title="Knees and more")
    assert main_menu(client)[-1] == "Knees /treatments/knees/"
    make_revision(page)
    assert main_menu(client)[-1] == "Knees and more /treatments/knees/"


def test_a_link_follows_a_changed_slug(client, site):
    page = make_page(slug="knees", title="Knees")
    entry(page=page)
    page.slug = "knee-pain"
    page.save()
    assert main_menu(client)[-1] == "Knees /treatments/knee-pain/"


def test_a_site_without_pages_has_an_empty_menu(client):
    assert links(client.get("/").content.decode()) == []


def test_an_unknown_place_is_left_out(client, site):
    MenuEntry.objects.filter(place="team").update(place="nowhere")
    assert main_menu(client) == [link for link in DEFAULT_LINKS if not link.startswith("Team")]


def test_menus_have_a_constant_number_of_queries(client, site):
    def cost():
        with CaptureQueriesContext(connection) as counted:
            client.get("/fees/")
        return len(counted)

    before = cost()
    for number in range(5):
        entry(page=make_page(title=f"Page {number}"))
    assert cost() == before


def test_a_change_shows_on_a_cached_page_at_once(reader, clock):  # noqa: F811
    page = make_page(slug="knees", title="Knees").get_absolute_url()
    assert links(reader.get(page).text) == []
    book_entry = entry(place="book")
    assert links(reader.get(page).text) == ["Book an appointment /book/"]
    book_entry.label = "Book"
    book_entry.save()
    assert links(reader.get(page).text) == ["Book /book/"]
    book_entry.delete()
    assert links(reader.get(page).text) == []


# Database


def test_migrate_creates_missing_menus_and_keeps_existing_ones():
    MenuEntry.objects.filter(menu__kind="main").exclude(place="fees").delete()
    Menu.objects.get(kind="last").delete()
    call_command("migrate", verbosity=0)
    assert list(MenuEntry.objects.filter(menu__kind="main").values_list("place", flat=True)) == ["fees"]
    assert list(MenuEntry.objects.filter(menu__kind="last").values_list("place", flat=True)) == [
        "privacy",
        "accessibility",
    ]


@pytest.mark.parametrize("fields", [{}, {"place": "book", "page": "page"}, {"place": "team"}], ids=str)
def test_the_database_requires_exactly_one_unique_target(fields):
    if "page" in fields:
        fields = fields | {"page": make_page()}
    with pytest.raises(IntegrityError), transaction.atomic():
        entry(**fields)


def test_a_page_in_a_menu_cannot_be_deleted(site, client, admin_client):
    page = make_page(title="Knees", is_published=False)
    entry(page=page)
    with pytest.raises(ProtectedError, match="MenuEntry"), transaction.atomic():
        page.delete()
    html = admin_client.get(reverse("admin:content_page_delete", args=[page.pk])).content.decode()
    address = reverse("admin:content_menu_change", args=[Menu.objects.get(kind="main").pk])
    assert f'“Knees” is used on <a href="{address}">Main menu</a> (a link)' in html


def test_hiding_a_page_warns_that_it_leaves_the_menu(site, admin_client):
    page = make_page(title="Knees")
    entry(page=page)
    for hidden in (page, site["fees"]):
        html = admin_client.get(reverse("admin:content_page_hide", args=[hidden.pk])).content.decode()
        assert "It leaves the main menu while it is hidden." in " ".join(html.split())


# Admin


class MenuForm:
    def __init__(self, client, kind="main"):
        self.client, self.menu = client, Menu.objects.get(kind=kind)
        self.address = reverse("admin:content_menu_change", args=[self.menu.pk])

    def form(self, *new, delete=(), **changed):
        """Return the form's data with new rows, deleted rows (by place), and changed cells (by input name)."""
        entries = list(self.menu.entries.all())
        data = {"entries-TOTAL_FORMS": len(entries) + len(new), "entries-INITIAL_FORMS": len(entries)}
        for number, item in enumerate(entries):
            where = f"page:{item.page_id}" if item.page_id else f"place:{item.place}"
            data |= {f"entries-{number}-{name}": value for name, value in {
                "id": item.pk, "menu": self.menu.pk, "leads_to": where, "label": item.label, "position": item.position,
            }.items()}  # fmt: skip
            if item.place in delete:
                data[f"entries-{number}-DELETE"] = "on"
        for number, row in enumerate(new, start=len(entries)):
            data |= {f"entries-{number}-{name}": value for name, value in ({"menu": self.menu.pk} | row).items()}
        return data | {name.replace("__", "-"): value for name, value in changed.items()}

    def send(self, *new, **options):
        response = self.client.post(self.address, self.form(*new, **options))
        if response.status_code == 302:
            return []
        formset = response.context["inline_admin_formsets"][0].formset
        return [*formset.non_form_errors(), *(m for form in formset for e in form.errors.values() for m in e)]


@pytest.fixture
def menu_form(site, admin_client):
    return MenuForm(admin_client)


def test_staff_can_add_reorder_rename_and_delete_links(menu_form, client):
    page = make_page(slug="knees", title="Knees")
    assert menu_form.send({"leads_to": f"page:{page.pk}", "label": "", "position": ""}) == []
    assert main_menu(client) == [*DEFAULT_LINKS, "Knees /treatments/knees/"]
    assert menu_form.send(delete=["team"], entries__0__position=95, entries__2__label="Prices") == []
    assert main_menu(client) == [
        "Prices /fees/", "Contact /contact/", "Treatments /treatments/", "Knees /treatments/knees/",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("new", "error"),
    [
        ([{"leads_to": "place:team"}], "This menu already has a link to that."),
        ([{"leads_to": "", "label": "Nowhere"}], "Choose where this link goes, or delete it."),
        ([{"leads_to": "https://example.com", "label": "Out"}], "Select a valid choice. https://example.com is not"),
        ([{"leads_to": "place:book", "label": "x" * 21}], "This has 21 characters. The limit is 20."),
        (
            [{"leads_to": "place:book", "label": "Click here"}],
            "Say where it goes: screen readers read links out on their own.",
        ),
        ([{"leads_to": "place:book", "label": "→"}], "Use words, not only signs."),
        ([{"leads_to": "place:book", "label": "fees"}], "Another link in this menu has the same text."),
        ([{"leads_to": "place:book", "label": "a\u202eb"}], "“Text”: This has an invisible character in it"),
        (
            [{"leads_to": "place:change"}],
            "The page's title has 31 characters. The limit here is 20: type a shorter text.",
        ),
        (
            [{"leads_to": f"place:{name}", "label": name} for name in ("book", "change", "privacy")],
            "This menu has 7 links. The limit is 6.",
        ),
    ],
    ids=["twice", "nowhere", "typed", "long", "vague", "no words", "same words", "unseen", "long name", "too many"],
)
def test_an_invalid_link_is_refused_with_a_message(menu_form, client, new, error):
    errors = menu_form.send(*new)
    assert [message for message in errors if message.startswith(error)], errors
    assert main_menu(client) == DEFAULT_LINKS


def test_an_empty_menu_is_refused(menu_form, client):
    assert menu_form.send(delete=["treatments", "team", "fees", "contact"]) == ["A menu needs at least one link."]
    assert main_menu(client) == DEFAULT_LINKS


def test_the_admin_shows_which_links_are_left_out(menu_form, site, admin_client):
    make_revision(site["fees"], is_public=False)
    entry(page=make_page(title="Knees", is_published=False))
    listed = admin_client.get(reverse("admin:content_menu_changelist")).content.decode()
    assert "Treatments, Team, Contact" in listed
    assert "Fees, Knees" in listed
    html = admin_client.get(menu_form.address).content.decode()
    assert html.count("Left out now: readers don't see this page.") == 2


def test_menus_cannot_be_added_or_deleted(site, admin_client):
    assert admin_client.get(reverse("admin:content_menu_add")).status_code == 403
    menu = Menu.objects.get(kind="main")
    assert admin_client.post(reverse("admin:content_menu_delete", args=[menu.pk]), {"post": "yes"}).status_code == 403


def test_the_list_of_menus_has_a_constant_number_of_queries(site, admin_client):
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
