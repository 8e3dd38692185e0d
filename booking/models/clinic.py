"""The clinic itself: its name, how to reach it, what patients are told, and what its values may be."""

import zoneinfo
from datetime import time, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from phonenumber_field.modelfields import PhoneNumberField

RESERVED_SLUGS = frozenset({"safety", "details", "check", "done"})  # Words of the booking addresses themselves.
SHORTEST_REMINDER, LONGEST_REMINDER = timedelta(hours=1), timedelta(days=14)


def validate_zone(value: str) -> None:
    """Refuse a time zone that the pinned zone data does not know."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError("This is not a time zone we know. Write it as America/Edmonton.")


def validate_reminder(value: timedelta) -> None:
    """Refuse what is not a number of whole hours within the bounds."""
    if value % timedelta(hours=1) or not SHORTEST_REMINDER <= value <= LONGEST_REMINDER:
        raise ValidationError("Write whole hours or days: at least 1 h, at most 14 days.")


def validate_service_slug(value: str) -> None:
    """Refuse a slug that would hide one of the booking pages."""
    if value in RESERVED_SLUGS:
        raise ValidationError("This word is part of the booking addresses. Choose another.")


class Notices(models.TextChoices):
    """When the clinic or a practitioner hears of bookings, changes and cancellations."""

    AT_ONCE = "at_once", "At once, a mail for each"
    DAILY = "daily", "In one mail a day, if there is news"
    NONE = "none", "Not by mail"


class Clinic(models.Model):
    """The one clinic this site is for: its name, how to reach it and what patients are told."""

    name = models.CharField(max_length=120, help_text="As patients know it. Shown on every page and in every mail.")
    email = models.EmailField(help_text="Where messages to the clinic go, and what patients can reply to.")
    phone = PhoneNumberField(help_text="The number on every page.")
    privacy_contact = models.CharField(
        max_length=200,
        help_text="Who answers questions about personal information: a name or role, and how to reach them.",
    )
    collection_notice = models.TextField(
        help_text="Why we ask, under which law, and whom to ask. Shown where patients type about themselves."
    )
    collection_notice_version = models.CharField(
        max_length=20,
        help_text="Kept with each booking, so change it with the notice: a date such as 2026-11-01 works well.",
    )
    emergency_signs = models.TextField(
        blank=True,
        help_text="Signs that need an emergency department, one a line. Shown before a first back or needling visit.",
    )
    visits_ahead_per_email = models.PositiveSmallIntegerField(
        "visits ahead per e-mail address",
        default=8,
        validators=[MinValueValidator(1)],
        help_text="How many one e-mail address may book online at a time; a family may share one. Staff have no limit.",
    )
    fees_note = models.TextField(blank=True, help_text="Direct billing, receipts and payment, in plain words.")
    waitlist_offer_lasts = models.DurationField(
        "a freed time is held for",
        default=timedelta(hours=1),
        help_text="How long each person on the waitlist has to answer. Offers go out, and end, between 8 am and 8 pm.",
    )
    notices = models.CharField(
        "news of bookings",
        max_length=10,
        choices=Notices,
        default=Notices.AT_ONCE,
        help_text="How the clinic's own address hears of bookings, changes and cancellations.",
    )
    summary_at = models.TimeField(
        "daily mail at",
        default=time(18),
        help_text="When the daily mail leaves, on the first location's clock. Also for practitioners who chose it.",
    )

    class Meta:
        verbose_name_plural = "clinic"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    waitlist_offer_lasts__gte=timedelta(minutes=15), waitlist_offer_lasts__lte=timedelta(hours=4)
                ),
                name="clinic_offer_lasts_15_minutes_to_4_hours",
                violation_error_message="An offer from the waitlist lasts 15 minutes to 4 hours.",
            ),
            models.CheckConstraint(
                condition=Q(pk=1), name="clinic_only_one", violation_error_message="There can only be one clinic."
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.pk = 1
        super().save(*args, **kwargs)  # type: ignore[arg-type]
