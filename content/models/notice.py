"""Site-wide notices, shown above every page for a limited time."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from content.models.page import Page


class NoticeQuerySet(models.QuerySet["Notice"]):
    def shown(self, *, at: datetime) -> "NoticeQuerySet":
        return self.filter(starts_at__lte=at).ending_after(at)

    def ending_after(self, at: datetime) -> "NoticeQuerySet":
        """Return notices that are active or scheduled at this instant."""
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at))


class Notice(models.Model):
    """A short message above every page from ``starts_at`` until ``ends_at``.

    Shown and hidden by the clock, without a task. The link is a reference, so it cannot break: while its
    page is not published, the notice is shown without the link.
    """

    class Tone(models.TextChoices):
        INFO = "info", "News"
        IMPORTANT = "important", "Important"
        URGENT = "urgent", "Urgent"

    title = models.CharField(max_length=80, help_text=_("Such as: Closed on Friday, December 25."))
    text = models.CharField(
        max_length=240, blank=True, help_text=_("What it means for patients. Not shown on the booking pages.")
    )
    tone = models.CharField(
        max_length=10,
        choices=Tone,
        default=Tone.INFO,
        help_text=_("Keep Urgent for what affects today's appointments."),
    )
    starts_at = models.DateTimeField("shown from", default=timezone.now)
    ends_at = models.DateTimeField(
        "until", null=True, blank=True, help_text=_("Leave empty to show it until you end it.")
    )
    link_label = models.CharField(_("link text"), max_length=60, blank=True, help_text="Such as: Find us.")
    page = models.ForeignKey(Page, on_delete=models.PROTECT, null=True, blank=True, related_name="notices_here")
    service = models.ForeignKey(
        "booking.Service", on_delete=models.PROTECT, null=True, blank=True, related_name="notices_here"
    )
    position = models.PositiveSmallIntegerField("order", default=0, help_text="Lower numbers come first.")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["position", "starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="notice_ends_after_it_starts",
                violation_error_message=_("The end has to be after the start."),
            ),
            models.CheckConstraint(
                condition=Q(link_label="", page__isnull=True, service__isnull=True)
                | (~Q(link_label="") & Q(page__isnull=False, service__isnull=True))
                | (~Q(link_label="") & Q(page__isnull=True, service__isnull=False)),
                name="notice_link_is_whole",
                violation_error_message=_("A link needs its text, and either a page or a service to go to."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if self.page is not None and not self.page.get_absolute_url():
            raise ValidationError({"page": gettext("A snippet has no address of its own. Choose a page.")})
