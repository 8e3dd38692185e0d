"""Adapters of django-allauth: no sign-up, rate-limited attempts, our own error messages and mails."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from booking.messages import sender_of
from booking.models import Clinic
from booking.staff.access import may_see_calendar
from clinic.accounts import throttle
from clinic.accounts.staff_area import sees_only_own_day

logger = logging.getLogger("clinic.accounts")


_WRONG_PASSWORD = _("This isn't your password. Type the one you log in with.")
# For a code while an authenticator app is added, and for a passkey at any time.
_WRONG_CODE = _("This code or key isn't right. Type the six digits your app shows now, or try the key again.")
_LATER = _("Too many attempts. Wait a few minutes, then try again.")


class StaffAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This login is turned off. Ask the clinic's owner."),
        "email_password_mismatch": _(
            "This email address and password don't match. Check both, or choose a new password."
        ),
        "enter_current_password": _WRONG_PASSWORD,
        "incorrect_password": _WRONG_PASSWORD,
        "invalid_password_reset": "This link no longer works. Ask for a new one.",
        "rate_limited": _LATER,
        "too_many_login_attempts": _LATER,
        "username_password_mismatch": _(
            "This username and password don't match. Check both, or choose a new password."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Count each failed attempt. allauth's own rate limits are off (ACCOUNT_RATE_LIMITS)."""
        attempts = throttle.throttle_login(request, credentials.get("username") or credentials.get("email") or "")
        user = super().authenticate(request, **credentials)
        if user is not None:
            throttle.refund_login(attempts)
        return user

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        throttle.remember_browser(request, response, user)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The first page after login, if no page asked for it: one's own day, the calendar, privacy, or the office."""
        if may_see_calendar(request.user):
            return reverse("desk:my_day" if sees_only_own_day(request.user) else "desk:day")
        if request.user.has_perm("booking.view_accesslogentry"):
            return reverse("desk:privacy")
        return super().get_login_redirect_url(request)  # type: ignore[no-any-return]

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Suppress allauth's own messages: the page after an action shows its result."""
        if kwargs.get("message"):
            super().add_message(*args, **kwargs)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")

    def send_notification_mail(self, template_prefix: str, user: Any, *args: Any, **kwargs: Any) -> None:
        """Notify a user of each change to their login, with one template for all kinds of change."""
        mail_to(user, "Your login was changed", "staff/email/changed.txt", {"change": template_prefix.split("/")[-1]})


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": _WRONG_CODE}

    def get_totp_issuer(self) -> str:
        return _clinic_name()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": _clinic_name()}

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return "This device"


def send_password_link(user: Any, link: str, *, is_new: bool = False) -> bool:
    """Mail a user the link to choose a password, and return whether the mail server accepted it.

    Sent directly and not through the outbox: staff who can read the outbox must not see a link that gives
    access to another account.
    """
    subject = "Your staff login" if is_new else "Choose a new password"
    return mail_to(user, subject, "staff/email/password.txt", {"link": link, "is_new": is_new})


def mail_to(user: Any, subject: str, template: str, context: dict[str, Any]) -> bool:
    """Send a mail to a user and return whether it was accepted. A failure is logged without the address."""
    if not user.email:
        return False
    clinic = Clinic.objects.first()
    sender = sender_of(clinic) if clinic else None
    body = render_to_string(template, {"clinic_name": _clinic_name(), "site_url": settings.SITE_URL, **context})
    mail = EmailMessage(
        f"{subject}: {_clinic_name()}", body, sender, [user.email], headers={"Auto-Submitted": "auto-generated"}
    )
    try:
        mail.send()
    except (OSError, ValueError) as problem:
        logger.error("An email to staff %s could not be sent: %s", user.pk, type(problem).__name__)
        return False
    return True


def _clinic_name() -> str:
    clinic = Clinic.objects.only("name").first()
    return clinic.name if clinic else "The clinic"
