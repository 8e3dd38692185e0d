"""A page of the site: its words are blocks, its facts are references."""

from datetime import date, datetime, timedelta

from content_editor.models import Region
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from booking.models import Service

LONGEST_LEDE = 25  # words
LONGEST_REVIEW = timedelta(days=731)  # 24 months, leap year included


def validate_lede(value: str) -> None:
    """A first sentence that needs more than 25 words is not yet plain enough."""
    count = len(value.split())
    if count > LONGEST_LEDE:
        raise ValidationError(f"This has {count} words. Say it in {LONGEST_LEDE} or fewer.")


class PageQuerySet(models.QuerySet["Page"]):
    def published(self, *, at: datetime) -> "PageQuerySet":
        return self.filter(is_published=True, published_at__lte=at)

    def treatments(self) -> "PageQuerySet":
        return self.filter(kind=Page.Kind.TREATMENT)

    def with_references(self) -> "PageQuerySet":
        """With everything that a page names, so that showing it asks for nothing twice."""
        offered = models.Prefetch("service", queryset=Service.objects.with_offers())
        return self.select_related("hero_picture", "written_by", "reviewed_by").prefetch_related(offered)

    def due_for_review(self, *, by: date) -> "PageQuerySet":
        return self.filter(next_review_on__lte=by)

    def neighbours_of(self, page: "Page") -> "tuple[Page | None, Page | None]":
        """The pages before and after this one inside its topic."""
        siblings = list(
            self.filter(kind=page.kind, topic=page.topic).only("kind", "slug", "title", "position", "topic")
        )
        if page not in siblings:
            return None, None
        here = siblings.index(page)
        previous = siblings[here - 1] if here else None
        following = siblings[here + 1] if here + 1 < len(siblings) else None
        return previous, following


class Page(models.Model):
    """One address of the site. Of every kind but treatments there is exactly one."""

    class Kind(models.TextChoices):
        HOME = "home", "Home"
        TREATMENTS = "treatments", "Treatments (the list)"
        TREATMENT = "treatment", "A treatment"
        TEAM = "team", "Team"
        FEES = "fees", "Fees"
        CONTACT = "contact", "Contact"
        PRIVACY = "privacy", "Privacy"
        ACCESSIBILITY = "accessibility", "Accessibility"

    kind = models.CharField(max_length=20, choices=Kind, default=Kind.TREATMENT)
    slug = models.SlugField(
        max_length=80,
        blank=True,
        help_text="For treatments only: the last part of the address. Search engines remember it, so change it rarely.",
    )
    title = models.CharField(max_length=120, help_text="The one big heading.")
    lede = models.CharField(
        max_length=300,
        validators=[validate_lede],
        help_text=f"What this page is about, in {LONGEST_LEDE} words or fewer. Shown large, under the heading.",
    )
    description = models.CharField(
        max_length=160, blank=True, help_text="What search engines show below the title. Empty: the first words above."
    )
    topic = models.CharField(
        max_length=60, blank=True, help_text="Pages of one topic stand together and lead from one to the next."
    )
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Lower numbers come first. Previous and Next follow this order."
    )
    alternate_names = models.CharField(
        max_length=200, blank=True, help_text="Other names people use for this treatment, separated by commas."
    )

    hero_picture = models.ForeignKey(
        "content.Picture", on_delete=models.PROTECT, null=True, blank=True, related_name="hero_of"
    )
    hero_alt = models.CharField(
        "what the picture shows", max_length=200, blank=True, help_text="Read aloud to people who cannot see it."
    )
    hero_is_decorative = models.BooleanField(
        "the picture only decorates", default=False, help_text="Tick this if it tells a reader nothing new."
    )

    service = models.ForeignKey(
        "booking.Service",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pages",
        help_text="The visit a reader of this page books. How long, the fee and the next free time come from it.",
    )
    booking_label = models.CharField(
        "words on the booking button", max_length=60, default="Book this visit", help_text="Such as: Schedule Now."
    )
    performed_by = models.CharField(
        "who does it", max_length=120, blank=True, help_text="Such as: a physiotherapist authorized for needling."
    )
    referral = models.CharField(
        max_length=120, blank=True, help_text="Whether a referral is needed. Such as: not needed."
    )

    written_by = models.ForeignKey(
        "booking.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="pages_written"
    )
    reviewed_by = models.ForeignKey(
        "booking.Practitioner",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pages_reviewed",
        verbose_name="clinically reviewed by",
    )
    last_reviewed_on = models.DateField(null=True, blank=True)
    next_review_on = models.DateField(null=True, blank=True, help_text="At most 24 months after the last review.")

    is_published = models.BooleanField("published", default=False)
    published_at = models.DateTimeField(
        null=True, blank=True, help_text="From when readers see it. Empty: from the moment it is published."
    )
    updated_at = models.DateTimeField(
        default=timezone.now, editable=False, help_text="When its words last changed; search engines are told."
    )

    objects = PageQuerySet.as_manager()

    class Meta:
        ordering = ["position", "title"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=~Q(kind="treatment"),
                name="page_one_of_each_special_kind",
                violation_error_message="There is already a page of this kind. Edit that one.",
            ),
            models.UniqueConstraint(
                fields=["slug"],
                condition=Q(kind="treatment"),
                name="page_slug_once",
                violation_error_message="Another treatment has this address.",
            ),
            models.CheckConstraint(
                condition=(Q(kind="treatment") & ~Q(slug="")) | (~Q(kind="treatment") & Q(slug="")),
                name="page_slug_for_treatments_only",
                violation_error_message="A treatment needs an address; no other page has one to choose.",
            ),
            models.CheckConstraint(
                condition=Q(hero_picture__isnull=True)
                | Q(hero_is_decorative=True, hero_alt="")
                | (Q(hero_is_decorative=False) & ~Q(hero_alt="")),
                name="page_hero_alt_is_decided",
                violation_error_message="Say what the picture shows, or tick that it only decorates: one of the two.",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True, last_reviewed_on__isnull=True, next_review_on__isnull=True)
                | Q(reviewed_by__isnull=False, last_reviewed_on__isnull=False, next_review_on__isnull=False),
                name="page_review_is_whole",
                violation_error_message="A review has a reviewer, a date and a date for the next: all three or none.",
            ),
            models.CheckConstraint(
                condition=Q(next_review_on__isnull=True) | Q(next_review_on__gt=models.F("last_reviewed_on")),
                name="page_next_review_is_later",
                violation_error_message="The next review comes after the last one.",
            ),
            models.CheckConstraint(
                condition=Q(is_published=False) | Q(published_at__isnull=False),
                name="page_published_has_an_instant",
                violation_error_message="A published page needs the moment it was published.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        if self.kind == self.Kind.TREATMENT:
            return reverse("content:treatment", args=[self.slug])
        return reverse(f"content:{self.kind}")

    def clean(self) -> None:
        if self.kind != self.Kind.TREATMENT:
            self.slug = ""  # The admin's form fills it in from the title, whatever the kind.
        if self.is_published and self.published_at is None:
            self.published_at = timezone.now()
        if (
            self.last_reviewed_on
            and self.next_review_on
            and self.next_review_on - self.last_reviewed_on > LONGEST_REVIEW
        ):
            raise ValidationError({"next_review_on": "The next review is due at most 24 months after the last one."})

    def is_live(self, *, at: datetime) -> bool:
        """Whether readers see it (see also ``PageQuerySet.published``)."""
        return self.is_published and self.published_at is not None and self.published_at <= at

    @property
    def regions(self) -> list[Region]:
        """Where blocks stand: pages with a live part have words before and after it."""
        live = {
            self.Kind.HOME: "the fees, the team and the way here",
            self.Kind.TREATMENTS: "the list of treatments",
            self.Kind.TEAM: "the people",
            self.Kind.FEES: "the table of fees",
            self.Kind.CONTACT: "the form",
        }.get(self.Kind(self.kind))
        if live is None:
            return [Region(key="main", title="The page")]
        return [Region(key="main", title=f"Before {live}"), Region(key="end", title=f"After {live}")]

    @property
    def other_names(self) -> list[str]:
        return [name.strip() for name in self.alternate_names.split(",") if name.strip()]

    @property
    def summary(self) -> str:
        """What search engines and shared links say."""
        return self.description or self.lede
