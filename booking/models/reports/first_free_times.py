"""How long a patient has to wait for a free time, measured once a day."""

from django.db import models

from booking.models.locations import Location
from booking.models.practitioners import Practitioner
from booking.models.services import Service


class FirstFreeTime(models.Model):
    """How many days ahead a practitioner's first free time for a service was, at one location on one day.

    Past free times cannot be computed later, because hours and visits change: so the worker stores them.
    """

    day = models.DateField(help_text="In the time zone of the location.")
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")
    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="+")
    days_ahead = models.PositiveSmallIntegerField(
        null=True, help_text="0: on the same day; empty: there was no free time."
    )

    class Meta:
        default_permissions = ()  # Written by the worker only.
        constraints = [
            models.UniqueConstraint(
                fields=["day", "location", "service", "practitioner"], name="first_free_time_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}: {'no free time' if self.days_ahead is None else self.days_ahead}"
