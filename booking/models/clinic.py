"""The clinic itself: who we are, where we are, who works here and what we do."""

import zoneinfo
from datetime import time, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from phonenumber_field.modelfields import PhoneNumberField

from booking.pictures import validate_picture

RESERVED_SLUGS = frozenset({"safety", "details", "check", "done"})  # Words of the booking addresses themselves.
SHORTEST_REMINDER, LONGEST_REMINDER = timedelta(hours=1), timedelta(days=14)


def validate_zone(value: str) -> None:
    """Refuse a time zone that the pinned zone data does not know."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError("This is not a time zone we know. Write it as America/Edmonton.")


def validate_reminder(value: timedelta) -> None:
    """Refuse what is not a number of whole hours within the bounds."""
    if value % timedelta(hours=1) or not SHORTEST_REMINDER <= value <= LONGEST_REMINDER:
        raise ValidationError("Write whole hours or days: at least 1 h, at most 14 days.")


def validate_service_slug(value: str) -> None:
    """Refuse a slug that would hide one of the booking pages."""
    if value in RESERVED_SLUGS:
        raise ValidationError("This word is part of the booking addresses. Choose another.")


class Notices(models.TextChoices):
    """When the clinic or a practitioner hears of bookings, changes and cancellations."""

    AT_ONCE = "at_once", "At once, a mail for each"
    DAILY = "daily", "In one mail a day, if there is news"
    NONE = "none", "Not by mail"


class Clinic(models.Model):
    """The one clinic this site is for: its name, how to reach it and what patients are told."""

    name = models.CharField(max_length=120, help_text="As patients know it. Shown on every page and in every mail.")
    email = models.EmailField(help_text="Where messages to the clinic go, and what patients can reply to.")
    phone = PhoneNumberField(help_text="The number on every page.")
    privacy_contact = models.CharField(
        max_length=200,
        help_text="Who answers questions about personal information: a name or role, and how to reach them.",
    )
    collection_notice = models.TextField(
        help_text="Why we ask, under which law, and whom to ask. Shown where patients type about themselves."
    )
    collection_notice_version = models.CharField(
        max_length=20,
        help_text="Kept with each booking, so change it with the notice: a date such as 2026-11-01 works well.",
    )
    emergency_signs = models.TextField(
        blank=True,
        help_text="Signs that need an emergency department, one a line. Shown before a first back or needling visit.",
    )
    visits_ahead_per_email = models.PositiveSmallIntegerField(
        "visits ahead per e-mail address",
        default=8,
        validators=[MinValueValidator(1)],
        help_text="How many one e-mail address may book online at a time; a family may share one. Staff have no limit.",
    )
    fees_note = models.TextField(blank=True, help_text="Direct billing, receipts and payment, in plain words.")
    waitlist_offer_lasts = models.DurationField(
        "a freed time is held for",
        default=timedelta(hours=1),
        help_text="How long each person on the waitlist has to answer. Offers go out, and end, between 8 am and 8 pm.",
    )
    notices = models.CharField(
        "news of bookings",
        max_length=10,
        choices=Notices,
        default=Notices.AT_ONCE,
        help_text="How the clinic's own address hears of bookings, changes and cancellations.",
    )
    summary_at = models.TimeField(
        "daily mail at",
        default=time(18),
        help_text="When the daily mail leaves, on the first location's clock. Also for practitioners who chose it.",
    )

    class Meta:
        verbose_name_plural = "clinic"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    waitlist_offer_lasts__gte=timedelta(minutes=15), waitlist_offer_lasts__lte=timedelta(hours=4)
                ),
                name="clinic_offer_lasts_15_minutes_to_4_hours",
                violation_error_message="An offer from the waitlist lasts 15 minutes to 4 hours.",
            ),
            models.CheckConstraint(
                condition=Q(pk=1), name="clinic_only_one", violation_error_message="There can only be one clinic."
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.pk = 1
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Province(models.TextChoices):
    ALBERTA = "AB", "Alberta"
    BRITISH_COLUMBIA = "BC", "British Columbia"
    MANITOBA = "MB", "Manitoba"
    NEW_BRUNSWICK = "NB", "New Brunswick"
    NEWFOUNDLAND = "NL", "Newfoundland and Labrador"
    NOVA_SCOTIA = "NS", "Nova Scotia"
    NORTHWEST_TERRITORIES = "NT", "Northwest Territories"
    NUNAVUT = "NU", "Nunavut"
    ONTARIO = "ON", "Ontario"
    PRINCE_EDWARD_ISLAND = "PE", "Prince Edward Island"
    QUEBEC = "QC", "Quebec"
    SASKATCHEWAN = "SK", "Saskatchewan"
    YUKON = "YT", "Yukon"


class Location(models.Model):
    """A place where patients are seen. All its wall-clock times are in its own zone."""

    name = models.CharField(max_length=120, help_text="Tells one place from another, such as Okotoks.")
    slug = models.SlugField(unique=True)
    street = models.CharField(max_length=200)
    city = models.CharField(max_length=100)
    province = models.CharField(max_length=2, choices=Province, default=Province.ALBERTA)
    postal_code = models.CharField(
        max_length=7,
        validators=[RegexValidator(r"^[A-Z]\d[A-Z] \d[A-Z]\d$", "Write the postal code as T1S 1A1.")],
    )
    phone = PhoneNumberField(blank=True, help_text="If it differs from the clinic's.")
    time_zone = models.CharField(max_length=64, default="America/Edmonton", validators=[validate_zone])
    time_zone_label = models.CharField(
        max_length=40, default="Alberta time", help_text="What patients call this zone. Never an abbreviation."
    )
    parking_notes = models.TextField(blank=True)
    step_free_notes = models.TextField(blank=True, help_text="The way in without steps, door widths, washrooms.")
    directions = models.TextField(blank=True, help_text="How to find the door, in words.")
    latitude = models.DecimalField(
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(-90)), MaxValueValidator(Decimal(90))],
    )
    longitude = models.DecimalField(
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(-180)), MaxValueValidator(Decimal(180))],
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="Lower numbers come first.")

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def address(self) -> str:
        """The postal address on one line."""
        return f"{self.street}, {self.city}, {self.get_province_display()} {self.postal_code}"


class Weekday(models.IntegerChoices):
    """Days as ``date.weekday()`` counts them."""

    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class OpeningHours(models.Model):
    """When the front desk answers, as shown to people. Booking never looks at it."""

    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ["location", "weekday", "opens"]
        verbose_name = "opening hours"
        verbose_name_plural = "opening hours"
        constraints = [
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")),
                name="opening_hours_close_after_they_open",
                violation_error_message="The closing time must be later than the opening time.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M} to {self.closes:%H:%M}"


class Room(models.Model):
    """A treatment room. A visit whose service needs one takes a free room at its location."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True, help_text="Untick while the room cannot be used.")
    position = models.PositiveSmallIntegerField(default=0, help_text="Rooms are filled in this order.")

    class Meta:
        ordering = ["location", "position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["location", "name"],
                name="room_name_once_a_location",
                violation_error_message="This location already has a room of that name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ServiceQuerySet(models.QuerySet["Service"]):
    def bookable(self) -> "ServiceQuerySet":
        """Services that patients can book online, with somebody who does them."""
        return self.filter(
            is_active=True,
            booked_by=Service.BookedBy.ONLINE,
            practitioner_services__practitioner__is_active=True,
        ).distinct()

    def with_offers(self) -> "ServiceQuerySet":
        """With those who do each service (R11), whose durations and prices may be their own."""
        may = Q(service__needs_needling_authorisation=False) | Q(practitioner__authorised_for_needling=True)
        offers = PractitionerService.objects.filter(may, practitioner__is_active=True).select_related("service")
        return self.prefetch_related(models.Prefetch("practitioner_services", queryset=offers))


class Service(models.Model):
    """Something a patient can book. Changing it never changes appointments already made."""

    class Audience(models.TextChoices):
        ANYONE = "anyone", "Anyone"
        NEW = "new", "New patients"
        RETURNING = "returning", "Returning patients"

    class BookedBy(models.TextChoices):
        ONLINE = "online", "Patients online, and staff"
        STAFF = "staff", "Staff only"

    name = models.CharField(max_length=120, help_text="As patients read it.")
    slug = models.SlugField(
        unique=True,
        validators=[validate_service_slug],
        help_text="Part of the address. Mails and search engines remember it: change it only with good reason.",
    )
    summary = models.CharField(max_length=200, help_text="One plain sentence: who it is for.")
    description = models.TextField(blank=True)
    what_to_bring = models.TextField(
        blank=True, help_text="What to bring and wear. Shown after booking and in the mail."
    )
    duration = models.DurationField(help_text="Hours:minutes:seconds, such as 0:45:00.")
    price = models.DecimalField(
        max_digits=7, decimal_places=2, validators=[MinValueValidator(Decimal(0))], help_text="In Canadian dollars."
    )
    buffer_before = models.DurationField(default=timedelta, help_text="Time the practitioner needs before the visit.")
    buffer_after = models.DurationField(
        default=timedelta,
        help_text="Time needed after it. Two visits share the longer of their buffers.",
    )
    step = models.DurationField(
        null=True, blank=True, help_text="How far apart the offered times are. Empty: as long as the visit."
    )
    lead_time = models.DurationField(default=timedelta(hours=2), help_text="The shortest notice for booking online.")
    horizon_days = models.PositiveSmallIntegerField(
        default=60, validators=[MaxValueValidator(730)], help_text="How many days ahead patients can book."
    )
    cancellation_window = models.DurationField(
        default=timedelta(hours=24), help_text="Until how long before the visit patients can cancel or move it online."
    )
    first_reminder = models.DurationField(
        null=True,
        blank=True,
        default=timedelta(hours=48),
        validators=[validate_reminder],
        help_text="How long before the visit, such as 48 h. Empty: none.",
    )
    second_reminder = models.DurationField(
        null=True,
        blank=True,
        default=timedelta(hours=3),
        validators=[validate_reminder],
        help_text="Shorter before the visit, such as 3 h. Empty: none.",
    )
    late_cancellation_fee = models.CharField(
        max_length=200, blank=True, help_text="What a late cancellation costs, in words."
    )
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.ANYONE)
    first_visit_service = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="For a service for returning patients: what a new patient books instead.",
    )
    booked_by = models.CharField(max_length=10, choices=BookedBy, default=BookedBy.ONLINE)
    needs_room = models.BooleanField(default=True)
    needs_needling_authorisation = models.BooleanField(
        default=False, help_text="Only practitioners authorised for needling are offered."
    )
    needs_date_of_birth = models.BooleanField(default=False, help_text="Ask for it only where the visit needs it.")
    shows_emergency_signs = models.BooleanField(
        default=False,
        help_text="Show the emergency signs before a first visit (or, for returning patients, each one) is booked.",
    )
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Lower numbers come first.")

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(duration__gt=timedelta(0), duration__lte=timedelta(hours=12)),
                name="service_duration_up_to_12_hours",
                violation_error_message="A visit lasts more than nothing and at most 12 hours.",
            ),
            models.CheckConstraint(
                condition=Q(step__isnull=True) | Q(step__gte=timedelta(minutes=5), step__lte=timedelta(hours=24)),
                name="service_step_from_5_minutes",
                violation_error_message="The step is at least 5 minutes and at most a day.",
            ),
            models.CheckConstraint(
                condition=Q(
                    buffer_before__gte=timedelta(0),
                    buffer_before__lte=timedelta(hours=4),
                    buffer_after__gte=timedelta(0),
                    buffer_after__lte=timedelta(hours=4),
                ),
                name="service_buffers_up_to_4_hours",
                violation_error_message="A buffer is not negative and at most 4 hours.",
            ),
            models.CheckConstraint(
                condition=Q(
                    lead_time__gte=timedelta(0),
                    lead_time__lte=timedelta(days=60),
                    cancellation_window__gte=timedelta(0),
                    cancellation_window__lte=timedelta(days=60),
                ),
                name="service_notice_up_to_60_days",
                violation_error_message="Lead time and cancellation window are not negative and at most 60 days.",
            ),
            models.CheckConstraint(
                condition=~Q(audience="returning") | Q(first_visit_service__isnull=False) | Q(booked_by="staff"),
                name="service_for_returning_names_a_first_visit",
                violation_error_message="Name the service that a new patient books first.",
            ),
            models.CheckConstraint(
                condition=Q(first_reminder__isnull=True)
                | Q(first_reminder__gte=SHORTEST_REMINDER, first_reminder__lte=LONGEST_REMINDER),
                name="service_first_reminder_in_bounds",
                violation_error_message="A reminder comes at least an hour and at most 14 days before the visit.",
            ),
            models.CheckConstraint(
                condition=Q(second_reminder__isnull=True)
                | Q(second_reminder__gte=SHORTEST_REMINDER, second_reminder__lt=F("first_reminder")),
                name="service_second_reminder_after_the_first",
                violation_error_message="The second reminder comes after the first: write a shorter time for it.",
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

    def is_open_to(self, new_patient: bool | None) -> bool:
        """Whether a new (True) or returning (False) patient may book it (R13); None: nobody has said yet."""
        if new_patient is None or self.audience == self.Audience.ANYONE:
            return True
        return new_patient == (self.audience == self.Audience.NEW)

    def shows_signs_to(self, new_patient: bool | None) -> bool:
        """Whether the emergency signs come before booking: on a first visit here, or a first one of its kind.

        A visit for returning patients may be their first needling, and nobody is asked: it always shows them.
        """
        is_first = new_patient is not False or self.audience == self.Audience.RETURNING
        return self.shows_emergency_signs and is_first

    @property
    def reminders_before(self) -> tuple[timedelta, ...]:
        """How long before a visit its patient is reminded, the longest first."""
        return tuple(before for before in (self.first_reminder, self.second_reminder) if before is not None)

    @property
    def is_bookable(self) -> bool:
        """Whether a patient may book it online (see also ``ServiceQuerySet.bookable``)."""
        return self.is_active and self.booked_by == self.BookedBy.ONLINE


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
