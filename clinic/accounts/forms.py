"""allauth's forms with our labels, and with attempts counted in the database.

allauth counts in the cache, which the site's processes do not share.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account import forms as account
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as codes
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking import rate_limits
from clinic.accounts import password_links, throttle

WRONG_CODE = _("This code isn't right, or was already used. Wait for the next one and type it right away.")

NOT_ALONE = _("This passkey is for after your password. Log in with your password first.")


class PlainLabelsMixin:
    """Set labels from ``labels`` and remove placeholders, because labels are shown above the inputs."""

    labels: dict[str, str | Promise] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)


class LoginForm(PlainLabelsMixin, account.LoginForm):
    labels = {"login": "Username or email", "password": "Password"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].max_length = 150
        self.fields["login"].widget.attrs |= {"autocomplete": "username", "autocapitalize": "none"}
        self.fields["password"].help_text = ""  # The template has the link for a forgotten password.


class PasswordAgainForm(PlainLabelsMixin, account.ReauthenticateForm):
    labels = {"password": "Your password"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class ChangePasswordForm(PlainLabelsMixin, account.ChangePasswordForm):
    labels = {"oldpassword": "Your password now", "password1": "New password", "password2": "New password again"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].help_text = ""

    def clean_oldpassword(self) -> str:
        attempts = throttle.throttle_code(self.user)
        password: str = super().clean_oldpassword()
        throttle.refund_login(attempts)
        return password


class NewPasswordForm(PlainLabelsMixin, account.ResetPasswordKeyForm):
    labels = {"password1": "New password", "password2": "New password again"}


class ResetPasswordForm(PlainLabelsMixin, account.ResetPasswordForm):
    labels = {"email": "Your email address"}

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"])  # Without allauth's look-up, whose time depends on the result.

    def save(self, request: Any, **kwargs: Any) -> str:
        email, now = self.cleaned_data["email"], timezone.now()
        address = rate_limits.client_network(request.META.get("REMOTE_ADDR", ""))
        for network in rate_limits.networks_of(address):
            rate_limits.consume("password link", network, now=now)
        rate_limits.consume("password link by e-mail", email.casefold(), now=now)
        password_links.request_link(email, now=now)
        return email


class ThrottledCodeForm(PlainLabelsMixin):
    """Rate-limit codes and make them single-use: allauth remembers used codes only in the cache."""

    labels = {"code": "Code"}
    user: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].max_length = 20  # type: ignore[attr-defined]
        self.fields["code"].widget.attrs |= {"autocomplete": "one-time-code"}  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        attempts = throttle.throttle_code(self.user)
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except forms.ValidationError:
            raise forms.ValidationError(WRONG_CODE) from None
        if not throttle.consume_code(self.user, code):
            raise forms.ValidationError(WRONG_CODE)
        throttle.refund_login(attempts)
        return code


class CodeForm(ThrottledCodeForm, codes.AuthenticateForm):
    labels = {"code": "Code from your app, or a recovery code"}


class CodeAgainForm(ThrottledCodeForm, codes.ReauthenticateForm):
    labels = {"code": "Code from your app, or a recovery code"}


class ActivateTOTPForm(ThrottledCodeForm, totp.ActivateTOTPForm):
    labels = {"code": "The six digits the app shows"}


# Errors that allauth and fido2 raise for a malformed credential.
_MALFORMED = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError, struct.error)


@contextmanager
def _malformed_is_wrong_key() -> Iterator[None]:
    """Turn errors about a malformed credential, which any client can send, into a validation error."""
    try:
        yield
    except _MALFORMED:
        raise get_adapter().validation_error("incorrect_code") from None


class PasskeyErrorMixin:
    """Treat a malformed credential as a wrong passkey."""

    def clean_credential(self) -> Any:
        with _malformed_is_wrong_key():
            return super().clean_credential()  # type: ignore[misc]


class PasskeyForm(PasskeyErrorMixin, webauthn.AuthenticateWebAuthnForm):
    """A passkey as the second factor of a login."""


class PasskeyAgainForm(PasskeyErrorMixin, webauthn.ReauthenticateWebAuthnForm):
    """A passkey to reauthenticate before a sensitive action."""


class AddPasskeyForm(PlainLabelsMixin, webauthn.AddWebAuthnForm):
    labels = {"name": "Name", "passwordless": "Log in with it on its own, without a password"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "Such as: my phone, or the key in the safe."
        self.fields["name"].max_length = 60
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].help_text = "For a phone or computer that asks for a fingerprint, a face or a PIN."

    def clean(self) -> Any:
        """Store the user's choice in the place from which allauth reads ``is_passwordless``.

        The browser writes there whether the device keeps the key, which some devices do without being asked.
        """
        with _malformed_is_wrong_key():
            data = super().clean()
            if data.get("credential"):
                results = data["credential"].setdefault("clientExtensionResults", {})
                results["credProps"] = {"rk": bool(data.get("passwordless"))}
            return data


class RenamePasskeyForm(PlainLabelsMixin, webauthn.EditWebAuthnForm):
    labels = {"name": "Name"}


class PasskeyLoginForm(PasskeyErrorMixin, webauthn.LoginWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        from allauth.core import context

        attempts = throttle.throttle_passkey_login(context.request)
        authenticator: Authenticator = super().clean_credential()
        if authenticator.wrap().is_passwordless is False:
            raise forms.ValidationError(NOT_ALONE)
        throttle.refund_login(attempts)
        return authenticator
