"""Locations, their rooms, and the opening hours of their front desks."""

import zoneinfo
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from booking.models.clinic import validate_zone


class Province(models.TextChoices):
    ALBERTA = "AB", "Alberta"
    BRITISH_COLUMBIA = "BC", "British Columbia"
    MANITOBA = "MB", "Manitoba"
    NEW_BRUNSWICK = "NB", "New Brunswick"
    NEWFOUNDLAND = "NL", "Newfoundland and Labrador"
    NOVA_SCOTIA = "NS", "Nova Scotia"
    NORTHWEST_TERRITORIES = "NT", "Northwest Territories"
    NUNAVUT = "NU", "Nunavut"
    ONTARIO = "ON", "Ontario"
    PRINCE_EDWARD_ISLAND = "PE", "Prince Edward Island"
    QUEBEC = "QC", "Quebec"
    SASKATCHEWAN = "SK", "Saskatchewan"
    YUKON = "YT", "Yukon"


class Location(models.Model):
    """A place where patients are seen. Its wall times are in its own time zone."""

    name = models.CharField(max_length=120, help_text=_("Such as Okotoks."))
    slug = models.SlugField(_("web address"), unique=True)
    street = models.CharField(max_length=200)
    city = models.CharField(max_length=100)
    province = models.CharField(max_length=2, choices=Province, default=Province.ALBERTA)
    postal_code = models.CharField(
        max_length=7,
        validators=[RegexValidator(r"^[A-Z]\d[A-Z] \d[A-Z]\d$", _("Enter the postal code as T1S 1A1."))],
    )
    phone = PhoneNumberField(blank=True, help_text=_("If it's different from the clinic's."))
    time_zone = models.CharField(max_length=64, default="America/Edmonton", validators=[validate_zone])
    time_zone_label = models.CharField(
        max_length=40, default="Alberta time", help_text="What patients call this zone. Never an abbreviation."
    )
    parking_notes = models.TextField(blank=True)
    step_free_notes = models.TextField(blank=True, help_text=_("The step-free entrance, door widths, washrooms."))
    directions = models.TextField(blank=True, help_text=_("How to find the door."))
    latitude = models.DecimalField(
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(-90)), MaxValueValidator(Decimal(90))],
    )
    longitude = models.DecimalField(
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(-180)), MaxValueValidator(Decimal(180))],
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0, help_text="Lower numbers come first.")

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def address(self) -> str:
        """The postal address on one line."""
        return f"{self.street}, {self.city}, {self.get_province_display()} {self.postal_code}"

    @property
    def printed_postal_code(self) -> str:
        """The postal code with a no-break space, for pages: it is never broken over two lines."""
        return self.postal_code.replace(" ", "\N{NO-BREAK SPACE}")

    @property
    def printed_address(self) -> str:
        """``address`` with the postal code as printed."""
        return f"{self.street}, {self.city}, {self.get_province_display()} {self.printed_postal_code}"


class Weekday(models.IntegerChoices):
    """Weekdays, numbered as in ``date.weekday()``."""

    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class OpeningHours(models.Model):
    """Weekly front desk hours, for display only. Availability does not depend on them."""

    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ["location", "weekday", "opens"]
        verbose_name = "opening hours"
        verbose_name_plural = "opening hours"
        constraints = [
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")),
                name="opening_hours_close_after_they_open",
                violation_error_message=_("The closing time has to be after the opening time."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M} to {self.closes:%H:%M}"


class Room(models.Model):
    """A treatment room. An appointment whose service needs one occupies a room at its location."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Untick while the room can't be used."))
    position = models.PositiveSmallIntegerField(_("order"), default=0, help_text="Rooms are filled in this order.")

    class Meta:
        ordering = ["location", "position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["location", "name"],
                name="room_name_once_a_location",
                violation_error_message=_("This location already has a room with that name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class SpecialHours(models.Model):
    """Front desk hours for one date that replace the weekly ones; without times, closed that day.

    For display only: availability depends on practitioners' hours and on closures. Special hours on a
    closed day mean that the front desk is open nevertheless.
    """

    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="special_hours")
    on = models.DateField("date")
    opens = models.TimeField(
        null=True, blank=True, help_text=_("Leave both times empty if the front desk is closed that day.")
    )
    closes = models.TimeField(null=True, blank=True)
    name = models.CharField(
        max_length=120, blank=True, help_text=_("The reason, as patients see it, such as Christmas Eve.")
    )

    class Meta:
        db_table = "booking_openingexception"
        ordering = ["-on", "location", "opens"]
        verbose_name = "front desk hours for one date"
        verbose_name_plural = "front desk hours for one date"
        constraints = [
            models.UniqueConstraint(
                fields=["location", "on", "opens"],
                name="opening_exception_once",
                violation_error_message=_("These hours are already entered for that date."),
            ),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True)
                | Q(opens__isnull=False, closes__isnull=False, closes__gt=F("opens")),
                name="opening_exception_span",
                violation_error_message=_("Enter both times, the later one last, or leave both empty."),
            ),
        ]

    def __str__(self) -> str:
        hours = f"{self.opens:%H:%M} to {self.closes:%H:%M}" if self.opens and self.closes else "closed"
        return f"{self.on:%b %d, %Y}: {hours}"

    def clean(self) -> None:
        same_day = SpecialHours.objects.filter(location=self.location_id, on=self.on).exclude(pk=self.pk)
        if self.on and same_day.filter(opens__isnull=self.opens is not None).exists():
            raise ValidationError(gettext("This date is both closed and open. Change what is already entered for it."))
