"""Technical state: rate limits, marks of sample data, set-up checks, the worker's tasks, clock readings and site."""

from datetime import timedelta

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connections, models
from django.utils.translation import gettext_lazy as _


class RateLimitBucket(models.Model):
    """The count of one kind of request from one network or e-mail address in the current window.

    ``key`` is a keyed hash (HMAC), so the table reveals no addresses. After ``ends_at`` the row is
    expired, and the worker deletes it.
    """

    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=40)
    used = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField()

    class Meta:
        db_table = "booking_allowance"
        indexes = [models.Index(fields=["ends_at"], name="allowance_ends")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.used}"


class SampleRow(models.Model):
    """Marks a row as sample data. Deleting the mark makes the row the clinic's own."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    fingerprint = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="A hash of what the row said when it was loaded. Empty: a part of another row, or unknown.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["content_type", "object_id"], name="sample_row_marked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.content_type} {self.object_id}"


class SetupCheck(models.Model):
    """A step of the set-up list that a person has seen to, because the data do not show it."""

    class Step(models.TextChoices):
        MAIL = "mail", _("Test email sent")
        BACKUP = "backup", _("Backup seen")

    step = models.CharField(max_length=10, choices=Step, unique=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()  # Written by the set-up list only.

    def __str__(self) -> str:
        return str(self.get_step_display())


class TaskRun(models.Model):
    """When a task of the worker last succeeded, in any worker process, and at which interval it runs."""

    name = models.CharField(max_length=40, unique=True)
    went_well_at = models.DateTimeField()
    interval = models.DurationField(default=timedelta(0), db_default=timedelta(0))

    class Meta:
        db_table = "booking_workerstep"

    def __str__(self) -> str:
        return self.name


class ClockReading(models.Model):
    """The clock of a machine that runs a worker: the last reading that was right, and how far it is off now.

    ``machine`` is the id of the machine's boot, so that ``uptime`` (seconds since then) measures the time between two
    readings whatever the clock says; it is null until the first reading after a boot is trusted.
    """

    machine = models.CharField(max_length=64, unique=True)
    read_at = models.DateTimeField()
    uptime = models.FloatField(null=True)
    checked_at = models.DateTimeField()
    off_by = models.DurationField(null=True, help_text="Above zero: the clock is ahead. Empty: it is right.")
    off_since = models.FloatField(null=True, help_text="The uptime at which it was first off by this much.")

    def __str__(self) -> str:
        return self.machine

    @property
    def problem(self) -> str:
        """What is wrong, for staff and logs; "" if the clock is right."""
        if self.off_by is None:
            return ""
        direction = "later" if self.off_by > timedelta(0) else "earlier"
        return (
            f"The worker's clock reads {_rounded(abs(self.off_by))} {direction} than expected. "
            "Nothing is sent, offered or deleted until it is right."
        )


def _rounded(duration: timedelta) -> str:
    """Format in the largest unit of which there are at least two: "3 days", "36 hours", "10 minutes"."""
    minutes = round(duration.total_seconds() / 60)
    for unit, size in (("days", 24 * 60), ("hours", 60)):
        if minutes >= 2 * size:
            return f"{round(minutes / size)} {unit}"
    return f"{minutes} minutes"


class SiteIdentity(models.Model):
    """A single row; ``booking.site_identity`` compares it with the place where the process finds the database.

    An empty ``database`` means that no worker has recorded a place yet. Times and counters are of the database's
    history: a copy has those of its original.
    """

    PK = 1

    database = models.TextField(blank=True, help_text="What tells this database from its copies.")
    site_url = models.TextField(blank=True, help_text="SITE_URL; empty for a site that only its machine can reach.")
    token = models.CharField(max_length=32, blank=True, help_text="New with each take-over.")
    heartbeats = models.BigIntegerField(
        default=0, help_text="Grows while workers run: a database that goes back has less."
    )
    recorded_at = models.DateTimeField(null=True)
    sent_until = models.DateTimeField(null=True, help_text="Messages due by then were sent from the place before.")
    went_back = models.BooleanField(default=False, help_text="A worker has seen more heartbeats before.")
    muted_place = models.TextField(blank=True, help_text="The other place at which a worker found this database.")
    muted_at = models.DateTimeField(null=True, help_text="When it did so first.")

    class Meta:
        default_permissions = ()  # Written by the worker and by take_over only.
        verbose_name_plural = "site identity"

    def __str__(self) -> str:
        return self.site_url or self.database


def make_missing_site_identity(using: str) -> None:
    """Create the row without a place. Called after each migrate; a worker takes a missing row for a restore."""
    if SiteIdentity._meta.db_table not in connections[using].introspection.table_names():
        return  # The database was migrated back to before the table existed.
    SiteIdentity.objects.using(using).bulk_create([SiteIdentity(pk=SiteIdentity.PK)], ignore_conflicts=True)
