"""Privilege escalation: nobody grants what they lack, and nobody changes somebody above them."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.test import Client

from clinic.models import StaffMember

pytestmark = pytest.mark.django_db
STAFF, ROLES = "/admin/clinic/staffmember/", "/admin/auth/group/"


def make_staff(name, role):
    user = StaffMember.objects.create_user(
        name, f"{name}@clinic.example", "a long word", is_staff=True, first_name=name, last_name="Roy"
    )
    user.groups.add(role if isinstance(role, Group) else Group.objects.get(name=role))
    return user


def make_role(name, *codenames):
    role = Group.objects.create(name=name)
    role.permissions.set(Permission.objects.filter(codename__in=codenames))
    return role


@pytest.fixture
def clerk_role(db):
    """A role that looks after logins and roles, and may see patients."""
    verbs = ["view", "add", "change", "delete"]
    return make_role(
        "Clerk", "view_patient", *[f"{verb}_{model}" for verb in verbs for model in ("staffmember", "group")]
    )


@pytest.fixture
def clerk(clerk_role):
    return make_staff("carl", clerk_role)


@pytest.fixture
def office(clerk):
    client = Client()
    client.force_login(clerk)
    return client


def login_form(user, *roles, **changes):
    data = {"first_name": user.first_name, "last_name": "Roy", "email": user.email, "is_active": "on"}
    return data | {"groups": [Group.objects.get(name=role).pk for role in roles]} | changes


def roles_of(user):
    return {role.name for role in get_user_model().objects.get(pk=user.pk).groups.all()}


@pytest.mark.parametrize("role", ["Owner", "Front desk", "Publisher"])
def test_nobody_gives_themselves_or_others_a_role_that_may_do_more(office, clerk, role):
    colleague = make_staff("cora", "Clerk")
    for user in (clerk, colleague):
        assert office.post(f"{STAFF}{user.pk}/change/", login_form(user, "Clerk", role)).status_code == 200
        assert roles_of(user) == {"Clerk"}
    new = {"first_name": "Dana", "last_name": "Roy", "email": "dana@clinic.example", "is_active": "on"}
    office.post(f"{STAFF}add/", new | {"groups": [Group.objects.get(name=role).pk]})
    assert not StaffMember.objects.filter(email="dana@clinic.example").exists()


def test_a_role_with_no_more_permissions_than_ones_own_can_be_given(office):
    make_role("Reader", "view_patient")
    colleague = make_staff("cora", "Clerk")
    assert office.post(f"{STAFF}{colleague.pk}/change/", login_form(colleague, "Reader")).status_code == 302
    assert roles_of(colleague) == {"Reader"}


@pytest.mark.parametrize("is_active", [True, False])
def test_the_login_of_somebody_above_cannot_be_touched(office, is_active):
    owner = make_staff("olga", "Owner")
    TOTP.activate(owner, "JBSWY3DPEHPK3PXP")
    StaffMember.objects.filter(pk=owner.pk).update(is_active=is_active)
    page = f"{STAFF}{owner.pk}/"
    assert office.post(f"{page}change/", login_form(owner, email="mine@clinic.example")).status_code == 403
    assert office.post(f"{page}second-factor/").status_code == 403
    assert office.post(f"{page}password-link/").status_code == 403
    owner.refresh_from_db()
    assert (owner.email, owner.is_active, roles_of(owner)) == ("olga@clinic.example", is_active, {"Owner"})
    assert Authenticator.objects.filter(user=owner).exists()
    assert mail.outbox == []


def test_a_single_permission_of_a_login_puts_it_above(office):
    colleague = make_staff("cora", "Clerk")
    colleague.user_permissions.add(Permission.objects.get(codename="merge_patient"))
    assert office.post(f"{STAFF}{colleague.pk}/second-factor/").status_code == 403


def test_an_equal_may_still_be_helped(office):
    colleague = make_staff("cora", "Clerk")
    assert office.post(f"{STAFF}{colleague.pk}/password-link/").status_code == 302
    assert mail.outbox[0].to == ["cora@clinic.example"]


# Roles


def test_nobody_adds_a_permission_that_they_lack_to_a_role(office, clerk_role):
    before = set(clerk_role.permissions.all())
    more = Permission.objects.get(codename="merge_patient")
    for address in (f"{ROLES}{clerk_role.pk}/change/", f"{ROLES}add/"):
        form = {"name": "Clerk" if "change" in address else "New", "permissions": [more.pk]}
        assert office.post(address, form).status_code == 200
    assert set(clerk_role.permissions.all()) == before
    assert not Group.objects.filter(name="New").exists()


def test_nobody_changes_or_deletes_a_role_that_may_do_more(office):
    owner_role = Group.objects.get(name="Owner")
    assert office.post(f"{ROLES}{owner_role.pk}/change/", {"name": "Owner", "permissions": []}).status_code == 403
    assert office.post(f"{ROLES}{owner_role.pk}/delete/", {"post": "yes"}).status_code == 403
    office.post(ROLES, {"action": "delete_selected", "_selected_action": [owner_role.pk], "post": "yes"})
    assert Group.objects.filter(name="Owner").exists()
    assert owner_role.permissions.exists()


def test_nobody_changes_a_small_role_of_somebody_above(office):
    reader = make_role("Reader", "view_patient")
    assert office.post(f"{ROLES}{reader.pk}/change/", {"name": "Reader", "permissions": []}).status_code == 302
    reader.permissions.add(Permission.objects.get(codename="view_patient"))
    make_staff("olga", "Owner").groups.add(reader)
    assert office.post(f"{ROLES}{reader.pk}/change/", {"name": "Reader", "permissions": []}).status_code == 403


def test_an_owner_edits_every_shipped_role_and_all_other_logins(db):
    owner, editor = make_staff("olga", "Owner"), make_staff("ed", "Editor")
    client = Client()
    client.force_login(owner)
    for name in ("Owner", "Editor", "Clinical reviewer", "Publisher", "Front desk"):
        role = Group.objects.get(name=name)
        form = {"name": name, "permissions": [permission.pk for permission in role.permissions.all()]}
        assert client.post(f"{ROLES}{role.pk}/change/", form).status_code == 302
        assert client.post(f"{STAFF}{editor.pk}/change/", login_form(editor, name)).status_code == 302
        assert roles_of(editor) == {name}
