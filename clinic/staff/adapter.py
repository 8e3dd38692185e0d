"""How django-allauth behaves here: nobody signs up, tries are counted, few mails are sent."""

import logging
from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from booking.models import Clinic
from clinic.staff import tries

logger = logging.getLogger("clinic.staff")


_NOT_RIGHT = "and this password do not belong together. Check both, or choose a new password."
_WRONG_PASSWORD = "This is not your password. Type the one that you log in with."  # noqa: S105
# Of a code when an app is added, and of a passkey whenever it is asked for.
_WRONG_CODE = "This code or key is not right. Type the six digits that your app shows now, or try the key again."
_LATER = "There were too many tries. Wait some minutes, then try again."


class StaffAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {  # What has happened, and what to do.
        "account_inactive": "This login is switched off. Ask the owner of the clinic.",
        "email_password_mismatch": f"This e-mail address {_NOT_RIGHT}",
        "enter_current_password": _WRONG_PASSWORD,
        "incorrect_password": _WRONG_PASSWORD,
        "invalid_password_reset": "This link no longer works. Ask for a new one.",
        "rate_limited": _LATER,
        "too_many_login_attempts": _LATER,
        "username_password_mismatch": f"This username {_NOT_RIGHT}",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        name = credentials.get("username") or credentials.get("email") or ""
        self._tries = tries.spend(request, name)

    def _rollback_login_failed_rl_usage(self) -> None:
        tries.give_back(self._tries)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        tries.remember_browser(request, response, user)
        return response

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Only what our own pages say: the page that one comes to shows well enough what has happened."""
        if kwargs.get("message"):
            super().add_message(*args, **kwargs)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.SITE_URL + path.replace("UID-KEY", quote(key))

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        if user.is_active and user.is_staff:
            send_password_link(user, context["password_reset_url"])

    def send_notification_mail(self, template_prefix: str, user: Any, *args: Any, **kwargs: Any) -> None:
        """Each change to how somebody logs in is told to them, in one plain mail."""
        mail_to(user, "Your login was changed", "staff/mail/changed.txt", {"change": template_prefix.split("/")[-1]})


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": _WRONG_CODE}

    def get_totp_issuer(self) -> str:
        return _clinic_name()

    def _get_site_name(self) -> str:
        return _clinic_name()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return "This device"


def send_password_link(user: Any, link: str, *, is_new: bool = False) -> bool:
    """Mail somebody the link with which they choose a password; whether the mail server took it.

    At once, and not through the outbox: colleagues who look after the outbox must not be able to
    read a link that opens somebody's account.
    """
    subject = "Your staff login" if is_new else "Choose a new password"
    return mail_to(user, subject, "staff/mail/password.txt", {"link": link, "is_new": is_new})


def mail_to(user: Any, subject: str, template: str, context: dict[str, Any]) -> bool:
    """A failure is logged, without any address, and never breaks the page."""
    if not user.email:
        return False
    clinic = Clinic.objects.first()
    sender = settings.DEFAULT_FROM_EMAIL or (clinic and f"{_clinic_name()} <{clinic.email}>") or None
    body = render_to_string(template, {"clinic_name": _clinic_name(), "site_url": settings.SITE_URL, **context})
    mail = EmailMessage(
        f"{subject}: {_clinic_name()}", body, sender, [user.email], headers={"Auto-Submitted": "auto-generated"}
    )
    try:
        mail.send()
    except (OSError, ValueError) as problem:
        logger.error("A mail to staff %s could not be sent: %s", user.pk, type(problem).__name__)
        return False
    return True


def _clinic_name() -> str:
    clinic = Clinic.objects.only("name").first()
    return clinic.name if clinic else "The clinic"
