"""What was published when: the words of a page as they stood, kept for good."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import OuterRef, Q, Subquery

from content.models.page import Page


class RecordQuerySet(models.QuerySet[Any]):
    """Rows that are written once. They go only together with what they are about."""

    def update(self, **kwargs: Any) -> int:
        raise TypeError("This is a record: it is never changed.")

    def delete(self) -> Any:
        raise TypeError("This is a record: it is never deleted.")


class Record(models.Model):
    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("This is a record: it is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("This is a record: it is never deleted.")


class RevisionQuerySet(RecordQuerySet):
    def live(self, *, at: datetime) -> "RevisionQuerySet":
        """What readers see: of every page the newest decision whose time has come, if it is not to hide the page.

        The newest decision counts, not the latest go-live time: publishing calls off what was
        scheduled before it.
        """
        newest = Revision.objects.filter(page=OuterRef("page"), goes_live_at__lte=at).order_by("-pk")
        return self.filter(pk=Subquery(newest.values("pk")[:1]), is_public=True)

    def scheduled(self, *, at: datetime) -> "RevisionQuerySet":
        """Decisions whose time is still to come, and that nothing newer has called off."""
        newer = Revision.objects.filter(page=OuterRef("page"), pk__gt=OuterRef("pk"))
        called_off = newer.filter(goes_live_at__lte=OuterRef("goes_live_at"))
        return self.filter(~models.Exists(called_off), goes_live_at__gt=at)

    def treatments(self) -> "RevisionQuerySet":
        return self.filter(page__kind=Page.Kind.TREATMENT)


class Revision(Record):
    """One decision about a page: these words, from this moment; or nothing at all. Append-only.

    ``head`` holds the words and references of the page itself, ``blocks`` its blocks in order,
    both as ``content/snapshot.py`` writes them; ``schema`` says in which version. Prices, people,
    pictures and snippets are references: they are shown as they are today. ``changed_at`` is when
    readers last got other words than before, which publishing the same words again does not move.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="revisions")
    is_public = models.BooleanField(default=True, help_text="No: from then on the page is hidden.")
    goes_live_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    schema = models.PositiveSmallIntegerField()
    head = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    blocks = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    snippets = models.ManyToManyField(Page, related_name="shown_by", blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Nobody: the site itself, with the sample clinic or an upgrade.",
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who made the last change to these words before they went out.",
    )
    is_repeat = models.BooleanField(
        default=False, help_text="Yes: nothing of the draft, but words that were decided about before."
    )
    note = models.CharField(max_length=200, blank=True)
    overridden = models.JSONField(default=list, blank=True, help_text="What the checks refused, in their words.")
    override_reason = models.CharField(max_length=300, blank=True)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        get_latest_by = "pk"
        indexes = [
            models.Index(fields=["page", "goes_live_at"], name="revision_by_page_and_time"),
            models.Index(fields=["goes_live_at"], name="revision_by_time"),  # What is still to come.
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(overridden=[]) | ~Q(override_reason=""),
                name="revision_override_has_a_reason",
                violation_error_message="Say why this is published in spite of what the checks found.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.page}, {self.made_at:%Y-%m-%d %H:%M}"

    @property
    def title(self) -> str:
        return str(self.head.get("title", ""))


class Review(Record):
    """That somebody of the team read the words of a page and stands by them. Append-only.

    ``digest`` tells whether the words have changed since (see ``snapshot.Words.digest``).
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey("booking.Practitioner", on_delete=models.PROTECT, related_name="reviews")
    reviewed_on = models.DateField()
    next_review_on = models.DateField()
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    override_reason = models.CharField(
        max_length=300, blank=True, help_text="Why the person who last changed the page may also review it."
    )

    objects = RecordQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        get_latest_by = "pk"

    def __str__(self) -> str:
        return f"{self.page}: {self.reviewer}, {self.reviewed_on}"
