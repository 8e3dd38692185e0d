"""The clinic: contact details, public texts, settings and insurers; and validators that other models share."""

import zoneinfo
from datetime import time, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

DEFAULT_UNVERIFIED_SHARE = 33  # percent
RESERVED_SLUGS = frozenset({"safety", "details", "check", "done"})  # Path segments of booking/urls.py.
SHORTEST_REMINDER, LONGEST_REMINDER = timedelta(hours=1), timedelta(days=14)


def validate_zone(value: str) -> None:
    """Reject a time zone that is not in the installed tzdata."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(gettext("We don't know this time zone. Enter it like America/Edmonton."))


def validate_reminder(value: timedelta) -> None:
    """Reject all but whole hours from SHORTEST_REMINDER to LONGEST_REMINDER."""
    if value % timedelta(hours=1) or not SHORTEST_REMINDER <= value <= LONGEST_REMINDER:
        raise ValidationError(gettext("Enter whole hours or days: at least 1 h, at most 14 days."))


def parse_networks(text: str) -> list[IPv4Network | IPv6Network]:
    """Read networks or addresses of IPv4 and IPv6, one a line. Raises ValueError."""
    return [ip_network(line.strip(), strict=False) for line in text.splitlines() if line.strip()]


def validate_networks(value: str) -> None:
    """Reject lines that are no network."""
    try:
        parse_networks(value)
    except ValueError:
        raise ValidationError(gettext("Enter one internet address or network per line, such as 203.0.113.9.")) from None


def validate_service_slug(value: str) -> None:
    """Reject a slug that would shadow the URL of a booking page."""
    if value in RESERVED_SLUGS:
        raise ValidationError(gettext("This word is already used in the booking addresses. Choose another."))


class Notices(models.TextChoices):
    """When the clinic or a practitioner is notified of bookings, changes and cancellations."""

    AT_ONCE = "at_once", _("Right away, one email for each")
    DAILY = "daily", _("In one email a day, if there is news")
    NONE = "none", _("Not by email")


class Clinic(models.Model):
    """The site's only clinic (a singleton with primary key 1)."""

    class MapApp(models.TextChoices):
        GOOGLE = "google", "Google Maps"
        APPLE = "apple", "Apple Maps"
        OPEN_STREET_MAP = "osm", "OpenStreetMap"
        NONE = "none", "No link"

    name = models.CharField(
        max_length=120, help_text=_("The name patients know. Shown on every page and in every email.")
    )
    email = models.EmailField(help_text=_("Where messages to the clinic go, and the address patients reply to."))
    phone = PhoneNumberField(help_text="The number on every page.")
    privacy_contact = models.CharField(
        max_length=200,
        help_text="Who answers questions about personal information: a name or role, and how to reach them.",
    )
    collection_notice = models.TextField(
        help_text=_("Why we ask, under which law, and who to ask. Shown where patients enter their details.")
    )
    collection_notice_version = models.CharField(
        max_length=20,
        help_text=_(
            "Kept with each booking, so change it when you change the notice. A date such as 2026-11-01 works well."
        ),
    )
    emergency_signs = models.TextField(
        blank=True,
        help_text=_(
            "Signs that need an emergency department, one per line. Shown before a first back or needling appointment."
        ),
    )
    visits_ahead_per_email = models.PositiveSmallIntegerField(
        _("upcoming appointments per email address"),
        default=8,
        validators=[MinValueValidator(1)],
        help_text=_(
            "How many one email address can book online at a time. A family may share one. Staff have no limit."
        ),
    )
    unverified_share = models.PositiveSmallIntegerField(
        _("share of a day for visitors who haven't confirmed their email"),
        default=DEFAULT_UNVERIFIED_SHARE,
        db_default=DEFAULT_UNVERIFIED_SHARE,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_(
            "In percent. How much of a practitioner's day people can book online before they have "
            "confirmed their email. Two appointments are always allowed. Beyond that, no one is "
            "turned away, but a booking only counts once they open the link in our email. 33 is a "
            "good choice; 100 turns this off."
        ),
    )
    own_networks = models.TextField(
        _("the clinic's own networks"),
        blank=True,
        default="",
        db_default="",
        validators=[validate_networks],
        help_text=_(
            "One per line, such as 203.0.113.9 or 2001:db8:12:34::/64: the internet address of "
            "your waiting room's Wi-Fi. From any other network, a third booking on the same day "
            "has to be confirmed by email."
        ),
    )
    college = models.CharField(
        "the College",
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text="Who keeps the register, such as College of Physiotherapists of Alberta. Shown with the registration "
        "numbers of your practitioners.",
    )
    map_app = models.CharField(
        "directions open in",
        max_length=10,
        choices=MapApp,
        default=MapApp.GOOGLE,
        db_default=MapApp.GOOGLE,
        help_text="“Get directions” links to it with the clinic's address. Nothing is sent before it is pressed.",
    )
    fees_note = models.TextField(blank=True, help_text=_("Direct billing, receipts and payment, in plain language."))
    waitlist_offer_lasts = models.DurationField(
        _("how long an offered time is held"),
        default=timedelta(hours=1),
        help_text=_(
            "How long each person on the waitlist has to answer. Offers go out, and expire, between 8 a.m. and 8 p.m."
        ),
    )
    notices = models.CharField(
        _("booking notifications"),
        max_length=10,
        choices=Notices,
        default=Notices.AT_ONCE,
        help_text=_("How the clinic is told about bookings, changes and cancellations."),
    )
    summary_at = models.TimeField(
        _("daily email at"),
        default=time(18),
        help_text=_(
            "When the daily email goes out, in the first location's time. Also for practitioners who chose it."
        ),
    )

    class Meta:
        verbose_name_plural = "clinic"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    waitlist_offer_lasts__gte=timedelta(minutes=15), waitlist_offer_lasts__lte=timedelta(hours=4)
                ),
                name="clinic_offer_lasts_15_minutes_to_4_hours",
                violation_error_message=_("A waitlist offer can last 15 minutes to 4 hours."),
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


class InsurerQuerySet(models.QuerySet["Insurer"]):
    def active(self) -> "InsurerQuerySet":
        return self.filter(is_active=True)


class Insurer(models.Model):
    """An insurer that the clinic bills directly: listed on the fees page, kept by staff."""

    name = models.CharField(max_length=120, unique=True, help_text="As patients know it from their benefits card.")
    note = models.CharField(
        max_length=160, blank=True, help_text="If patients need to know more, such as: group plans only."
    )
    is_active = models.BooleanField(default=True, help_text="Untick to take it off the list.")
    position = models.PositiveSmallIntegerField("order", default=0, help_text="Lower numbers come first.")

    objects = InsurerQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        verbose_name = "insurer billed directly"
        verbose_name_plural = "insurers billed directly"

    def __str__(self) -> str:
        return self.name


class CancelReason(models.Model):
    """A reason to choose from when staff cancel a visit. The list is the clinic's own."""

    name = models.CharField(max_length=60, unique=True)
    is_active = models.BooleanField(_("active"), default=True, help_text="Untick to stop offering it.")
    position = models.PositiveSmallIntegerField(_("order"), default=0, help_text="Lower numbers come first.")

    class Meta:
        ordering = ["position", "name"]
        verbose_name = "cancellation reason"

    def __str__(self) -> str:
        return self.name
