"""Published revisions of pages and clinical reviews. Both tables are append-only."""

from datetime import datetime

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from booking.models.append_only import AppendOnlyModel, AppendOnlyQuerySet
from content.models.page import Page


class RevisionQuerySet(AppendOnlyQuerySet):
    def live(self, *, at: datetime) -> "RevisionQuerySet":
        """Return what readers see: the newest revision of each page that has gone live, unless it hides the page.

        Newest by primary key, not by ``goes_live_at``: publishing cancels what was scheduled before it.
        """
        newest = Revision.objects.filter(page=OuterRef("page"), goes_live_at__lte=at).order_by("-pk")
        return self.filter(pk=Subquery(newest.values("pk")[:1]), is_public=True)

    def scheduled(self, *, at: datetime) -> "RevisionQuerySet":
        """Return revisions that go live after this instant and that no newer revision has cancelled."""
        return self._not_cancelled().filter(goes_live_at__gt=at)

    def ever_live(self, *, at: datetime) -> "RevisionQuerySet":
        """Return revisions that readers see or have seen."""
        return self._not_cancelled().filter(goes_live_at__lte=at, is_public=True)

    def _not_cancelled(self) -> "RevisionQuerySet":
        newer = Revision.objects.filter(page=OuterRef("page"), pk__gt=OuterRef("pk"))
        return self.filter(~models.Exists(newer.filter(goes_live_at__lte=OuterRef("goes_live_at"))))

    def treatments(self) -> "RevisionQuerySet":
        return self.filter(page__kind=Page.Kind.TREATMENT)


class Revision(AppendOnlyModel):
    """One published version of a page, in effect from ``goes_live_at``; or a decision to hide it. Append-only.

    ``head`` holds the fields of the page itself and ``blocks`` its blocks in order, both serialized by
    ``content/blocks/page_content.py``; ``schema`` is the version of that format. Services, people, pictures
    and snippets are stored as ids and shown as they are today. ``changed_at`` is when the published content
    last changed; publishing the same content again does not move it.
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
        help_text=_("Empty: the site itself, with the sample clinic or an upgrade."),
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Who made the last change to this text before it was published."),
    )
    is_repeat = models.BooleanField(
        default=False, help_text=_("Yes: nothing from the draft, only text that was approved before.")
    )
    note = models.CharField(max_length=200, blank=True)
    overridden = models.JSONField(default=list, blank=True, help_text=_("What the checks found."))
    override_reason = models.CharField(max_length=300, blank=True)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        get_latest_by = "pk"
        indexes = [
            models.Index(fields=["page", "goes_live_at"], name="revision_by_page_and_time"),
            models.Index(fields=["goes_live_at"], name="revision_by_time"),  # For the next scheduled change.
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(overridden=[]) | ~Q(override_reason=""),
                name="revision_override_has_a_reason",
                violation_error_message=_("Say why this is published despite what the checks found."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.page}, {self.made_at:%Y-%m-%d %H:%M}"

    @property
    def title(self) -> str:
        return str(self.head.get("title", ""))


class Review(AppendOnlyModel):
    """A clinical review of a page's content by a practitioner. Append-only.

    ``digest`` is the hash of the reviewed content (see ``PageContent.reviewed_digest``): if it differs from
    today's, the content has changed since the review.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey("booking.Practitioner", on_delete=models.PROTECT, related_name="reviews")
    reviewed_on = models.DateField()
    next_review_on = models.DateField()
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    evidence = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text=_("Which guidelines and studies the reviewer looked at, and what they say."),
    )
    override_reason = models.CharField(
        max_length=300, blank=True, help_text="Why the person who last changed the page may also review it."
    )

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        get_latest_by = "pk"

    def __str__(self) -> str:
        return f"{self.page}: {self.reviewer}, {self.reviewed_on}"
