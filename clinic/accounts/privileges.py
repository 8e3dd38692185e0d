"""Privileges: who may grant which permissions, and whose login they may change.

Two rules, for every page that edits logins or roles:

- nobody grants a permission, or a role with a permission, that they lack themselves;
- nobody changes the login of somebody who has a permission that they lack, or a role that such a person has.

A superuser is above everybody else. ``by`` is the user who is logged in.
"""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet


def grantable_permissions(by: Any) -> QuerySet[Permission]:
    """Return the permissions that ``by`` may give to a role: those that they have."""
    return Permission.objects.all() if by.is_superuser else _permissions_of(by)


def grantable_roles(by: Any) -> QuerySet[Group]:
    """Return the roles that ``by`` may give to somebody: those without a permission that they lack."""
    if by.is_superuser:
        return Group.objects.all()
    lacked = Permission.objects.exclude(pk__in=_permissions_of(by))
    return Group.objects.exclude(permissions__in=lacked)


def is_above(member: Any, by: Any) -> bool:
    """Return whether ``member`` has a permission that ``by`` lacks, even if ``member`` may not log in at present."""
    if by.is_superuser:
        return False
    return member.is_superuser or _permissions_of(member).exclude(pk__in=_permissions_of(by)).exists()


def may_change_role(by: Any, role: Group) -> bool:
    """Return whether ``by`` has every permission of ``role``, and nobody above them has that role."""
    if not grantable_roles(by).filter(pk=role.pk).exists():
        return False
    return not any(is_above(member, by) for member in role.user_set.all())


def _permissions_of(user: Any) -> QuerySet[Permission]:
    return Permission.objects.filter(Q(group__user=user) | Q(user=user)).order_by().distinct()
