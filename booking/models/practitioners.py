"""Practitioners and the services they offer."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from booking.image_upload import validate_picture
from booking.models.clinic import Notices
from booking.models.services import Service


class PractitionerQuerySet(models.QuerySet["Practitioner"]):
    def active(self) -> "PractitionerQuerySet":
        return self.filter(is_active=True)


DEFAULT_TRAVEL_TIME = timedelta(minutes=30)


class Practitioner(models.Model):
    """A practitioner. ``user`` is optional; having one grants no permissions."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(_("web address"), unique=True)
    protected_title = models.CharField(
        max_length=80,
        help_text=_("A title protected by law, such as Physiotherapist. Only people on the register may use it."),
    )
    credentials = models.CharField(
        max_length=200, blank=True, help_text="Degrees and certificates, as the College allows."
    )
    register_number = models.CharField(
        "registration number", max_length=40, blank=True, help_text="Shown on the team page, with the College's name."
    )
    register_url = models.URLField(
        blank=True, help_text="This person's entry in, or the search page of, the public register."
    )
    pronouns = models.CharField(max_length=40, blank=True)
    languages = models.CharField(max_length=200, blank=True, help_text=_("Other than English, separated by commas."))
    summary = models.CharField(max_length=200, blank=True, help_text="One sentence for the team page.")
    bio = models.TextField(blank=True, help_text=_("Separate paragraphs with an empty line."))
    declared_interests = models.CharField(
        _("interests to declare"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Paid work, shares or gifts from a company whose products or courses a page could promote. Shown on the "
            "pages that this person wrote or reviewed. Leave empty if there are none."
        ),
    )
    photo = models.ImageField(upload_to="people/", blank=True, validators=[validate_picture])
    focal_x = models.PositiveSmallIntegerField(
        "focal point, from the left",
        default=50,
        validators=[MaxValueValidator(100)],
        help_text="In percent: 0 is the left edge, 100 the right.",
    )
    focal_y = models.PositiveSmallIntegerField(
        "focal point, from the top",
        default=30,  # The usual height of a face in a portrait.
        validators=[MaxValueValidator(100)],
        help_text="In percent: 0 is the top edge, 100 the bottom.",
    )
    photo_credit = models.CharField(
        "credit", max_length=200, blank=True, help_text=_("Who took the photo, if they should be named. Shown with it.")
    )
    email = models.EmailField(
        blank=True, help_text=_("Never shown. For booking notifications and messages to this person.")
    )
    notices = models.CharField(
        _("booking notifications"),
        max_length=10,
        choices=Notices,
        default=Notices.AT_ONCE,
        help_text=_("How this person is told about bookings, changes and cancellations, at their own address."),
    )
    feed_uid = models.UUIDField(
        null=True,
        unique=True,
        editable=False,
        help_text=_("What the calendar feed's address is made from. Empty: no feed."),
    )
    feed_shows_names = models.BooleanField(
        "patients' names in the calendar feed",
        default=False,
        help_text=_(
            "Otherwise, initials only. Calendars are often shared: tick this only for one that no one else sees."
        ),
    )
    takes_new_patients = models.BooleanField(default=True)
    authorised_for_needling = models.BooleanField(
        _("authorized for needling"),
        default=False,
        help_text=_("As the College's register says. Without it, needling appointments are never offered."),
    )
    colour = models.CharField(
        max_length=7,
        default="#11473F",
        validators=[RegexValidator(r"^#[0-9A-Fa-f]{6}$", _("Enter the colour as #11473F."))],
        help_text="Marks this person in the diary.",
    )
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    services = models.ManyToManyField(Service, through="PractitionerService", related_name="practitioners")
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Untick when someone leaves. Past appointments stay.")
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0, help_text="Lower numbers come first.")
    compact_days = models.BooleanField(
        default=False,
        db_default=False,
        help_text=(
            _(
                "Patients first see the times that leave no gap too short for another appointment. "
                "The others are under “more times”."
            )
        ),
    )
    travel_time = models.DurationField(
        default=DEFAULT_TRAVEL_TIME,
        db_default=DEFAULT_TRAVEL_TIME,
        help_text=_("Between appointments at two locations. Only for someone who works at more than one."),
    )

    objects = PractitionerQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        permissions = [("change_own_page", "Can write the draft of their own page")]
        constraints = [
            models.CheckConstraint(
                condition=Q(travel_time__gte=timedelta(0), travel_time__lte=timedelta(hours=4)),
                name="practitioner_travel_up_to_4_hours",
                violation_error_message=_("The time between two locations can be 0 to 4 hours."),
            ),
            models.CheckConstraint(
                condition=Q(focal_x__lte=100, focal_y__lte=100),
                name="portrait_focal_point_inside",
                violation_error_message=_("The focal point is between 0 and 100 percent both ways."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("content:practitioner", args=[self.slug])

    @property
    def other_languages(self) -> list[str]:
        """The languages besides English."""
        return [language.strip() for language in self.languages.split(",") if language.strip()]

    @property
    def given_names(self) -> str:
        """The name without its last word, for places with little room."""
        return self.name.rpartition(" ")[0] or self.name


class PractitionerDraft(models.Model):
    """A practitioner's draft of their own part of the team page, until the office has published it.

    It holds all the fields that practitioners write themselves: publishing copies each of them.
    """

    class State(models.TextChoices):
        WRITING = "writing", _("Not sent yet")
        SENT = "sent", _("Sent to the office")
        RETURNED = "returned", _("Sent back")

    FIELDS = ("summary", "bio", "languages", "pronouns", "photo")

    practitioner = models.OneToOneField(Practitioner, on_delete=models.CASCADE, related_name="draft")
    summary = models.CharField(max_length=200, blank=True, help_text=_("One sentence for the team page."))
    bio = models.TextField(max_length=5000, blank=True, help_text=_("Separate paragraphs with an empty line."))
    languages = models.CharField(max_length=200, blank=True, help_text=_("Other than English, separated by commas."))
    pronouns = models.CharField(max_length=40, blank=True)
    photo = models.ImageField(upload_to="people/", blank=True, validators=[validate_picture])
    state = models.CharField(max_length=10, choices=State, default=State.WRITING)
    edited_at = models.DateTimeField()
    reply = models.CharField(_("what the office wrote"), max_length=500, blank=True)
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        default_permissions = ()  # For the practitioner, and for those who may change practitioners.

    def __str__(self) -> str:
        return f"Draft of {self.practitioner}"


class PractitionerService(models.Model):
    """A service that a practitioner offers, optionally with their own duration and price."""

    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="practitioner_services")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="practitioner_services")
    own_duration = models.DurationField(null=True, blank=True, help_text=_("Leave empty to use the service's length."))
    own_price = models.DecimalField(
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("Leave empty to use the service's price."),
    )
    own_meeting_link = models.URLField(
        blank=True, default="", db_default="", help_text="For visits by video. Empty: the service's."
    )

    class Meta:
        ordering = ["practitioner", "service"]
        verbose_name = "service offered"
        verbose_name_plural = "services offered"
        constraints = [
            models.UniqueConstraint(
                fields=["practitioner", "service"],
                name="practitioner_offers_a_service_once",
                violation_error_message="This practitioner already offers this service.",
            ),
            models.CheckConstraint(
                condition=Q(own_duration__isnull=True)
                | Q(own_duration__gt=timedelta(0), own_duration__lte=timedelta(hours=12)),
                name="own_duration_up_to_12_hours",
                violation_error_message=_("An appointment can last up to 12 hours."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} with {self.practitioner}"

    @property
    def duration(self) -> timedelta:
        return self.own_duration or self.service.duration

    @property
    def price(self) -> Decimal:
        return self.service.price if self.own_price is None else self.own_price
