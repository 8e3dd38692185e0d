"""External links: collecting, checking, and showing the outcomes to staff."""

import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from booking.models import ContentVersion
from booking.outbound_http import FetchResult
from content.links import external_links
from content.models import ExternalLink, LeadList, Sources
from tests.support import factories
from tests.support.content_factories import make_page, make_revision, make_section, publish_drafts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture(autouse=True)
def site_url(settings):
    settings.SITE_URL = "https://clinic.example"


def fetch(address, user_agent):
    assert user_agent == "ClinicLinkCheck/1.0 (+https://clinic.example/)"
    if "gone" in address:
        return FetchResult("broken", "There is nothing at this address (404).")
    return FetchResult("works", "It answers.")


def check(now):
    return external_links.check(now=now, look=fetch, pause=0)


def link_on(page, address):
    return make_section(page, body=f'<p>See <a href="{address}">them</a>.</p>')


def test_every_kind_of_published_external_link_is_collected(now):
    page, snippet = make_page(), make_page(kind="snippet", slug="")
    link_on(page, "https://text.example/page#part")
    link_on(snippet, "https://snippet.example/")
    LeadList.objects.create(parent=page, region="main", items=[{"lead": "", "body": "[List](https://list.example/)"}])
    items = [{"text": "A", "doi": "10.1234/a", "address": ""}, {"text": "B", "address": "https://b.example/"}]
    Sources.objects.create(parent=page, region="main", items=items)
    person = factories.make_practitioner(register_url="https://register.example/1")
    publish_drafts()

    links = external_links.published_links(now=now)

    assert list(links) == [
        "https://b.example/",
        "https://doi.org/10.1234/a",
        "https://list.example/",
        "https://register.example/1",
        "https://snippet.example/",
        "https://text.example/page",
    ]
    assert links["https://register.example/1"].people == {person.pk}
    assert links["https://snippet.example/"].pages == {snippet.pk}


@pytest.mark.parametrize("address", ["/fees/", "#part", "mailto:a@b.example", "https://clinic.example/fees/"])
def test_internal_links_are_not_checked(now, address):
    link_on(make_page(), address)
    publish_drafts()
    assert external_links.published_links(now=now) == {}


def test_links_of_drafts_hidden_pages_and_inactive_people_are_not_checked(now):
    draft, hidden = make_page(is_published=False), make_page()
    link_on(draft, "https://draft.example/")
    link_on(hidden, "https://hidden.example/")
    publish_drafts()
    make_revision(hidden, is_public=False, head={}, blocks=[])
    factories.make_practitioner(register_url="https://register.example/1", is_active=False)
    assert external_links.published_links(now=now) == {}


def test_each_url_is_stored_once_and_deleted_when_no_page_has_it(now):
    page, hidden = make_page(), make_page()
    first = link_on(page, "https://a.example/gone")
    link_on(hidden, "https://a.example/gone")
    link_on(hidden, "https://a.example/here")
    publish_drafts()
    assert check(now) == {"broken": 1, "unsure": 0, "moved": 0, "works": 1}
    broken = ExternalLink.objects.get(outcome="broken")
    assert set(broken.pages.all()) == {page, hidden}
    assert (broken.words, broken.checked_at) == ("There is nothing at this address (404).", now)

    first.delete()
    make_revision(hidden, is_public=False, head={}, blocks=[])
    make_revision(page)
    check(now)
    assert not ExternalLink.objects.exists()


def test_checking_links_does_not_invalidate_cached_pages(now):
    link_on(make_page(), "https://a.example/")
    publish_drafts()
    before = list(ContentVersion.objects.values_list("number"))
    check(now)
    assert list(ContentVersion.objects.values_list("number")) == before


def test_the_command_prints_broken_links_and_totals(now, monkeypatch, capsys):
    link_on(make_page(), "https://a.example/gone")
    link_on(make_page(), "https://b.example/")
    publish_drafts()
    monkeypatch.setattr(external_links.check, "__kwdefaults__", external_links.check.__kwdefaults__ | {"look": fetch})
    call_command("check_links")
    assert capsys.readouterr().out == (
        "https://a.example/gone\n  There is nothing at this address (404).\n"
        "2 links. broken: 1, look yourself: 0, moved: 0, works: 1.\n"
    )


# Admin


@pytest.fixture
def checked_page(now):
    page = make_page(title="Needling")
    link_on(page, "https://a.example/gone")
    link_on(page, "https://b.example/")
    publish_drafts()
    factories.make_practitioner(register_url="https://register.example/gone", name="Steve Hansen")
    check(now)
    return page


def test_staff_can_filter_broken_links_and_see_their_pages(admin_client, checked_page):
    html = admin_client.get(
        reverse("admin:content_externallink_changelist") + "?outcome__exact=broken"
    ).content.decode()
    assert f'<a href="/admin/content/page/{checked_page.pk}/change/">Needling</a>' in html
    assert "Steve Hansen (register)" in html
    assert "https://a.example/gone" in html
    assert "https://b.example/" not in html


def test_broken_links_are_listed_first(admin_client, checked_page):
    listed = admin_client.get(reverse("admin:content_externallink_changelist")).context["cl"].result_list
    assert [link.outcome for link in listed] == ["broken", "broken", "works"]


def test_the_page_form_lists_its_links_broken_ones_first(admin_client, checked_page):
    html = admin_client.get(reverse("admin:content_page_change", args=[checked_page.pk])).content.decode()
    assert html.index("https://a.example/gone</a>") < html.index("https://b.example/</a>")
    assert "There is nothing at this address (404)." in html
    assert "Links to other sites</h2>" not in admin_client.get("/admin/content/page/add/").content.decode()


def test_the_dashboard_counts_broken_links(admin_client, checked_page):
    html = admin_client.get("/admin/").content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert "2 links to other sites broken" in words


def test_staff_cannot_add_change_or_delete_links(admin_client, checked_page):
    link = ExternalLink.objects.first()
    for step, args in (("add", []), ("delete", [link.pk])):
        assert admin_client.get(reverse(f"admin:content_externallink_{step}", args=args)).status_code == 403
    address = reverse("admin:content_externallink_change", args=[link.pk])
    assert admin_client.get(address).status_code == 200
    assert admin_client.post(address, {"outcome": "works"}).status_code == 403


def test_the_list_has_a_constant_number_of_queries(admin_client, checked_page, now, django_assert_max_num_queries):
    for number in range(5):
        page = make_page()
        link_on(page, f"https://c.example/{number}")
    publish_drafts()
    check(now)
    with django_assert_max_num_queries(11):
        admin_client.get(reverse("admin:content_externallink_changelist"))
