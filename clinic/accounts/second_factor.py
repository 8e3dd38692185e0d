"""Second factors (passkeys and authenticator apps): whether one is required, set up, or to be reset."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

# The ids of authenticators that were added in this session. It needs no second step with them.
ADDED_KEY = "second_factors_added"
_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def is_missing(user: Any) -> bool:
    """Return whether the user still has to set up a second factor, which a public site requires of everybody."""
    return bool(settings.STAFF_SECOND_FACTOR) and not is_set_up(user)


def is_missing_in(request: HttpRequest) -> bool:
    """As ``is_missing`` for the request's user, from what ``is_step_due`` has queried."""
    return bool(settings.STAFF_SECOND_FACTOR) and not request.has_second_factor  # type: ignore[attr-defined]


def has_office_access(request: HttpRequest) -> bool:
    """Return whether the request comes from a staff login that has done everything the office requires of it.

    ``settings.BOOKING_IS_STAFF`` names this function: who may not enter the office yet is a visitor on public pages.
    """
    user = getattr(request, "user", None)
    return bool(user and user.is_active and user.is_staff) and not is_missing(user) and not is_step_due(request)


def is_step_due(request: HttpRequest) -> bool:
    """Return whether the login has a second factor and this session has passed the second step with none that it has.

    Such a session was opened by password alone, before a factor was set up elsewhere, or with one that was removed.
    """
    types = dict(Authenticator.objects.filter(user=request.user.pk).values_list("pk", "type"))
    request.has_second_factor = bool(set(types.values()) & set(_FACTORS))  # type: ignore[attr-defined]
    if not request.has_second_factor:  # type: ignore[attr-defined]
        return False
    used = {record.get("id") for record in get_authentication_records(request, request.user)}  # type: ignore[arg-type]
    return types.keys().isdisjoint(used.union(request.session.get(ADDED_KEY, [])))


def is_set_up(user: Any) -> bool:
    return Authenticator.objects.filter(user=user, type__in=_FACTORS).exists()


def names_of(user: Any) -> str:
    """Return the names of the user's second factors. Uses a prefetched ``authenticator_set``."""
    types = {authenticator.type for authenticator in user.authenticator_set.all()}
    names = [
        name
        for type_, name in [(Authenticator.Type.WEBAUTHN, "passkey"), (Authenticator.Type.TOTP, "authenticator app")]
        if type_ in types
    ]
    return ", ".join(names)


def reset(user: Any) -> int:
    """Delete all passkeys, authenticator apps and recovery codes of a user, and return how many."""
    return Authenticator.objects.filter(user=user).delete()[0]


def reset_values(user: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the change log says of a reset: which kinds of second factor there were before, and that there is none."""
    return {"second_factor": names_of(user) or None}, {"second_factor": None}
