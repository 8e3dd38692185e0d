"""Groups and users keep the permissions of a renamed model, on Django 5.2 and on 6.1."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from booking.models import SpecialHours
from clinic.models import Role

pytestmark = pytest.mark.django_db
migration = import_module("clinic.migrations.0002_rename_permissions")
OLD, NEW = "view_openingexception", "view_specialhours"


def migrate():
    with connection.schema_editor() as editor:
        migration.rename_permissions(apps, editor)
        migration.rename_given(apps, editor)


@pytest.fixture
def holders():
    """A group and a user with the permission under its old codename."""
    kind = ContentType.objects.get_for_model(SpecialHours)
    old = Permission.objects.create(content_type=kind, codename=OLD, name="Can view opening exception")
    group, user = Group.objects.create(name="Assistants"), User.objects.create(username="mira")
    group.permissions.add(old)
    user.user_permissions.add(old)
    return group, user


@pytest.mark.parametrize("new_exists", [False, True], ids=["Django left the old one", "the new one stands, too"])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_a_permission_is_renamed_wherever_it_was_given(holders, new_exists, times):
    group, user = holders
    if not new_exists:
        Permission.objects.filter(codename=NEW).delete()

    for _ in range(times):
        migrate()

    assert [permission.codename for permission in group.permissions.all()] == [NEW]
    assert user.has_perm(f"booking.{NEW}")
    assert not Permission.objects.filter(codename=OLD).exists()
    assert Permission.objects.filter(codename=NEW).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_permission_that_a_clinic_removed_from_a_role_stays_removed():
    role = Role.objects.get(key="Front desk")
    Role.objects.filter(pk=role.pk).update(given=["booking.view_room", f"booking.{OLD}", "content.view_pageanswers"])

    migrate()

    role.refresh_from_db()
    assert role.given == ["booking.view_room", f"booking.{NEW}", "content.view_pagefeedback"]


def test_the_old_admin_url_redirects_to_the_new_one(admin_client):
    response = admin_client.get("/admin/booking/openingexception/?location=1")
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/booking/specialhours/?location=1")
    response = admin_client.get("/admin/booking/openingexception/add/")
    assert response.headers["Location"] == "/admin/booking/specialhours/add/"
    assert admin_client.get(response.headers["Location"]).status_code == 200
