"""The daily counts of the steps of online booking."""

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from booking.models.locations import Location
from booking.models.services import Service


class BookingStepCount(models.Model):
    """How often a step of online booking was reached on one day of the clinic.

    A count has no visitor: nothing tells which requests came from one person. See
    docs/decisions/booking-step-counts.md.
    """

    class Step(models.TextChoices):
        TIMES = "times", _("Opened “Choose a time”")
        CHOSEN = "chosen", _("Chose a time")
        DETAILS = "details", _("Gave their details")
        BOOKED = "booked", _("Booked")
        REFUSED = "refused", _("Were refused: the time was taken, or they were asked to call")
        WAITLIST = "waitlist", _("Joined the waitlist")

    day = models.DateField(help_text="In the time zone of the location; of the first one if none was chosen.")
    location = models.ForeignKey(
        Location, on_delete=models.CASCADE, null=True, related_name="+", help_text="Empty: no location was chosen."
    )
    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, related_name="+")
    step = models.CharField(max_length=10, choices=Step)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()  # Written by booking.statistics.steps only.
        permissions = [("view_reports", "Can see the clinic's numbers")]
        constraints = [
            models.UniqueConstraint(
                "day", "step", Coalesce("location", 0), Coalesce("service", 0), name="booking_step_counted_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}, {self.step}: {self.count}"
