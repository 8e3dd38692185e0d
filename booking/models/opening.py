"""Dates on which the front desk keeps other hours. Booking never looks at them."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from booking.models.places import Location


class OpeningException(models.Model):
    """Front desk hours for one date, instead of the week's; without times, nobody answers that day.

    Shown to people beside the hours. When patients can be booked is decided by practitioners'
    own hours, and by closures; an exception on a closed day says that the desk answers all the same.
    """

    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="opening_exceptions")
    on = models.DateField("date")
    opens = models.TimeField(null=True, blank=True, help_text="Leave both times empty if nobody answers that day.")
    closes = models.TimeField(null=True, blank=True)
    name = models.CharField(max_length=120, blank=True, help_text="Why, as patients read it, such as Christmas Eve.")

    class Meta:
        ordering = ["-on", "location", "opens"]
        verbose_name = "front desk hours for one date"
        verbose_name_plural = "front desk hours for one date"
        constraints = [
            models.UniqueConstraint(
                fields=["location", "on", "opens"],
                name="opening_exception_once",
                violation_error_message="These hours are already written down for that date.",
            ),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True)
                | Q(opens__isnull=False, closes__isnull=False, closes__gt=F("opens")),
                name="opening_exception_span",
                violation_error_message="Give both times, the later one last, or leave both empty.",
            ),
        ]

    def __str__(self) -> str:
        hours = f"{self.opens:%H:%M} to {self.closes:%H:%M}" if self.opens and self.closes else "closed"
        return f"{self.on:%d %b %Y}: {hours}"

    def clean(self) -> None:
        others = OpeningException.objects.filter(location=self.location_id, on=self.on).exclude(pk=self.pk)
        if self.on and others.filter(opens__isnull=self.opens is not None).exists():
            raise ValidationError("This date is both closed and open. Change what is already written down for it.")
