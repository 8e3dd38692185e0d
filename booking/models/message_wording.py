"""The clinic's wording of emails to patients. An empty field keeps the default wording."""

import re
from string import Formatter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connections, models

from booking.models.messages import Message
from booking.models.services import Service

Kind = Message.Kind

# The kinds whose wording can be changed: e-mails to patients, not those to staff.
CUSTOMIZABLE_KINDS = (
    Kind.CONFIRMATION,
    Kind.CONFIRM_REQUEST,
    Kind.RESCHEDULED,
    Kind.MOVE_REQUESTED,
    Kind.CANCELLED,
    Kind.REMINDER,
    Kind.FORM_REMINDER,
    Kind.RUNNING_LATE,
    Kind.CLOCK_CHANGE,
    Kind.WAITLIST_JOINED,
    Kind.WAITLIST_OFFER,
    Kind.LOST_LINK,
)

# The placeholders and their descriptions for staff. Each is replaced with plain text when the e-mail is sent.
PLACEHOLDERS = {
    "clinic": "the clinic's name",
    "when": "day and time, such as Tuesday, November 24, 9:00 a.m.",
    "time": "the time alone, such as 9:00 a.m.",
    "reference": "the appointment's reference",
    "phone": "the clinic's phone number",
    "place": "the clinic's street and city",
    "practitioner": "who the appointment is with",
    "service": "the name of the service",
    "Whose": "“Your appointment”, or “The appointment for” and the name if someone else booked it",
    "whose": "the same within a sentence: “your appointment”",
    "late": "how late we are, such as 10 minutes",
    "Who": "“You are”, or “Alice Martin is” if someone else joined",
}
# Discreet: subjects are visible on locked screens and in shared mailboxes.
_IN_SUBJECTS = ("clinic", "when", "reference")
_ABOUT_VISITS = ("clinic", "when", "time", "reference", "phone", "place", "practitioner", "service", "Whose", "whose")
_ABOUT_DELAYS = ("late", *(name for name in _ABOUT_VISITS if name != "place"))
_ABOUT_WAITING = ("clinic", "phone", "place", "service", "Who")
_ABOUT_LINKS = ("clinic", "phone", "place")  # May contain links to several appointments.
_ABOUT_OFFERS = ("clinic", "when", "time", "phone", "place", "practitioner", "service", "Who")


def placeholders(kind: str, field: str) -> tuple[str, ...]:
    """The placeholders that this field of this kind of e-mail may contain."""
    if field == "subject":
        known = {
            Kind.WAITLIST_JOINED: ("clinic",),
            Kind.WAITLIST_OFFER: ("clinic", "when"),
            Kind.LOST_LINK: ("clinic",),
        }
        return known.get(Kind(kind), _IN_SUBJECTS)
    known = {
        Kind.RUNNING_LATE: _ABOUT_DELAYS,
        Kind.WAITLIST_JOINED: _ABOUT_WAITING,
        Kind.WAITLIST_OFFER: _ABOUT_OFFERS,
        Kind.LOST_LINK: _ABOUT_LINKS,
    }
    return known.get(Kind(kind), _ABOUT_VISITS)


def check_placeholders(text: str, allowed: tuple[str, ...]) -> None:
    """Raise ValidationError for unbalanced braces and for placeholders that are not allowed."""
    choice = ", ".join(f"{{{name}}}" for name in allowed)
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise ValidationError(
            f"There's a single brace. Put both braces around a placeholder, one of: {choice}.", code="brace"
        ) from None
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if name not in allowed or form or conversion:
            written = "".join(["{", name, f"!{conversion}" if conversion else "", f":{form}" if form else "", "}"])
            raise ValidationError(f"{written} can't be used here. You can use: {choice}.", code="placeholder")


class MessageWording(models.Model):
    """The clinic's wording of one kind of email. The appointment's details are always added to it."""

    kind = models.CharField(
        max_length=20, unique=True, choices=[(str(kind), kind.label) for kind in CUSTOMIZABLE_KINDS], editable=False
    )
    subject = models.CharField(max_length=150, blank=True)
    heading = models.CharField(max_length=120, blank=True)
    opening = models.TextField("first words", max_length=1500, blank=True)
    closing = models.TextField(
        "last words", max_length=1500, blank=True, help_text="Shown at the end, before the address. Ours has none."
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = "email wording"
        verbose_name_plural = "email wording"

    def __str__(self) -> str:
        return self.get_kind_display()

    def clean(self) -> None:
        """Reject unknown placeholders, and a subject that names a service."""
        errors: dict[str, Any] = {}
        for field in ("subject", "heading", "opening", "closing"):
            try:
                check_placeholders(getattr(self, field), placeholders(self.kind, field))
            except ValidationError as error:
                errors[field] = error
        if "subject" not in errors and (service_name := self._service_in_subject()):
            errors["subject"] = ValidationError(
                f"The subject names a service: {service_name}. Others can read it on a locked screen, so leave it out.",
                code="indiscreet",
            )
        if errors:
            raise ValidationError(errors)

    def _service_in_subject(self) -> str | None:
        subject = _normalized(self.subject)
        names = Service.objects.order_by("pk").values_list("name", flat=True)
        return next((name for name in names if _normalized(name) in subject), None)


def _normalized(text: str) -> str:
    return f" {re.sub(r'[^a-z0-9]+', ' ', text.casefold()).strip()} "


def make_missing_wordings(using: str) -> None:
    """Create the missing row of each kind, so that the admin lists all of them. Called after each migrate."""
    if MessageWording._meta.db_table not in connections[using].introspection.table_names():
        return  # The database was migrated back to before the table existed.
    rows = MessageWording.objects.using(using)
    existing = set(rows.values_list("kind", flat=True))
    rows.bulk_create(MessageWording(kind=kind) for kind in CUSTOMIZABLE_KINDS if kind not in existing)
