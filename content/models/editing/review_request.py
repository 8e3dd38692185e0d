"""Requests for a clinical review, and comments on the blocks of a draft."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from content.models.page import Page
from content.models.revision import Review


class ReviewRequestQuerySet(models.QuerySet["ReviewRequest"]):
    def open(self) -> "ReviewRequestQuerySet":
        return self.filter(closed_at__isnull=True)

    def for_reviewer(self, user: Any) -> "ReviewRequestQuerySet":
        """Return the requests to the active practitioner of this user's login."""
        return self.filter(reviewer__user=user.pk, reviewer__is_active=True)


class ReviewRequest(models.Model):
    """An editor asks a practitioner to review a draft. It is open until ``closed_at`` is set."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", "Approved"
        CHANGES = "changes", _("Changes asked for")
        WITHDRAWN = "withdrawn", "Withdrawn"

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="review_requests")
    reviewer = models.ForeignKey("booking.Practitioner", on_delete=models.PROTECT, related_name="review_requests")
    note = models.CharField(max_length=300, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    closed_at = models.DateTimeField(null=True)
    # Not PROTECT, which would refuse to delete the page with both.
    review = models.ForeignKey(Review, on_delete=models.RESTRICT, null=True, related_name="requests")

    objects = ReviewRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["page"],
                condition=Q(closed_at__isnull=True),
                name="review_request_one_open_for_a_page",
                violation_error_message=_("Someone has already been asked to review this page."),
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, outcome="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="review_request_closed_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.page}, {self.reviewer}"


class BlockComment(models.Model):
    """A remark on one block of a draft, or on the page itself (``block_kind`` is empty). Readers never see it."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="comments")
    block_kind = models.CharField(max_length=40, blank=True)
    block_id = models.BigIntegerField(null=True, blank=True)
    text = models.TextField(max_length=1000)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.page}: {self.text[:40]}"
