"""Error pages of the office keep its frame, say what happened and where to go. Others get the public pages."""

from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from booking.models import Clinic
from tests.support import factories

pytestmark = pytest.mark.django_db
NO_ACCESS = "/admin/booking/clinic/"
UNREADABLE = "/admin/booking/message/?no_such_filter__regex=a"
MISSING = "/admin/booking/no-such-list/"
START = 'href="/admin/">Go to the start page'


@pytest.fixture
def clinic():
    return factories.make_clinic()


@pytest.fixture
def staff():
    """A client of a login without any permission."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.create_user("dana", is_staff=True))
    return client


@pytest.fixture
def owner(admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    return client


def is_in_frame(html: str) -> bool:
    return 'id="logout-form"' in html and 'id="site-name"' in html and "site-header" not in html


def test_without_the_permission_staff_read_so_in_the_office(staff):
    response = staff.get(NO_ACCESS)
    html = response.content.decode()
    assert (response.status_code, response.headers["Cache-Control"]) == (403, "no-store")
    assert is_in_frame(html)
    assert "You are logged in as dana" in html
    assert "ask the owner of the clinic" in html
    assert START in html
    assert "Nothing was saved" not in html


@pytest.mark.parametrize(
    "address",
    [
        UNREADABLE,
        "/admin/booking/message/?state__exact=a%00b",
        "/admin/booking/practitioner/?password__regex=a",
    ],
)
def test_an_unreadable_address_is_explained_in_the_office(owner, address):
    response = owner.get(address)
    assert response.status_code == 400
    html = unescape(response.content.decode())
    assert is_in_frame(html)
    assert "That didn't work" in html
    assert START in html


def test_an_address_with_nothing_at_it_is_explained_in_the_office(owner):
    response = owner.get(MISSING)
    assert response.status_code == 404
    assert is_in_frame(response.content.decode())
    assert START in response.content.decode()


class TestStaleForms:
    TYPED = {"name": "Alice <b>", "phone": "403", "csrfmiddlewaretoken": "x" * 32}
    SAME_SITE = {"Origin": "http://testserver"}

    @pytest.fixture
    def address(self, clinic):
        return reverse("admin:booking_clinic_change", args=[clinic.pk])

    def test_a_stale_form_can_be_sent_again_from_within_the_office(self, owner, address):
        refused = owner.post(address, self.TYPED, headers=self.SAME_SITE)
        html = refused.content.decode()
        assert refused.status_code == 403
        assert is_in_frame(html)
        assert "Nothing was saved." in html
        assert 'name="name" value="Alice &lt;b&gt;"' in html
        assert f'action="{address}"' in html
        token = html.split('name="csrfmiddlewaretoken" value="')[-1].split('"')[0]
        again = owner.post(address, self.TYPED | {"csrfmiddlewaretoken": token}, headers=self.SAME_SITE)
        assert again.status_code != 403
        assert Clinic.objects.get().name == "Dynamic Physiotherapy"

    def test_a_form_of_another_site_is_not_offered_again(self, owner, address):
        html = owner.post(address, self.TYPED, headers={"Origin": "https://evil.example"}).content.decode()
        assert is_in_frame(html)
        assert "Alice" not in html
        assert "Reload the page" in html


@pytest.mark.parametrize("who", ["nobody", "patient", "no second factor"])
@pytest.mark.parametrize("address", [UNREADABLE, MISSING])
def test_others_never_see_the_frame(who, address, settings):
    client = Client()
    if who == "patient":
        client.force_login(get_user_model().objects.create_user("pat"))
    elif who == "no second factor":
        settings.STAFF_SECOND_FACTOR = True
        client.force_login(get_user_model().objects.create_superuser("steve"))
    html = client.get(address, follow=True).content.decode()
    assert 'id="logout-form"' not in html
    assert "Go to the start page" not in html


@pytest.mark.parametrize("address", ["/no-such-page/", "/appointment/" + "A" * 43 + "/no/"])
def test_public_addresses_keep_the_public_page_for_staff(owner, address):
    html = owner.get(address).content.decode()
    assert "Go to the start page" not in html
    assert "site-header" in html


def test_an_untrusted_host_gets_the_plain_page(owner):
    response = owner.get(NO_ACCESS, headers={"host": "evil.example"})
    assert response.status_code == 400
    assert 'id="logout-form"' not in response.content.decode()


def test_when_the_database_is_away_the_public_page_has_to_do(staff, monkeypatch):
    def down(*args):
        raise OperationalError

    monkeypatch.setattr("clinic.admin_site.parked_message_count", down)
    response = staff.get(NO_ACCESS)
    assert response.status_code == 403
    assert 'id="logout-form"' not in response.content.decode()


def test_the_pages_are_valid_on_their_own(staff):
    html = unescape(staff.get(NO_ACCESS).content.decode())
    assert html.count("<h1>") == 1
    assert "<title>You can't open this page" in " ".join(html.split())
