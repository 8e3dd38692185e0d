"""Who sees patients, and what each of them does."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from booking.models.clinic import Notices
from booking.models.service import Service
from booking.pictures import validate_picture


class PractitionerQuerySet(models.QuerySet["Practitioner"]):
    def active(self) -> "PractitionerQuerySet":
        return self.filter(is_active=True)


class Practitioner(models.Model):
    """Somebody who sees patients. A login is optional and gives no rights by itself."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(unique=True)
    protected_title = models.CharField(
        max_length=80,
        help_text="The title the law protects, such as Physiotherapist. Only people on the register may use it.",
    )
    credentials = models.CharField(
        max_length=200, blank=True, help_text="Degrees and certificates, as the College allows."
    )
    register_number = models.CharField(max_length=40, blank=True)
    register_url = models.URLField(
        blank=True, help_text="This person's entry in, or the search page of, the public register."
    )
    pronouns = models.CharField(max_length=40, blank=True)
    languages = models.CharField(max_length=200, blank=True, help_text="Besides English, separated by commas.")
    summary = models.CharField(max_length=200, blank=True, help_text="One sentence for the team page.")
    bio = models.TextField(blank=True, help_text="Paragraphs are separated by an empty line.")
    photo = models.ImageField(upload_to="people/", blank=True, validators=[validate_picture])
    focal_x = models.PositiveSmallIntegerField(
        "focal point, from the left",
        default=50,
        validators=[MaxValueValidator(100)],
        help_text="In percent: 0 is the left edge, 100 the right.",
    )
    focal_y = models.PositiveSmallIntegerField(
        "focal point, from the top",
        default=30,  # Where a face is in most portraits.
        validators=[MaxValueValidator(100)],
        help_text="In percent: 0 is the top edge, 100 the bottom.",
    )
    photo_credit = models.CharField(
        "credit", max_length=200, blank=True, help_text="Who took the photo, if they are to be named. Shown with it."
    )
    email = models.EmailField(blank=True, help_text="Never shown. For notices of bookings and messages to this person.")
    notices = models.CharField(
        "news of bookings",
        max_length=10,
        choices=Notices,
        default=Notices.AT_ONCE,
        help_text="How this person hears of bookings, changes and cancellations, at their own address.",
    )
    feed_uid = models.UUIDField(
        null=True,
        unique=True,
        editable=False,
        help_text="What the calendar feed's address is made from; none: no feed.",
    )
    feed_shows_names = models.BooleanField(
        "patients' names in the calendar feed",
        default=False,
        help_text="Otherwise initials only. Calendars are often shared: tick it only for one that nobody else sees.",
    )
    takes_new_patients = models.BooleanField(default=True)
    authorised_for_needling = models.BooleanField(
        default=False, help_text="The College's register says so. Without it, needling visits are never offered."
    )
    colour = models.CharField(
        max_length=7,
        default="#11473F",
        validators=[RegexValidator(r"^#[0-9A-Fa-f]{6}$", "Write the colour as #11473F.")],
        help_text="Marks this person in the diary.",
    )
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    services = models.ManyToManyField(Service, through="PractitionerService", related_name="practitioners")
    is_active = models.BooleanField(default=True, help_text="Untick when somebody leaves; past appointments stay.")
    position = models.PositiveSmallIntegerField(default=0, help_text="Lower numbers come first.")

    objects = PractitionerQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(focal_x__lte=100, focal_y__lte=100),
                name="portrait_focal_point_inside",
                violation_error_message="The focal point lies between 0 and 100 percent both ways.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("content:practitioner", args=[self.slug])


class PractitionerService(models.Model):
    """That a practitioner offers a service, perhaps with a duration or price of their own."""

    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="practitioner_services")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="practitioner_services")
    own_duration = models.DurationField(null=True, blank=True, help_text="Empty: as long as the service says.")
    own_price = models.DecimalField(
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text="Empty: what the service costs.",
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
                violation_error_message="A visit lasts more than nothing and at most 12 hours.",
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
