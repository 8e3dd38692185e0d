"""Practitioners' working hours, breaks and time off, and closures. All times are wall times at the location."""

from datetime import time

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.models.locations import Location, Weekday
from booking.models.practitioners import Practitioner

MIDNIGHT = time(0)


def check_span(start: time | None, end: time | None, ends_next_day: bool) -> None:
    """Reject an empty or ambiguous span of wall times (rule R3)."""
    if start is None or end is None:
        return
    if end == MIDNIGHT and not ends_next_day:
        return  # Midnight at the end of the day; 00:00 to 00:00 is the whole day.
    if end == start:
        raise ValidationError(
            {"end_time": gettext("Start and end are the same. For a whole day, enter 00:00 to 00:00.")}
        )
    if end < start and not ends_next_day:
        raise ValidationError(
            {"end_time": gettext("This is before the start. If it runs past midnight, tick the box.")}
        )
    if end > start and ends_next_day:
        raise ValidationError(
            {"ends_next_day": gettext("That would be longer than a day. Untick the box, or split the hours.")}
        )


# The same rule as a database constraint.
SPAN_IS_CLEAR = (
    Q(end_time=MIDNIGHT, ends_next_day=False)
    | Q(end_time__gt=F("start_time"), ends_next_day=False)
    | Q(end_time__lt=F("start_time"), ends_next_day=True)
)
SPAN_MESSAGE = _("The end has to be after the start. Tick the box if it runs past midnight.")
VALIDITY_MESSAGE = "The last day is before the first."


class WorkingHours(models.Model):
    """A practitioner's weekly hours at a location on one weekday.

    ``weekday`` is the local day on which the hours start, also if they run past midnight.
    """

    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="working_hours")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="working_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    start_time = models.TimeField("from")
    end_time = models.TimeField("to", help_text="00:00 means midnight at the end of the day.")
    ends_next_day = models.BooleanField("runs past midnight", default=False)
    starts_on = models.DateField("valid from", null=True, blank=True, help_text=_("Leave empty for always."))
    ends_on = models.DateField(
        "valid until", null=True, blank=True, help_text=_("Including this day. Leave empty for no end.")
    )

    class Meta:
        ordering = ["practitioner", "weekday", "start_time"]
        verbose_name = "working hours"
        verbose_name_plural = "working hours"
        indexes = [models.Index(fields=["practitioner", "weekday"], name="working_hours_by_day")]
        constraints = [
            models.CheckConstraint(
                condition=SPAN_IS_CLEAR, name="working_hours_span", violation_error_message=SPAN_MESSAGE
            ),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="working_hours_validity",
                violation_error_message=VALIDITY_MESSAGE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.start_time:%H:%M} to {self.end_time:%H:%M}"

    def clean(self) -> None:
        check_span(self.start_time, self.end_time, self.ends_next_day)


class Break(models.Model):
    """A practitioner's weekly break, at whichever location they work that day."""

    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="breaks")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    start_time = models.TimeField("from")
    end_time = models.TimeField("to", help_text="00:00 means midnight at the end of the day.")
    ends_next_day = models.BooleanField("runs past midnight", default=False)
    starts_on = models.DateField("valid from", null=True, blank=True, help_text=_("Leave empty for always."))
    ends_on = models.DateField(
        "valid until", null=True, blank=True, help_text=_("Including this day. Leave empty for no end.")
    )

    class Meta:
        ordering = ["practitioner", "weekday", "start_time"]
        constraints = [
            models.CheckConstraint(condition=SPAN_IS_CLEAR, name="break_span", violation_error_message=SPAN_MESSAGE),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="break_validity",
                violation_error_message=VALIDITY_MESSAGE,
            ),
        ]

    def __str__(self) -> str:
        return f"Break, {self.get_weekday_display()} {self.start_time:%H:%M} to {self.end_time:%H:%M}"

    def clean(self) -> None:
        check_span(self.start_time, self.end_time, self.ends_next_day)


class HoursOverride(models.Model):
    """Hours for one date that replace a practitioner's weekly hours; without times, a day off.

    On a closed day (such as a statutory holiday) they reopen it for this practitioner.
    """

    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="hours_overrides")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="hours_overrides")
    on = models.DateField("date")
    start_time = models.TimeField("from", null=True, blank=True, help_text="Leave both times empty for a day off.")
    end_time = models.TimeField("to", null=True, blank=True, help_text="00:00 means midnight at the end of the day.")
    ends_next_day = models.BooleanField("runs past midnight", default=False)
    note = models.CharField(max_length=200, blank=True, help_text=_("For staff only. Patients never see it."))

    class Meta:
        ordering = ["-on", "practitioner", "start_time"]
        verbose_name = "hours for one date"
        verbose_name_plural = "hours for one date"
        indexes = [models.Index(fields=["practitioner", "on"], name="hours_override_by_date")]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_time__isnull=True, end_time__isnull=True, ends_next_day=False)
                | (Q(start_time__isnull=False, end_time__isnull=False) & SPAN_IS_CLEAR),
                name="hours_override_span",
                violation_error_message=_(
                    "Enter both times, with the end after the start, or leave both empty for a day off."
                ),
            )
        ]

    def __str__(self) -> str:
        hours = f"{self.start_time:%H:%M} to {self.end_time:%H:%M}" if self.start_time and self.end_time else "day off"
        return f"{self.on:%b %d, %Y}: {hours}"

    def clean(self) -> None:
        if (self.start_time is None) != (self.end_time is None):
            raise ValidationError(gettext("Enter both times, or leave both empty for a day off."))
        check_span(self.start_time, self.end_time, self.ends_next_day)
        if self.practitioner_id is not None and self.on is not None:
            self._check_other_rows()

    def _check_other_rows(self) -> None:
        """Reject a day off beside hours on one date, in either order: they contradict each other."""
        is_day_off = self.start_time is None
        others = HoursOverride.objects.filter(practitioner=self.practitioner_id, on=self.on).exclude(pk=self.pk)
        other = others.filter(start_time__isnull=not is_day_off).select_related("location", "practitioner").first()
        if other is None:
            return
        day = f"{self.on:%b %d, %Y}"
        if is_day_off:
            raise ValidationError(
                f"{other.practitioner} has hours on {day} at {other.location}, so this can't be a day off. "
                "Delete those hours first."
            )
        raise ValidationError(
            f"{other.practitioner} has a day off on {day}, entered at {other.location}. Delete that row first: "
            "hours on one date replace all weekly hours of that day anyway."
        )


class TimeOff(models.Model):
    """A period in which a practitioner is absent, such as a holiday or a course, or an hour that the desk blocked."""

    class Kind(models.TextChoices):
        SICK = "sick", "Sick"
        VACATION = "vacation", "Vacation"
        BREAK = "break", "Break"
        MEETING = "meeting", "Meeting"
        COURSE = "course", "Course"
        OTHER = "other", "Other"

    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="time_off")
    starts_on = models.DateField("first day")
    start_time = models.TimeField("from", null=True, blank=True, help_text=_("Leave empty for the start of that day."))
    ends_on = models.DateField("last day")
    end_time = models.TimeField("until", null=True, blank=True, help_text=_("Leave empty for the end of that day."))
    kind = models.CharField("why", max_length=10, choices=Kind, blank=True, default="", db_default="")
    note = models.CharField(max_length=200, blank=True, help_text=_("For staff only. Patients never see it."))
    batch = models.UUIDField(
        null=True, blank=True, editable=False, db_index=True, help_text="Shared by what was blocked in one go."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["-starts_on"]
        verbose_name = "time off"
        verbose_name_plural = "time off"
        permissions = [
            ("block_time", "Can block time of every practitioner at the desk"),
            ("block_own_time", "Can block their own time"),
        ]
        indexes = [models.Index(fields=["practitioner", "ends_on"], name="time_off_by_end")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on"))
                | Q(ends_on=F("starts_on"), start_time__isnull=True)
                | Q(ends_on=F("starts_on"), end_time__isnull=True)
                | Q(ends_on=F("starts_on"), end_time__gt=F("start_time")),
                name="time_off_span",
                violation_error_message=_("The end has to be after the start."),
            )
        ]

    def __str__(self) -> str:
        days = f"{self.starts_on:%b %d, %Y}"
        return days if self.starts_on == self.ends_on else f"{days} to {self.ends_on:%b %d, %Y}"


class RunningLate(models.Model):
    """How late a practitioner is on a day, as they or the desk said."""

    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="running_late")
    on = models.DateField("date")
    late_by = models.DurationField()
    said_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practitioner", "on"],
                name="running_late_once_a_day",
                violation_error_message="This person is already marked as late on that day.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.practitioner}, {self.on:%b %d, %Y}"


class Closure(models.Model):
    """A local day on which a location is closed, such as a statutory holiday."""

    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="closures")
    on = models.DateField("date")
    name = models.CharField(max_length=120, help_text="Shown to patients, such as Family Day.")
    batch = models.UUIDField(
        null=True, blank=True, editable=False, db_index=True, help_text="Shared by what was blocked in one go."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["-on"]
        constraints = [
            models.UniqueConstraint(
                fields=["location", "on"],
                name="closure_once_a_day",
                violation_error_message="This location is already closed on that day.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.on:%b %d, %Y}"
