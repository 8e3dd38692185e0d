"""The access log: which staff member was shown which patients."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from booking.constraints import AppendOnly
from booking.models.append_only import AppendOnlyModel, AppendOnlyQuerySet
from booking.models.patients import Patient
from booking.models.waitlist import WaitlistEntry


class AccessLogEntry(AppendOnlyModel):
    """One page, search or feed that showed patients to a staff member. Append-only, also in the database.

    The words of a search are not stored, only whom it showed. ``people`` are the patients and waitlist entries shown.
    """

    class Kind(models.TextChoices):
        RECORD = "record", "One patient or appointment"
        DAY = "day", "A day"
        WEEK = "week", "A week"
        SEARCH = "search", "A search"
        LIST = "list", "A list of patients"
        WAITLIST = "waitlist", "The waitlist"
        MESSAGE = "message", "Messages"
        EXPORT = "export", "An export"
        FEED = "feed", "A calendar feed"
        LOG = "log", "A log"

    at = models.DateTimeField()
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty for a calendar feed, which a program fetches without a login.",
    )
    role = models.CharField(max_length=200, blank=True, help_text="The staff member's roles at that time.")
    kind = models.CharField(max_length=10, choices=Kind)
    page = models.CharField(max_length=200, help_text="The address without its query.")
    address = models.GenericIPAddressField("network address", null=True, blank=True)
    count = models.PositiveIntegerField("people shown")
    reason = models.CharField(max_length=200, blank=True, help_text="Why, where the page asked for a reason.")

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        default_permissions = ("view",)
        verbose_name = "access log entry"
        verbose_name_plural = "access log"
        indexes = [models.Index(fields=["staff", "at"], name="access_log_by_staff")]
        constraints = [AppendOnly(name="access_log_is_append_only", expires="at")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d %H:%M} UTC"


class AccessLogPerson(AppendOnlyModel):
    """One person whom an access log entry showed: a patient, or a waitlist entry of somebody who is none yet.

    No database constraint refers to the person, so that the row stays when the person's data is disposed of.
    """

    entry = models.ForeignKey(AccessLogEntry, on_delete=models.PROTECT, related_name="people")
    at = models.DateTimeField(
        db_default=Now(), help_text="As in the entry, so that the database itself can check the retention period."
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="+"
    )
    waitlist_entry = models.ForeignKey(
        WaitlistEntry, on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="+"
    )

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["patient", "at"], name="access_log_by_patient")]
        constraints = [
            AppendOnly(name="access_log_person_is_append_only", expires="at"),
            models.CheckConstraint(
                condition=Q(patient__isnull=False) ^ Q(waitlist_entry__isnull=False),
                name="access_log_person_is_one",
            ),
        ]

    def __str__(self) -> str:
        return f"patient {self.patient_id}" if self.patient_id else f"waitlist entry {self.waitlist_entry_id}"
