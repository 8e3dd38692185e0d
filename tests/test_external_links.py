"""Links to other sites on published pages: which there are, what became of them, and who is told."""

import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from booking.models import ShownVersion
from content import external_links
from content.link_visits import Answer
from content.models import ExternalLink, LeadList, Sources
from tests import make
from tests.make_content import make_page, make_revision, make_section, publish_drafts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture(autouse=True)
def site_url(settings):
    settings.SITE_URL = "https://clinic.example"


def look(address, user_agent):
    assert user_agent == "ClinicLinkCheck/1.0 (+https://clinic.example/)"
    if "gone" in address:
        return Answer("broken", "There is nothing at this address (404).")
    return Answer("works", "It answers.")


def check(now):
    return external_links.check(now=now, look=look, pause=0)


def link_on(page, address):
    return make_section(page, body=f'<p>See <a href="{address}">them</a>.</p>')


def test_every_kind_of_link_that_readers_can_follow_is_found(now):
    page, snippet = make_page(), make_page(kind="snippet", slug="")
    link_on(page, "https://text.example/page#part")
    link_on(snippet, "https://snippet.example/")
    LeadList.objects.create(parent=page, region="main", items=[{"lead": "", "body": "[List](https://list.example/)"}])
    items = [{"text": "A", "doi": "10.1234/a", "address": ""}, {"text": "B", "address": "https://b.example/"}]
    Sources.objects.create(parent=page, region="main", items=items)
    person = make.make_practitioner(register_url="https://register.example/1")
    publish_drafts()

    found = external_links.published(now=now)

    assert list(found) == [
        "https://b.example/",
        "https://doi.org/10.1234/a",
        "https://list.example/",
        "https://register.example/1",
        "https://snippet.example/",
        "https://text.example/page",
    ]
    assert found["https://register.example/1"].people == {person.pk}
    assert found["https://snippet.example/"].pages == {snippet.pk}


@pytest.mark.parametrize("address", ["/fees/", "#part", "mailto:a@b.example", "https://clinic.example/fees/"])
def test_links_to_this_site_are_not_asked(now, address):
    link_on(make_page(), address)
    publish_drafts()
    assert external_links.published(now=now) == {}


def test_nothing_is_asked_of_drafts_hidden_pages_and_people_who_left(now):
    draft, hidden = make_page(is_published=False), make_page()
    link_on(draft, "https://draft.example/")
    link_on(hidden, "https://hidden.example/")
    publish_drafts()
    make_revision(hidden, is_public=False, head={}, blocks=[])
    make.make_practitioner(register_url="https://register.example/1", is_active=False)
    assert external_links.published(now=now) == {}


def test_what_was_found_is_kept_once_an_address_and_forgotten_with_it(now):
    one, two = make_page(), make_page()
    first = link_on(one, "https://a.example/gone")
    link_on(two, "https://a.example/gone")
    link_on(two, "https://a.example/here")
    publish_drafts()
    assert check(now) == {"broken": 1, "unsure": 0, "moved": 0, "works": 1}
    broken = ExternalLink.objects.get(outcome="broken")
    assert set(broken.pages.all()) == {one, two}
    assert (broken.words, broken.checked_at) == ("There is nothing at this address (404).", now)

    first.delete()
    make_revision(two, is_public=False, head={}, blocks=[])
    make_revision(one)
    check(now)
    assert not ExternalLink.objects.exists()


def test_kept_pages_stay_kept(now):
    link_on(make_page(), "https://a.example/")
    publish_drafts()
    before = list(ShownVersion.objects.values_list("number"))
    check(now)
    assert list(ShownVersion.objects.values_list("number")) == before


def test_the_command_tells_what_wants_a_hand(now, monkeypatch, capsys):
    link_on(make_page(), "https://a.example/gone")
    link_on(make_page(), "https://b.example/")
    publish_drafts()
    monkeypatch.setattr(external_links.check, "__kwdefaults__", external_links.check.__kwdefaults__ | {"look": look})
    call_command("check_links")
    assert capsys.readouterr().out == (
        "https://a.example/gone\n  There is nothing at this address (404).\n"
        "2 links. broken: 1, look yourself: 0, moved: 0, works: 1.\n"
    )


# In the office


@pytest.fixture
def checked(now):
    page = make_page(title="Needling")
    link_on(page, "https://a.example/gone")
    link_on(page, "https://b.example/")
    publish_drafts()
    make.make_practitioner(register_url="https://register.example/gone", name="Steve Hansen")
    check(now)
    return page


def test_staff_see_the_broken_ones_alone_with_what_holds_them(admin_client, checked):
    html = admin_client.get(
        reverse("admin:content_externallink_changelist") + "?outcome__exact=broken"
    ).content.decode()
    assert f'<a href="/admin/content/page/{checked.pk}/change/">Needling</a>' in html
    assert "Steve Hansen (register)" in html
    assert "https://a.example/gone" in html
    assert "https://b.example/" not in html


def test_what_wants_a_hand_comes_first(admin_client, checked):
    listed = admin_client.get(reverse("admin:content_externallink_changelist")).context["cl"].result_list
    assert [link.outcome for link in listed] == ["broken", "broken", "works"]


def test_they_stand_beside_the_page_broken_ones_first(admin_client, checked):
    html = admin_client.get(reverse("admin:content_page_change", args=[checked.pk])).content.decode()
    assert html.index("https://a.example/gone</a>") < html.index("https://b.example/</a>")
    assert "There is nothing at this address (404)." in html
    assert "Links to other sites</h2>" not in admin_client.get("/admin/content/page/add/").content.decode()


def test_the_start_page_counts_the_broken_ones(admin_client, checked):
    html = admin_client.get("/admin/").content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert "2 links to other sites broken" in words


def test_nobody_types_or_deletes_them(admin_client, checked):
    link = ExternalLink.objects.first()
    for step, args in (("add", []), ("delete", [link.pk])):
        assert admin_client.get(reverse(f"admin:content_externallink_{step}", args=args)).status_code == 403
    address = reverse("admin:content_externallink_change", args=[link.pk])
    assert admin_client.get(address).status_code == 200
    assert admin_client.post(address, {"outcome": "works"}).status_code == 403


def test_many_links_cost_no_more_queries(admin_client, checked, now, django_assert_max_num_queries):
    for number in range(5):
        page = make_page()
        link_on(page, f"https://c.example/{number}")
    publish_drafts()
    check(now)
    with django_assert_max_num_queries(10):
        admin_client.get(reverse("admin:content_externallink_changelist"))
