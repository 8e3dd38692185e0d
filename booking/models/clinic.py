"""The clinic: contact details, public texts and settings, and validators that other models share."""

import zoneinfo
from datetime import time, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from phonenumber_field.modelfields import PhoneNumberField

DEFAULT_UNVERIFIED_SHARE = 33  # percent
RESERVED_SLUGS = frozenset({"safety", "details", "check", "done"})  # Path segments of booking/urls.py.
SHORTEST_REMINDER, LONGEST_REMINDER = timedelta(hours=1), timedelta(days=14)


def validate_zone(value: str) -> None:
    """Reject a time zone that is not in the installed tzdata."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError("This is not a time zone we know. Write it as America/Edmonton.")


def validate_reminder(value: timedelta) -> None:
    """Reject all but whole hours from SHORTEST_REMINDER to LONGEST_REMINDER."""
    if value % timedelta(hours=1) or not SHORTEST_REMINDER <= value <= LONGEST_REMINDER:
        raise ValidationError("Write whole hours or days: at least 1 h, at most 14 days.")


def parse_networks(text: str) -> list[IPv4Network | IPv6Network]:
    """Read networks or addresses of IPv4 and IPv6, one a line. Raises ValueError."""
    return [ip_network(line.strip(), strict=False) for line in text.splitlines() if line.strip()]


def validate_networks(value: str) -> None:
    """Reject lines that are no network."""
    try:
        parse_networks(value)
    except ValueError:
        raise ValidationError("Write one internet address or network a line, such as 203.0.113.9.") from None


def validate_service_slug(value: str) -> None:
    """Reject a slug that would shadow the URL of a booking page."""
    if value in RESERVED_SLUGS:
        raise ValidationError("This word is part of the booking addresses. Choose another.")


class Notices(models.TextChoices):
    """When the clinic or a practitioner is notified of bookings, changes and cancellations."""

    AT_ONCE = "at_once", "At once, a mail for each"
    DAILY = "daily", "In one mail a day, if there is news"
    NONE = "none", "Not by mail"


class Clinic(models.Model):
    """The site's only clinic (a singleton with primary key 1)."""

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
    unverified_share = models.PositiveSmallIntegerField(
        "share of a day for unconfirmed visitors",
        default=DEFAULT_UNVERIFIED_SHARE,
        db_default=DEFAULT_UNVERIFIED_SHARE,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="In percent. How much of what can be booked of a practitioner's day may be taken online by visitors "
        "who have not confirmed their email yet; two visits always may. Beyond that nobody is turned away, but their "
        "booking counts only once they open the link in our email. 33 is a good choice; 100 switches this off.",
    )
    own_networks = models.TextField(
        "the clinic's own networks",
        blank=True,
        default="",
        db_default="",
        validators=[validate_networks],
        help_text="One a line, such as 203.0.113.9 or 2001:db8:12:34::/64: the internet address of your waiting room's "
        "Wi-Fi. From any other network, a third booking on one day must be confirmed by email.",
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
