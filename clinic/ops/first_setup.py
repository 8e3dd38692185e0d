"""What ``manage.py setup`` asks for, checks and writes: the clinic, its first location and the first login."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import EmailField
from django.utils.text import slugify

from booking.models import Clinic, Location
from clinic.accounts import first_login
from clinic.ops.secret_key import prepare_keys


@dataclass(frozen=True)
class SetupQuestion:
    """A value from an option, from a variable, or from an answer at the terminal. ``field`` checks it."""

    name: str
    text: str
    field: Any
    default: str = ""

    @property
    def option(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        return f"SETUP_{self.name.upper()}"

    def clean(self, text: str) -> Any:
        """Return the value to store. Raises ValidationError."""
        text = text.strip() or self.default
        if self.name in {"province", "postal_code"}:
            text = text.upper()
        if self.name == "postal_code" and len(text) == 6:
            text = f"{text[:3]} {text[3:]}"
        return self.field.clean(text) if isinstance(self.field, EmailField) else self.field.clean(text, None)


def _clinic(name: str) -> Any:
    return Clinic._meta.get_field(name)


def _location(name: str) -> Any:
    return Location._meta.get_field(name)


CLINIC = [
    SetupQuestion("clinic_name", "The clinic's name", _clinic("name")),
    SetupQuestion("phone", "Its phone number", _clinic("phone")),
    SetupQuestion("email", "Its email address, which sends emails and gets the answers", _clinic("email")),
]
LOCATION = [
    SetupQuestion("street", "Where patients come to: number and street", _location("street")),
    SetupQuestion("city", "City", _location("city")),
    SetupQuestion("province", "Province, in two letters", _location("province"), "AB"),
    SetupQuestion("postal_code", "Postal code", _location("postal_code")),
    SetupQuestion("time_zone", "Time zone", _location("time_zone"), "America/Edmonton"),
]
LOGIN = [
    SetupQuestion(
        "login", "The first login, the owner's: user name", get_user_model()._meta.get_field("username"), "owner"
    ),
    SetupQuestion("login_email", "The owner's own email address", EmailField()),
]
QUESTIONS = [*CLINIC, *LOCATION, *LOGIN]


def existing() -> dict[str, str]:
    """What is there already, by what it is called."""
    found = {"The clinic": Clinic.objects.first(), "The location": Location.objects.first()}
    names = {what: str(row) for what, row in found.items() if row is not None}
    if not first_login.is_needed():
        owner = get_user_model().objects.order_by("pk").first()
        names["The first login"] = owner.get_username() if owner else ""
    return names


def open_questions() -> list[SetupQuestion]:
    there = existing()
    groups = {"The clinic": CLINIC, "The location": LOCATION, "The first login": LOGIN}
    return [question for what, questions in groups.items() if what not in there for question in questions]


def password_problems(password: str, values: Mapping[str, Any]) -> list[str]:
    """Everything that the validators have against a password for the login in ``values``."""
    user = get_user_model()(username=values["login"], email=values["login_email"])
    try:
        validate_password(password, user)
    except ValidationError as problem:
        return problem.messages
    return []


@transaction.atomic
def write(values: Mapping[str, Any], password: str) -> str:
    """Create what ``values`` is complete for, and a local site's secret key.

    Returns the login's password if it was generated here.
    """
    if "clinic_name" in values:
        Clinic.objects.create(
            name=values["clinic_name"],
            phone=values["phone"],
            email=values["email"],
            privacy_contact=values["email"],
        )
    if "street" in values:
        location = Location(**{question.name: values[question.name] for question in LOCATION})
        location.name, location.slug = location.city, slugify(location.city) or "clinic"
        location.time_zone_label = f"{location.get_province_display()} time"[:40]
        location.save()
    generated = ""
    if "login" in values:
        _owner, generated = first_login.create_owner(values["login"], email=values["login_email"], password=password)
    prepare_keys()
    return generated
