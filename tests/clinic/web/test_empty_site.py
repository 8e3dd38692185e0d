"""A site without content: no errors, no broken links, and staff can log in."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.management import call_command

from booking.models import SampleRow
from clinic.management.commands import serve
from clinic.ops import sample_data
from tests.support import factories
from tests.support.content_factories import make_page, make_revision

pytestmark = pytest.mark.django_db
# Pages that need no content, pages that do not exist before somebody writes them, and addresses of nothing.
EXISTING = [
    "/search/", "/search/?q=back", "/book/", "/appointment/lost-link/", "/sitemap.xml", "/robots.txt",
    "/healthz/", "/staff/login/",
]  # fmt: skip
UNWRITTEN = [
    "/", "/treatments/", "/treatments/dry-needling/", "/team/", "/team/steve-hansen/", "/fees/", "/contact/",
    "/privacy/", "/accessibility/",
]  # fmt: skip
MISSING = ["/nothing-here/", "/book/dry-needling/", "/preview/nothing/", "/media/nothing.png"]


@pytest.mark.parametrize("address", EXISTING)
def test_pages_without_content_answer(client, address):
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", UNWRITTEN)
def test_until_a_home_page_is_published_unwritten_pages_say_that_the_site_is_being_set_up(client, address):
    make_page(kind="home", is_published=False)
    page = client.get(address)
    assert (page.status_code, page.headers["Retry-After"], page.headers["Cache-Control"]) == (503, "3600", "no-store")
    assert "We're setting up this website" in page.content.decode()
    assert "tel:1" not in page.content.decode()
    assert 'name="robots" content="noindex"' in page.content.decode()

    factories.make_clinic(name="Okotoks Physio", phone="+14039381234", email="hello@clinic.example")
    page = client.get(address).content.decode()
    for text in ("Okotoks Physio", "tel:+1-403-938-1234", "mailto:hello@clinic.example"):
        assert text in page


@pytest.mark.parametrize("address", UNWRITTEN[1:])
def test_once_a_home_page_is_published_unwritten_pages_are_404(client, address):
    make_page(kind="home")
    assert client.get("/").status_code == 200
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/", "/fees/"])
def test_a_site_whose_home_page_was_hidden_is_not_being_set_up(client, address, now):
    make_revision(make_page(kind="home"), goes_live_at=now, is_public=False)
    assert client.get(address).status_code == 404


def test_a_home_page_that_was_called_off_before_it_went_live_does_not_count(client, now):
    page = make_page(kind="home", is_published=False)
    make_revision(page, goes_live_at=now - timedelta(hours=1))
    make_revision(page, goes_live_at=now - timedelta(hours=2), is_public=False)
    assert client.get("/").status_code == 503


@pytest.mark.parametrize("address", MISSING)
def test_an_address_of_nothing_is_404_all_the_same(client, address):
    assert client.get(address).status_code == 404


def test_a_written_page_is_shown_before_there_is_a_home_page(client):
    page = make_page()
    assert client.get(page.get_absolute_url()).status_code == 200


def test_the_log_says_nothing_of_a_site_being_set_up(client, caplog):
    client.get("/")
    assert caplog.records == []


def test_the_page_of_a_site_being_set_up_leads_staff_to_the_set_up_list(client, admin_client):
    assert "Go on setting up" not in client.get("/").content.decode()
    assert '<a href="/admin/">Log in</a>' in client.get("/").content.decode()
    page = admin_client.get("/").content.decode()
    assert 'href="/admin/">Go on setting up</a>' in page
    assert "Log in" not in page
    assert "Set up your clinic" in admin_client.get("/admin/").content.decode()


def dead_links(client, *addresses):
    """Return the links on these pages that lead to a 404."""
    dead = set()
    for address in addresses:
        page = client.get(address, headers={"accept": "text/html"}).content.decode()
        links = set(re.findall(r'href="(/[^"#?]*)', page)) - {address}
        dead |= {
            (address, link)
            for link in links
            if not link.startswith(("/static/", "/media/")) and client.get(link, follow=True).status_code == 404
        }
    return dead


def test_no_page_of_an_empty_site_has_a_broken_link(client):
    assert dead_links(client, *EXISTING, "/", "/nothing-here/", "/fees/") == set()


def test_a_clinic_without_overview_pages_links_to_none(client):
    clinic = factories.make_clinic()
    service = factories.make_service(slug="assessment")
    factories.make_practitioner([service], slug="steve")
    hidden = make_page(slug="hidden")
    make_page(slug="back-pain", service=service)
    make_revision(hidden, is_public=False)
    addresses = ["/treatments/back-pain/", "/treatments/hidden/", "/team/steve/", "/book/", "/book/assessment/"]
    addresses += ["/book/assessment/waitlist/", "/appointment/lost-link/", "/contact/helped/", "/search/?q=nothing"]

    assert dead_links(client, *addresses) == set()

    type(clinic).objects.update(phone="")
    assert dead_links(client, *addresses) == set()


def test_every_admin_list_opens_and_the_start_page_notes_the_first_step(admin_client):
    start = admin_client.get("/admin/")
    assert start.context["setup"].reasons[0] == "The clinic has no name and no phone number."
    assert "Remove sample data" not in start.content.decode()
    for model in admin.site._registry:
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert admin_client.get(address, follow=True).status_code == 200, address
    assert "no sample data left" in admin_client.get("/admin/sample/remove/").content.decode()


@pytest.mark.parametrize("is_empty", [True, False], ids=["without the sample", "with it"])
def test_serve_can_start_empty_and_creates_a_login(monkeypatch, capsys, settings, tmp_path, is_empty):
    monkeypatch.setattr(serve, "run_site_and_worker", lambda port, announce: 0)
    monkeypatch.setattr(serve, "collect_changed_files", lambda: None)
    monkeypatch.setattr(serve, "check_port", lambda port: None)
    loaded = []

    def call(name, *args, **options):
        loaded.append(name)
        if name not in {"migrate", "build_static", "load_sample"}:
            call_command(name, *args, **options)

    monkeypatch.setattr(serve, "call_command", call)
    with pytest.raises(SystemExit):
        call_command("serve", no_sample=is_empty)
    assert ("load_sample" in loaded) is not is_empty
    assert get_user_model().objects.get().is_superuser
    assert not SampleRow.objects.exists()
    assert sample_data.real_rows() == []
