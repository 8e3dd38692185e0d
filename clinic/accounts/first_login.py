"""The first staff login, which everything else can be set up with."""

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from clinic.accounts.roles import OWNER


def is_needed() -> bool:
    return not get_user_model().objects.exists()


def create_owner(username: str, *, email: str = "", password: str = "") -> tuple[Any, str]:
    """Create a login with the Owner role. Return it, and the password if it was generated here.

    A superuser, so that a clinic that takes permissions away from its roles cannot lock itself out.
    """
    generated = "" if password else secrets.token_urlsafe(12)
    owner = get_user_model().objects.create_superuser(username, email, password or generated)
    owner.groups.add(*Group.objects.filter(shipped_as__key=OWNER))
    return owner, generated
