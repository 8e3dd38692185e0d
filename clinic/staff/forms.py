"""allauth's forms with our labels, and with tries that are counted in the database.

allauth would count in the cache, which is not shared between the site's processes.
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

from booking import limits
from clinic.staff import tries

WRONG_CODE = "This code is not right, or was used already. Wait for the next one, and type it without delay."


class Plain:
    """Labels stand above their inputs here: no placeholders, and "Optional" where something is."""

    labels: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)


class LoginForm(Plain, account.LoginForm):
    labels = {"login": "Username or e-mail", "password": "Password"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].max_length = 150
        self.fields["login"].widget.attrs |= {"autocomplete": "username", "autocapitalize": "none"}
        self.fields["password"].help_text = ""  # The page itself says where a forgotten one is renewed.


class PasswordAgainForm(Plain, account.ReauthenticateForm):
    labels = {"password": "Your password"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class ChangePasswordForm(Plain, account.ChangePasswordForm):
    labels = {"oldpassword": "Your password now", "password1": "New password", "password2": "New password again"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].help_text = ""

    def clean_oldpassword(self) -> str:
        spent = tries.spend_code(self.user)
        password: str = super().clean_oldpassword()
        tries.give_back(spent)
        return password


class NewPasswordForm(Plain, account.ResetPasswordKeyForm):
    labels = {"password1": "New password", "password2": "New password again"}


class ResetPasswordForm(Plain, account.ResetPasswordForm):
    labels = {"email": "Your e-mail address"}

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users: list[Any] = [user for user in self.users if user.is_staff]
        return email

    def save(self, request: Any, **kwargs: Any) -> str:
        email, now = self.cleaned_data["email"], timezone.now()
        address = limits.network_of(request.META.get("REMOTE_ADDR", ""))
        if address:
            limits.spend("password link", address, now=now)
        limits.spend("password link by e-mail", email.casefold(), now=now)
        return str(super().save(request, **kwargs))


class CountedCode(Plain):
    """A code is tried a few times only, and works once: allauth remembers used ones in the cache alone."""

    labels = {"code": "Code"}
    user: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].max_length = 20  # type: ignore[attr-defined]
        self.fields["code"].widget.attrs |= {"autocomplete": "one-time-code"}  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        spent = tries.spend_code(self.user)
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except forms.ValidationError:
            raise forms.ValidationError(WRONG_CODE) from None
        if not tries.use_up_code(self.user, code):
            raise forms.ValidationError(WRONG_CODE)
        tries.give_back(spent)
        return code


class CodeForm(CountedCode, codes.AuthenticateForm):
    labels = {"code": "Code from your app, or a recovery code"}


class CodeAgainForm(CountedCode, codes.ReauthenticateForm):
    labels = {"code": "Code from your app, or a recovery code"}


class ActivateTOTPForm(CountedCode, totp.ActivateTOTPForm):
    labels = {"code": "The six digits that the app shows"}


# What allauth and fido2 run into when an answer is not made as a key makes it.
_NO_ANSWER_OF_A_KEY = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError, struct.error)


@contextmanager
def _doubted() -> Iterator[None]:
    """A key's answer comes by way of a browser, so anybody can send anything: what cannot be read is a wrong key."""
    try:
        yield
    except _NO_ANSWER_OF_A_KEY:
        raise get_adapter().validation_error("incorrect_code") from None


class DoubtedKey:
    """Asks for a key, and doubts what it answers."""

    def clean_credential(self) -> Any:
        with _doubted():
            return super().clean_credential()  # type: ignore[misc]


class PasskeyForm(DoubtedKey, webauthn.AuthenticateWebAuthnForm):
    """A passkey as the second step."""


class PasskeyAgainForm(DoubtedKey, webauthn.ReauthenticateWebAuthnForm):
    """A passkey before something that matters."""


class AddPasskeyForm(Plain, webauthn.AddWebAuthnForm):
    labels = {"name": "A name for it", "passwordless": "Log in with it alone, without a password"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "Such as: my phone, or the key in the safe."
        self.fields["name"].max_length = 60
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].help_text = "For a phone or computer that asks for a fingerprint, a face or a PIN."

    def clean(self) -> Any:
        with _doubted():
            return super().clean()


class RenamePasskeyForm(Plain, webauthn.EditWebAuthnForm):
    labels = {"name": "A name for it"}


class PasskeyLoginForm(DoubtedKey, webauthn.LoginWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        from allauth.core import context

        spent = tries.spend_without_name(context.request)
        authenticator: Authenticator = super().clean_credential()
        tries.give_back(spent)
        return authenticator
