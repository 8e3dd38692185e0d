"""The draft of a page. Its text is in blocks; fees, people and pictures are references."""

from datetime import date, timedelta

from content_editor.models import Region
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from content import addresses

LONGEST_LEDE = 25  # words
LONGEST_REVIEW = timedelta(days=731)  # 24 months, leap year included


def validate_lede(value: str) -> None:
    """Accept every value. Migrations name this validator; the length is checked when the page is published."""


class PageQuerySet(models.QuerySet["Page"]):
    def with_an_address(self) -> "PageQuerySet":
        """Exclude snippets, which have no URL of their own."""
        return self.exclude(kind=Page.Kind.SNIPPET)

    def ordinary(self) -> "PageQuerySet":
        return self.filter(kind=Page.Kind.ORDINARY)

    def treatments(self) -> "PageQuerySet":
        return self.filter(kind=Page.Kind.TREATMENT)

    def due_for_review(self, *, by: date) -> "PageQuerySet":
        return self.filter(next_review_on__lte=by)


class Page(models.Model):
    """The draft of one page of the site.

    Readers see the revision that was last published (see revision.py). Only slug, parent, topic and position take
    effect at once, without publishing. There is one page of every kind except treatments, ordinary pages (which may
    be below another one, one level deep) and snippets: blocks without a URL of their own, included in other pages.
    """

    class Kind(models.TextChoices):
        HOME = "home", "Home"
        TREATMENTS = "treatments", "Treatments (the list)"
        TREATMENT = "treatment", "A treatment"
        TEAM = "team", "Team"
        FEES = "fees", "Fees"
        CONTACT = "contact", "Contact"
        PRIVACY = "privacy", "Privacy"
        ACCESSIBILITY = "accessibility", "Accessibility"
        ORDINARY = "page", "An ordinary page"
        SNIPPET = "snippet", "A snippet, shown inside pages"

    KINDS_WITH_SLUG = (Kind.TREATMENT, Kind.ORDINARY)

    kind = models.CharField(max_length=20, choices=Kind, default=Kind.TREATMENT)
    slug = models.SlugField(
        _("web address"),
        max_length=80,
        blank=True,
        help_text=_(
            "The last part of the address. Search engines remember it, so change it only if you have to. The old "
            "address leads to the new one."
        ),
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name="below",
        help_text=_("The page that this one belongs to. Its address starts with that page's address."),
    )
    title = models.CharField(max_length=120, help_text="The one big heading.")
    lede = models.CharField(
        "introduction",
        max_length=300,
        blank=True,
        help_text=f"What this page is about, in {LONGEST_LEDE} words or fewer. Shown in large type under the heading.",
    )
    description = models.CharField(
        max_length=160,
        blank=True,
        help_text=_("What search engines show below the title. Leave empty to use the introduction."),
    )
    topic = models.CharField(
        max_length=60,
        blank=True,
        help_text=_(
            "Pages with the same topic are listed together and link to each other. Changes show "
            "right away, for readers too."
        ),
    )
    position = models.PositiveSmallIntegerField(
        "order",
        default=0,
        help_text=_("Lower numbers come first. Previous and Next follow this order. Changes show right away."),
    )
    alternate_names = models.CharField(
        max_length=200, blank=True, help_text="Other names people use for this treatment, separated by commas."
    )

    hero_picture = models.ForeignKey(
        "content.Picture", on_delete=models.PROTECT, null=True, blank=True, related_name="hero_of"
    )
    hero_alt = models.CharField(
        "what the picture shows", max_length=200, blank=True, help_text=_("Read aloud to people who can't see it.")
    )
    hero_is_decorative = models.BooleanField(
        _("the picture is only decoration"), default=False, help_text=_("Tick this if it tells readers nothing new.")
    )

    service = models.ForeignKey(
        "booking.Service",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pages",
        help_text=_(
            "The appointment that readers of this page book. The length, the fee and the next free time come from it."
        ),
    )
    booking_label = models.CharField(
        _("text on the booking button"),
        max_length=60,
        blank=True,
        default="Book an appointment",
        help_text="Such as: Schedule Now.",
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

    edited_at = models.DateTimeField("last changed", default=timezone.now, editable=False)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name="last changed by",
    )
    preview_generation = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("Goes up with every new preview link, which ends the one before.")
    )

    objects = PageQuerySet.as_manager()

    class Meta:
        ordering = ["position", "title"]
        permissions = [
            ("publish_page", "Can publish and hide pages"),
            ("review_page", "Can record a clinical review of their own"),
            ("override_checks", "Can publish despite a check, with a reason"),
        ]
        # Previous and next page within a topic.
        indexes = [models.Index(fields=["kind", "topic", "position", "id"], name="page_in_its_topic")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=~Q(kind__in=["treatment", "page", "snippet"]),
                name="page_once_of_each_special_kind",
                violation_error_message=_("There's already a page of this kind. Edit that one."),
            ),
            models.UniqueConstraint(
                fields=["slug"],
                condition=Q(kind="treatment"),
                name="page_slug_once",
                violation_error_message=_("Another treatment already has this address."),
            ),
            models.UniqueConstraint(
                fields=["slug"],
                condition=Q(kind="page", parent__isnull=True),
                name="page_address_once",
                violation_error_message=_("Another page already has this address."),
            ),
            models.UniqueConstraint(
                fields=["parent", "slug"],
                condition=Q(kind="page", parent__isnull=False),
                name="page_address_once_below_a_page",
                violation_error_message=_("Another page already has this address."),
            ),
            models.CheckConstraint(
                condition=(Q(kind__in=["treatment", "page"]) & ~Q(slug=""))
                | (~Q(kind__in=["treatment", "page"]) & Q(slug="")),
                name="page_slug_if_its_kind_has_one",
                violation_error_message=_(
                    "Treatments and ordinary pages need an address. Other pages have a fixed one."
                ),
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | Q(kind="page"),
                name="page_parent_of_ordinary_pages_only",
                violation_error_message=_("Only an ordinary page can be below another page."),
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True, last_reviewed_on__isnull=True, next_review_on__isnull=True)
                | Q(reviewed_by__isnull=False, last_reviewed_on__isnull=False, next_review_on__isnull=False),
                name="page_review_is_whole",
                violation_error_message=_(
                    "A review needs a reviewer, a date and a date for the next one: all three or none."
                ),
            ),
            models.CheckConstraint(
                condition=Q(next_review_on__isnull=True) | Q(next_review_on__gt=models.F("last_reviewed_on")),
                name="page_next_review_is_later",
                violation_error_message=_("The next review has to be after the last one."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        if self.kind == self.Kind.SNIPPET or (self.kind in self.KINDS_WITH_SLUG and not self.slug):
            return ""
        if self.kind == self.Kind.ORDINARY and self.parent:
            return reverse("content:page_below", args=[self.parent.slug, self.slug])
        return reverse(f"content:{self.kind}", args=[self.slug] if self.kind in self.KINDS_WITH_SLUG else [])

    def clean(self) -> None:
        if self.kind not in self.KINDS_WITH_SLUG:
            self.slug = ""
        if self.kind != self.Kind.ORDINARY:
            self.parent = None
        if problems := addresses.problems_of(self):
            raise ValidationError(problems)
        last, due = self.last_reviewed_on, self.next_review_on
        if last and due and due - last > LONGEST_REVIEW:
            raise ValidationError(
                {"next_review_on": gettext("The next review can be at most 24 months after the last one.")}
            )

    @property
    def regions(self) -> list[Region]:
        """The regions for blocks: pages with a generated part have one region before it and one after it."""
        live = {
            self.Kind.HOME: gettext("the fees, the team and how to get here"),
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
        """The text of the meta description and of link previews."""
        return self.description or self.lede


class SnippetManager(models.Manager["Snippet"]):
    def get_queryset(self) -> models.QuerySet["Snippet"]:
        return super().get_queryset().filter(kind=Page.Kind.SNIPPET)


class Snippet(Page):
    """Proxy for pages of the kind snippet: blocks written once and included in many pages."""

    objects = SnippetManager()  # type: ignore[misc,assignment]

    class Meta:
        proxy = True
        ordering = ["title"]
