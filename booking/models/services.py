"""Services: the types of appointment that patients can book."""

from datetime import timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from booking.models.clinic import LONGEST_REMINDER, SHORTEST_REMINDER, validate_reminder, validate_service_slug
from booking.models.intake.questions import IntakeForm
from booking.models.locations import Location

MOST_IN_SERIES = 12
DEFAULT_STEP = timedelta(minutes=15)  # R5: a default must not cost capacity.


class ServiceQuerySet(models.QuerySet["Service"]):
    def bookable(self) -> "ServiceQuerySet":
        """Services that can be booked online and have an active practitioner."""
        return self.filter(
            is_active=True,
            booked_by=Service.BookedBy.ONLINE,
            practitioner_services__practitioner__is_active=True,
        ).distinct()

    def with_offers(self) -> "ServiceQuerySet":
        """Prefetch ``practitioner_services``: active practitioners who may perform each service (R11)."""
        is_authorised = Q(service__needs_needling_authorisation=False) | Q(practitioner__authorised_for_needling=True)
        offers = self._offers().filter(is_authorised, practitioner__is_active=True)
        return self.prefetch_related(models.Prefetch("practitioner_services", queryset=offers))

    def _offers(self) -> models.Manager:
        # practitioners.py imports this module: use the app registry to avoid a circular import.
        return self.model._meta.apps.get_model("booking", "PractitionerService").objects


class Service(models.Model):
    """A type of appointment. Changing it does not change existing appointments."""

    class Audience(models.TextChoices):
        ANYONE = "anyone", "Anyone"
        NEW = "new", "New patients"
        RETURNING = "returning", "Returning patients"

    class BookedBy(models.TextChoices):
        ONLINE = "online", "Patients online, and staff"
        STAFF = "staff", "Staff only"

    name = models.CharField(max_length=120, help_text=_("As patients see it."))
    slug = models.SlugField(
        _("web address"),
        unique=True,
        validators=[validate_service_slug],
        help_text=_("Part of the address. Emails and search engines remember it, so change it only if you have to."),
    )
    summary = models.CharField(max_length=200, help_text="One plain sentence: who it is for.")
    description = models.TextField(blank=True)
    what_to_bring = models.TextField(
        blank=True, help_text=_("What to bring and wear. Shown after booking and in the email.")
    )
    duration = models.DurationField(help_text="Hours:minutes:seconds, such as 0:45:00.")
    price = models.DecimalField(
        max_digits=7, decimal_places=2, validators=[MinValueValidator(Decimal(0))], help_text="In Canadian dollars."
    )
    insurer_code = models.CharField(
        "code for insurers",
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="What a patient's insurer asks for to tell whether it pays. Shown on the fees page.",
    )
    buffer_before = models.DurationField(
        _("time needed before"), default=timedelta, help_text=_("Time the practitioner needs before the appointment.")
    )
    buffer_after = models.DurationField(
        _("time needed after"),
        default=timedelta,
        help_text=_("Time needed afterwards. Two appointments in a row share the longer of their buffers."),
    )
    step = models.DurationField(
        _("offer a time every"),
        default=DEFAULT_STEP,
        null=True,
        blank=True,
        help_text=_("How far apart the offered times are. Leave empty to use the length of the appointment."),
    )
    lead_time = models.DurationField(
        _("shortest notice"), default=timedelta(hours=2), help_text=_("The shortest notice for booking online.")
    )
    horizon_days = models.PositiveSmallIntegerField(
        _("how far ahead patients can book"),
        default=60,
        validators=[MaxValueValidator(730)],
        help_text="How many days ahead patients can book.",
    )
    series_limit = models.PositiveSmallIntegerField(
        _("appointments in one go"),
        default=6,
        db_default=6,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_IN_SERIES)],
        help_text=_("How many appointments patients can book in one go, such as once a week. 1 for one at a time."),
    )
    cancellation_window = models.DurationField(
        _("change or cancel online until"),
        default=timedelta(hours=24),
        help_text=_("How long before the appointment patients can still cancel or move it online."),
    )
    first_reminder = models.DurationField(
        null=True,
        blank=True,
        default=timedelta(hours=48),
        validators=[validate_reminder],
        help_text=_("How long before the appointment, such as 48 h. Leave empty for none."),
    )
    second_reminder = models.DurationField(
        null=True,
        blank=True,
        default=timedelta(hours=3),
        validators=[validate_reminder],
        help_text=_("A shorter time before, such as 3 h. Leave empty for none."),
    )
    late_cancellation_fee = models.CharField(
        max_length=200, blank=True, help_text=_("What a late cancellation costs, in words.")
    )
    audience = models.CharField(_("for"), max_length=10, choices=Audience, default=Audience.ANYONE)
    first_visit_service = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("If this is for returning patients: what new patients book instead."),
    )
    booked_by = models.CharField(max_length=10, choices=BookedBy, default=BookedBy.ONLINE)
    needs_room = models.BooleanField(_("needs a room"), default=True)
    by_video = models.BooleanField(
        "by video",
        default=False,
        db_default=False,
        help_text="The patient opens a link instead of coming. For a service of its own: it needs no room.",
    )
    meeting_link = models.URLField(
        blank=True,
        default="",
        db_default="",
        help_text="Where the patient meets the practitioner, such as a waiting room that you open for one patient at a "
        "time. Patients see it on the page of their own appointment only: never in emails, calendars or on the site.",
    )
    needs_needling_authorisation = models.BooleanField(
        _("needs needling authorization"),
        default=False,
        help_text=_("Only practitioners authorized for needling are offered."),
    )
    needs_date_of_birth = models.BooleanField(
        _("asks for the date of birth"), default=False, help_text=_("Ask for it only if the appointment needs it.")
    )
    shows_emergency_signs = models.BooleanField(
        default=False,
        help_text=_(
            "Show the emergency signs before a first appointment is booked (for returning patients, before each one)."
        ),
    )
    intake_form = models.ForeignKey(
        IntakeForm,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="services",
        verbose_name="health form",
        help_text="What patients fill in before the appointment, by the link in their email.",
    )
    is_active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0, help_text="Lower numbers come first.")

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(duration__gt=timedelta(0), duration__lte=timedelta(hours=12)),
                name="service_duration_up_to_12_hours",
                violation_error_message=_("An appointment can last up to 12 hours."),
            ),
            models.CheckConstraint(
                condition=Q(step__isnull=True) | Q(step__gte=timedelta(minutes=5), step__lte=timedelta(hours=24)),
                name="service_step_from_5_minutes",
                violation_error_message=_("Times can be 5 minutes to a day apart."),
            ),
            models.CheckConstraint(
                condition=Q(
                    buffer_before__gte=timedelta(0),
                    buffer_before__lte=timedelta(hours=4),
                    buffer_after__gte=timedelta(0),
                    buffer_after__lte=timedelta(hours=4),
                ),
                name="service_buffers_up_to_4_hours",
                violation_error_message=_("A buffer can be 0 to 4 hours."),
            ),
            models.CheckConstraint(
                condition=Q(
                    lead_time__gte=timedelta(0),
                    lead_time__lte=timedelta(days=60),
                    cancellation_window__gte=timedelta(0),
                    cancellation_window__lte=timedelta(days=60),
                ),
                name="service_notice_up_to_60_days",
                violation_error_message=_("Shortest notice and cancellation notice can be 0 to 60 days."),
            ),
            models.CheckConstraint(
                condition=~Q(audience="returning") | Q(first_visit_service__isnull=False) | Q(booked_by="staff"),
                name="service_for_returning_names_a_first_visit",
                violation_error_message=_("Choose the service that new patients book first."),
            ),
            models.CheckConstraint(
                condition=Q(by_video=False) | Q(needs_room=False),
                name="service_by_video_needs_no_room",
                violation_error_message="A visit by video needs no room: untick it.",
            ),
            models.CheckConstraint(
                condition=Q(first_reminder__isnull=True)
                | Q(first_reminder__gte=SHORTEST_REMINDER, first_reminder__lte=LONGEST_REMINDER),
                name="service_first_reminder_in_bounds",
                violation_error_message=_("A reminder goes out 1 hour to 14 days before the appointment."),
            ),
            models.CheckConstraint(
                condition=Q(second_reminder__isnull=True)
                | Q(second_reminder__gte=SHORTEST_REMINDER, second_reminder__lt=F("first_reminder")),
                name="service_second_reminder_after_the_first",
                violation_error_message=_("The second reminder comes after the first, so enter a shorter time."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("booking:times", args=[self.slug])

    def clean(self) -> None:
        first = self.first_visit_service
        if first and (first == self or first.audience == Service.Audience.RETURNING):
            raise ValidationError({"first_visit_service": "Choose a service that a new patient can book."})
        has_visits = self.pk is not None and self.appointments.exists()
        if has_visits and Service.objects.filter(pk=self.pk).exclude(by_video=self.by_video).exists():
            # R14: changing a service later changes no promise.
            raise ValidationError({"by_video": "It has appointments already: make a new service instead."})

    def is_open_to(self, new_patient: bool | None) -> bool:
        """Whether a new (True) or returning (False) patient may book it (R13); always True for None (unknown)."""
        if new_patient is None or self.audience == self.Audience.ANYONE:
            return True
        return new_patient == (self.audience == self.Audience.NEW)

    @property
    def service_for_new_patients(self) -> "Service | None":
        """What a new patient books online: this service or its first-visit service; None if neither."""
        if self.audience != self.Audience.RETURNING:
            return self
        first = self.first_visit_service
        return first if first and first.is_bookable and first.is_open_to(True) else None

    def shows_signs_to(self, new_patient: bool | None) -> bool:
        """Whether to show the emergency signs before booking: on a first visit to the clinic.

        Services for returning patients always show them: it may be their first needling visit, and the
        form does not ask.
        """
        is_first = new_patient is not False or self.audience == self.Audience.RETURNING
        return self.shows_emergency_signs and is_first

    def where(self, location: Location) -> str:
        """Where the patient goes, on one line. The link of a video visit stands on the appointment's page only."""
        return "By video: see your appointment page" if self.by_video else location.address

    @property
    def reminders_before(self) -> tuple[timedelta, ...]:
        """How long before an appointment reminders are sent, the longest first."""
        return tuple(before for before in (self.first_reminder, self.second_reminder) if before is not None)

    @property
    def is_bookable(self) -> bool:
        """Whether patients may book it online; ``ServiceQuerySet.bookable()`` also checks practitioners."""
        return self.is_active and self.booked_by == self.BookedBy.ONLINE
