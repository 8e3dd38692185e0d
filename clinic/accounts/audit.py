"""Audit log of logins, credential changes and the removal of the sample: user ids, no names."""

import logging
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth import signals as auth
from django.dispatch import receiver

logger = logging.getLogger("clinic.accounts")
SESSION_KEY = "account_authentication_methods"  # allauth's record of how the session was authenticated.


@receiver(auth.user_logged_in)
def logged_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    session = getattr(request, "session", {})
    methods = [str(record.get("type") or record.get("method")) for record in session.get(SESSION_KEY, [])]
    logger.info("Staff %s logged in (%s).", user.pk, " + ".join(methods) or "no record")


@receiver(auth.user_logged_out)
def logged_out(sender: Any, user: Any, **kwargs: Any) -> None:
    if user is not None:
        logger.info("Staff %s logged out.", user.pk)


@receiver(auth.user_login_failed)
def login_failed(sender: Any, **kwargs: Any) -> None:
    logger.warning("A try to log in failed.")


@receiver(mfa.authentication_failed)
def code_failed(sender: Any, user: Any, **kwargs: Any) -> None:
    logger.warning("Staff %s gave a wrong code.", user.pk)


@receiver(mfa.authenticator_added)
@receiver(mfa.authenticator_removed)
@receiver(mfa.authenticator_reset)
def second_factor_changed(sender: Any, signal: Any, user: Any, authenticator: Any, **kwargs: Any) -> None:
    verb = {mfa.authenticator_added: "added", mfa.authenticator_removed: "removed"}.get(signal, "renewed")
    logger.info("Staff %s %s a second factor (%s).", user.pk, verb, authenticator.type)


@receiver(account.password_changed)
@receiver(account.password_set)
@receiver(account.password_reset)
def password_changed(sender: Any, user: Any, **kwargs: Any) -> None:
    logger.info("Staff %s chose a new password.", user.pk)


def sample_removed(user: Any, count: int) -> None:
    logger.info("Staff %s removed the sample clinic (%s rows).", user.pk, count)
