"""The Staff page: adding and deactivating logins, roles, password links and second factor resets."""

import re
from html import unescape

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client

from clinic.accounts import password_links
from clinic.models import StaffMember

pytestmark = pytest.mark.django_db
LIST = "/admin/clinic/staffmember/"


def make_staff(name, role=None):
    user = StaffMember.objects.create_user(
        name, f"{name}@clinic.example", "a long word", is_staff=True, first_name=name
    )
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def owner(db):
    return make_staff("Olga", "Owner")


@pytest.fixture
def office(owner):
    client = Client()
    client.force_login(owner)
    return client


def form(*roles, **changes):
    groups = list(Group.objects.filter(name__in=roles).values_list("pk", flat=True))
    data = {"first_name": "Dana", "last_name": "Roy", "email": "Dana@clinic.example", "is_active": "on"}
    return {name: value for name, value in (data | {"groups": groups} | changes).items() if value is not None}


def test_a_new_staff_member_gets_a_link_to_choose_a_password(office):
    office.post(f"{LIST}add/", form("Editor"))
    dana = StaffMember.objects.get(email="dana@clinic.example")
    assert (dana.username, dana.is_superuser, [g.name for g in dana.groups.all()]) == (
        "dana@clinic.example", False, ["Editor"],
    )  # fmt: skip
    assert not dana.has_usable_password()
    link = re.search(r"http://127\.0\.0\.1:8000(\S+)", mail.outbox[0].body)[1]
    browser = Client()
    address = browser.get(link, follow=True).redirect_chain[-1][0]
    password = "foothills in the evening"
    browser.post(address, {"password1": password, "password2": password})
    assert browser.post("/staff/login/", {"login": "dana@clinic.example", "password": password}).url == "/admin/"


def test_two_people_cannot_log_in_with_one_address(office):
    make_staff("sam")
    response = office.post(f"{LIST}add/", form(email="SAM@clinic.example"))
    assert "Someone else logs in with this address" in response.content.decode()


def test_a_staff_member_is_deactivated_and_never_deleted(office):
    dana = make_staff("dana")
    other_client = Client()
    other_client.force_login(dana)
    office.post(f"{LIST}{dana.pk}/change/", form(is_active=None))
    assert not get_user_model().objects.get(pk=dana.pk).is_active
    assert other_client.get("/admin/").status_code == 302
    assert office.post(f"{LIST}{dana.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_login_that_is_switched_on_again_has_none_of_its_old_sessions(office):
    dana = make_staff("dana")
    stolen, colleague = Client(), Client()
    stolen.force_login(dana)
    colleague.force_login(make_staff("sam"))
    office.post(f"{LIST}{dana.pk}/change/", form(is_active=None))
    office.post(f"{LIST}{dana.pk}/change/", form())
    assert get_user_model().objects.get(pk=dana.pk).is_active
    assert stolen.get("/admin/").status_code == 302
    assert colleague.get("/admin/").status_code == 200


def test_an_owner_cannot_remove_their_own_role(office, owner):
    own = form(first_name="Olga", email="olga@clinic.example")
    response = office.post(f"{LIST}{owner.pk}/change/", own)
    assert "You can't turn off your own login or remove your own role as owner." in unescape(response.content.decode())
    boss = get_user_model().objects.create_superuser("boss")
    other_client = Client()
    other_client.force_login(boss)
    assert other_client.post(f"{LIST}{owner.pk}/change/", own).status_code == 302
    boss.is_active = False
    boss.save()
    assert not owner.groups.exists()


def test_a_former_email_address_gets_no_password_link(office):
    dana = make_staff("dana")
    office.post(f"{LIST}{dana.pk}/change/", form(email="new@clinic.example"))
    Client().post("/staff/password/forgotten/", {"email": "dana@clinic.example"})
    password_links.send_requested_links()
    assert mail.outbox == []


def test_an_owner_resets_a_second_factor_and_the_user_is_notified(office):
    dana = make_staff("dana")
    TOTP.activate(dana, "JBSWY3DPEHPK3PXP")
    address = f"{LIST}{dana.pk}/second-factor/"
    assert "only once you're sure" in unescape(office.get(address).content.decode())
    assert Authenticator.objects.count() == 1
    office.post(address)
    assert Authenticator.objects.count() == 0
    assert "were removed" in mail.outbox[0].body


def test_an_owner_sends_a_link_for_a_new_password(office):
    dana = make_staff("dana")
    office.post(f"{LIST}{dana.pk}/password-link/")
    assert (mail.outbox[0].to, "/staff/password/new/" in mail.outbox[0].body) == (["dana@clinic.example"], True)


def test_an_owner_cannot_edit_or_create_superusers(office):
    boss = get_user_model().objects.create_superuser("boss", "boss@clinic.example")
    for address in ("change", "second-factor", "password-link"):
        assert office.post(f"{LIST}{boss.pk}/{address}/", form(email="mine@clinic.example")).status_code == 403
    office.post(f"{LIST}add/", form("Owner", is_superuser="on", is_staff="on", username="root"))
    assert not StaffMember.objects.get(email="dana@clinic.example").is_superuser


def test_the_list_has_a_constant_query_count(office, django_assert_max_num_queries):
    for number in range(8):
        TOTP.activate(make_staff(f"person{number}", "Editor"), "JBSWY3DPEHPK3PXP")
    with django_assert_max_num_queries(16):
        assert office.get(LIST).status_code == 200
