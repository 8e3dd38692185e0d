"""Practitioners' own calendars elsewhere."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from booking.models.practitioners import Practitioner

TOLD_AFTER = timedelta(hours=1)  # Staff are told when a calendar has not been read for so long.


class ExternalCalendarQuerySet(models.QuerySet["ExternalCalendar"]):
    def read(self) -> "ExternalCalendarQuerySet":
        """Those that the worker reads: of practitioners who work here."""
        return self.filter(practitioner__is_active=True)

    def unread(self, *, now: datetime) -> "ExternalCalendarQuerySet":
        """Those that have not been read for an hour, or were added then and never read since."""
        before = now - TOLD_AFTER
        return self.read().filter(
            Q(last_read_at__lt=before) | Q(last_read_at__isnull=True, added_at__lt=before) | Q(last_read_at__gt=now)
        )


class ExternalCalendar(models.Model):
    """A practitioner's calendar at Google, Microsoft, Apple or elsewhere, whose busy times cannot be booked.

    Address, user name and password open the calendar, so they are encrypted (``booking.calendars.secret_text``).
    """

    class Kind(models.TextChoices):
        ICS = "ics", _("Secret address (ICS)")
        CALDAV = "caldav", _("CalDAV, with a password")

    class Problem(models.TextChoices):
        """Why the last reading failed."""

        ADDRESS = "address", _("The address isn't a web address that begins with https.")
        NOT_PUBLIC = "not-public", _("The address leads to a place that isn't on the public internet.")
        NO_HOST = "no-host", _("No server has this name.")
        NO_ANSWER = "no-answer", _("The server didn't answer in time.")
        CERTIFICATE = "certificate", _("The server's certificate isn't valid.")
        REDIRECTS = "redirects", _("The address leads on and on.")
        REFUSED = "refused", _("The server refuses: the address, user name or password isn't right any more.")
        NOT_FOUND = "not-found", _("There's nothing at the address any more.")
        SERVER = "server", _("The server has a fault of its own.")
        TOO_BIG = "too-big", _("The calendar is too big: more than 5 MB.")
        TOO_MANY = "too-many", _("The calendar has too many events ahead.")
        NOT_A_CALENDAR = "not-a-calendar", _("What the address returns isn't a calendar.")
        TOO_SLOW = "too-slow", _("The calendar takes too long to work out.")
        SECRET = "secret", _("The stored address can't be decrypted, because the site's secret key was changed.")

    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="external_calendars")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ICS)
    label = models.CharField(max_length=40, blank=True)  # As the practitioner calls it, such as "Home".
    secret_address = models.TextField(editable=False)
    secret_login = models.TextField(blank=True, editable=False)
    secret_password = models.TextField(blank=True, editable=False)
    etag = models.CharField(max_length=200, blank=True, editable=False)
    covers_until = models.DateTimeField(null=True, editable=False)  # The end of the days whose busy times are stored.
    last_read_at = models.DateTimeField(null=True, editable=False)
    last_tried_at = models.DateTimeField(null=True, editable=False)
    skipped = models.PositiveIntegerField(default=0, editable=False)  # Events that cannot be read block nothing.
    last_problem = models.CharField(max_length=20, choices=Problem, blank=True, editable=False)
    next_read_at = models.DateTimeField(db_index=True, editable=False)
    added_at = models.DateTimeField(editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects = ExternalCalendarQuerySet.as_manager()

    class Meta:
        ordering = ["practitioner", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["ics", "caldav"]) & ~Q(secret_address=""), name="external_calendar_has_address"
            ),
            models.CheckConstraint(
                condition=~Q(kind="ics") | Q(secret_login="", secret_password=""),
                name="external_calendar_ics_has_no_login",
            ),
        ]

    def __str__(self) -> str:
        return f"Own calendar of {self.practitioner}"

    def is_unread(self, now: datetime) -> bool:
        """As ``ExternalCalendarQuerySet.unread``, for an active practitioner."""
        since = self.last_read_at or self.added_at
        return since < now - TOLD_AFTER or since > now


def reads_calendar(practitioner: str) -> Exists:
    """Whether the practitioner that ``practitioner`` names in a query has given a calendar of their own."""
    return Exists(ExternalCalendar.objects.filter(practitioner=OuterRef(practitioner)))
