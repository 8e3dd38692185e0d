"""The times that practitioners are busy in their own calendars."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from booking.models.calendars.external import ExternalCalendar


class BusyTimeQuerySet(models.QuerySet["BusyTime"]):
    def within(self, begin: datetime, end: datetime) -> "BusyTimeQuerySet":
        return self.filter(starts_at__lt=end, ends_at__gt=begin)


class BusyTime(models.Model):
    """A time that a practitioner's own calendar blocks. Nothing is stored of why."""

    calendar = models.ForeignKey(ExternalCalendar, on_delete=models.CASCADE, editable=False, related_name="busy_times")
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(editable=False)

    objects = BusyTimeQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        default_permissions = ()  # The calendar shows it; only the worker writes it.
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="busy_time_span"),
            models.UniqueConstraint(fields=["calendar", "starts_at"], name="busy_time_starts_once"),
        ]

    def __str__(self) -> str:
        return f"Busy from {self.starts_at:%Y-%m-%d %H:%M}"
