"""Appointments and holds."""

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from booking.constraints import NoOverlap
from booking.models.appointment_status import (
    AGREED,
    CHOSEN,
    OCCUPYING,
    REFERENCE_LENGTH,
    Channel,
    Status,
    new_reference,
)
from booking.models.clinic import CancelReason
from booking.models.locations import Location, Room
from booking.models.patients import Patient
from booking.models.practitioners import Practitioner
from booking.models.services import Service

# The condition of the overlap constraints. Rows that staff overbooked on purpose are exempt, but their
# time still counts as occupied in the search for slots.
GUARDED = Q(status__in=[str(status) for status in OCCUPYING], overbooked_reason="")


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def agreed(self) -> "AppointmentQuerySet":
        """Appointments in every status, without holds."""
        return self.filter(status__in=AGREED)

    def occupying(self, *, now: datetime) -> "AppointmentQuerySet":
        """Appointments and holds that occupy time; expired holds do not, even if their status is still HELD."""
        return self.filter(status__in=OCCUPYING).exclude(status=Status.HELD, hold_expires_at__lte=now)

    def unverified(self, *, now: datetime) -> "AppointmentQuerySet":
        """Live holds and booked visits of visitors who have not verified their e-mail address, not over yet."""
        rows = self.occupying(now=now).filter(status__in=[Status.HELD, Status.BOOKED])
        return rows.filter(is_unverified=True, ends_at__gt=now)

    def unconfirmed(self, *, now: datetime) -> "AppointmentQuerySet":
        """Bookings that wait for the patient's confirmation."""
        return self.filter(status=Status.UNCONFIRMED, hold_expires_at__gt=now)

    def upcoming(self, *, now: datetime) -> "AppointmentQuerySet":
        """Booked appointments that have not started."""
        return self.filter(status=Status.BOOKED, starts_at__gte=now)

    def attended_between(self, starts_at: datetime | OuterRef, ends_at: datetime | OuterRef) -> "AppointmentQuerySet":
        """Visits that a patient attends, or is expected to attend, and that overlap [starts_at, ends_at)."""
        attended = (Status.BOOKED, Status.ARRIVED, Status.FULFILLED)
        return self.filter(status__in=attended, starts_at__lt=ends_at, ends_at__gt=starts_at)

    def at_same_time(self, appointment: "Appointment") -> "AppointmentQuerySet":
        """Other visits of the same patient that overlap this one (R16), ordered by start."""
        if appointment.patient_id is None:
            return self.none()
        rows = self.attended_between(appointment.starts_at, appointment.ends_at).filter(patient=appointment.patient_id)
        return rows.exclude(pk=appointment.pk).order_by("starts_at", "pk")


class Appointment(models.Model):
    """An appointment, or a hold on its time while the patient fills in the form.

    ``ends_at``, ``price`` and the buffers are copied from the service: changing a service must not
    change existing appointments. ``local_on``, ``local_time`` and ``time_zone`` are what was agreed: if
    time zone rules change, ``starts_at`` and ``ends_at`` are recomputed from the wall time.
    """

    reference = models.CharField(max_length=REFERENCE_LENGTH, unique=True, default=new_reference, editable=False)
    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    status = models.CharField(max_length=12, choices=Status)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments")
    practitioner = models.ForeignKey(Practitioner, on_delete=models.PROTECT, related_name="appointments")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="appointments")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="appointments")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments")

    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    local_on = models.DateField(editable=False)
    local_time = models.TimeField(editable=False)
    local_fold = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text=_("1 if this is the second of two times that the clock shows twice.")
    )
    time_zone = models.CharField(max_length=64, editable=False)
    buffer_before = models.DurationField(default=timedelta)
    buffer_after = models.DurationField(default=timedelta)
    price = models.DecimalField(max_digits=7, decimal_places=2, validators=[MinValueValidator(0)])
    cancellation_window = models.DurationField(default=timedelta(hours=24))

    is_first_visit = models.BooleanField(null=True, help_text="As the patient said.")
    reminders = models.BooleanField("wants reminders", default=True)
    reminders_by = models.CharField(max_length=5, choices=Channel, default=Channel.EMAIL)
    notice_version = models.CharField("collection notice shown", max_length=20, blank=True)
    overbooked_reason = models.CharField(max_length=200, blank=True)
    exception_reason = models.CharField(
        _("reason for the exception"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("Why staff booked it against a rule, such as on a closed day or outside hours."),
    )
    cancel_reason = models.CharField(max_length=200, blank=True)
    cancel_category = models.ForeignKey(
        CancelReason, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    booked_from = models.CharField(  # The name of the page whose link led to it, or a BookedFrom.
        max_length=80, blank=True, default="", db_default="", editable=False
    )
    series = models.UUIDField(
        null=True, blank=True, editable=False, db_index=True, help_text="Shared by the visits of one series or basket."
    )
    late_by = models.DurationField(
        null=True, blank=True, help_text="How late the patient said they would be, if they told the clinic."
    )
    asked_to_move_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when we have been asking the patient to choose another time."
    )
    attendance_confirmed_at = models.DateTimeField(
        "will be there since", null=True, blank=True, help_text="When the patient told us that they will come."
    )

    hold_expires_at = models.DateTimeField(null=True, blank=True)
    hold_key = models.CharField(max_length=64, blank=True, help_text="Which browser session holds it; never shown.")
    source = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        db_column="hold_client",
        editable=False,
        help_text="A keyed hash of the network it was chosen from, kept for a week.",
    )
    source_site = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False, help_text="The same of the IPv6 /48."
    )
    is_unverified = models.BooleanField(
        default=False, db_default=False, editable=False, help_text=_("Chosen with an email address not yet confirmed.")
    )
    submission_key = models.CharField(
        max_length=64,
        unique=True,
        null=True,
        blank=True,
        help_text="Sending the same form twice gives one appointment.",
    )
    link_generation = models.PositiveIntegerField(default=1, help_text=_("Goes up to make earlier links stop working."))
    sequence = models.PositiveIntegerField(default=0, help_text="The calendar file's SEQUENCE: rises with each change.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    is_repeat = False  # Not stored. True if the command that returned it had been called before, and changed nothing.

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "practitioner"]
        permissions = [
            ("overbook_appointment", "Can book a time that is already taken"),
            ("view_own_day", "Can see their own day and their own patients"),
            ("keep_own_day", "Can mark, rebook and note their own visits"),
        ]
        indexes = [
            # By end: a query for overlaps with a time window then skips all past appointments.
            models.Index(fields=["practitioner", "ends_at"], name="appointment_practitioner_ends"),
            models.Index(fields=["room", "ends_at"], name="appointment_room_ends"),
            models.Index(fields=["ends_at"], name="appointment_ends"),
            models.Index(fields=["local_on", "practitioner"], name="appointment_by_local_day"),
            models.Index(
                fields=["hold_expires_at"],
                condition=Q(status__in=["held", "unheld", "unconfirmed"]),
                name="appointment_pending",
            ),
            models.Index(fields=["source", "created_at"], condition=~Q(source=""), name="appointment_by_source"),
            models.Index(
                fields=["source_site", "created_at"], condition=~Q(source_site=""), name="appointment_by_source_site"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="appointment_ends_after_it_starts",
                violation_error_message="An appointment ends after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["held", "unheld", "expired"]) | Q(patient__isnull=False),
                name="appointment_has_a_patient",
                violation_error_message=_("An appointment needs a patient. Only a hold has none yet."),
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["held", "unheld"]) | (Q(hold_expires_at__isnull=False) & ~Q(hold_key="")),
                name="appointment_hold_has_an_end",
                violation_error_message=_("A hold needs someone who holds it, and an end."),
            ),
            models.CheckConstraint(
                condition=~Q(status="unconfirmed") | Q(hold_expires_at__isnull=False),
                name="appointment_unconfirmed_has_an_end",
                violation_error_message=_("A booking that is waiting to be confirmed needs an end."),
            ),
            models.UniqueConstraint(
                fields=["hold_key"],
                condition=Q(status__in=["held", "unheld"], series=None),
                name="appointment_one_choice_a_session",
                violation_error_message=_("This visitor is already holding another time."),
            ),
            models.UniqueConstraint(
                fields=["series", "starts_at"],
                condition=Q(status__in=["held", "unheld"], series__isnull=False),
                name="appointment_one_choice_a_start",
                violation_error_message=_("This visitor is already holding that time."),
            ),
            NoOverlap(
                key="practitioner",
                start="starts_at",
                end="ends_at",
                condition=GUARDED,
                name="appointment_practitioner_no_overlap",
                violation_error_message="This practitioner already has an appointment at that time.",
            ),
            NoOverlap(
                key="room",
                start="starts_at",
                end="ends_at",
                condition=GUARDED,
                name="appointment_room_no_overlap",
                violation_error_message="This room is already taken at that time.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.local_on:%a, %b %d, %Y}, {self.local_time:%H:%M}"

    def set_time(self, starts_at: datetime, duration: timedelta, location: Location) -> None:
        """Set start, end and location, and the wall time derived from them. Does not save."""
        local = starts_at.astimezone(location.zone)
        self.location = location
        self.starts_at, self.ends_at = starts_at, starts_at + duration
        self.local_on, self.local_time, self.local_fold = local.date(), local.time(), local.fold
        self.time_zone = location.time_zone

    @property
    def duration(self) -> timedelta:
        return self.ends_at - self.starts_at

    @property
    def local_start(self) -> datetime:
        """The start in the location's time zone."""
        return self.starts_at.astimezone(self.location.zone)

    @property
    def promised_start(self) -> datetime:
        """The start as it was agreed: the local wall time, in the time zone that the location had then."""
        wall_time = self.local_time.replace(fold=self.local_fold)
        return datetime.combine(self.local_on, wall_time, tzinfo=ZoneInfo(self.time_zone or self.location.time_zone))

    @property
    def promised_end(self) -> datetime:
        """The end on the same clock as ``promised_start``."""
        start = self.promised_start
        return (start.astimezone(UTC) + self.duration).astimezone(start.tzinfo)

    @property
    def local_end(self) -> datetime:
        return self.ends_at.astimezone(self.location.zone)

    def is_live_hold(self, now: datetime) -> bool:
        return self.status == Status.HELD and self.hold_expires_at is not None and now < self.hold_expires_at

    @property
    def is_hold(self) -> bool:
        """Whether it is no more than a chosen time, held, not held or expired, and was never booked."""
        return self.status in {*CHOSEN, Status.EXPIRED} and self.patient_id is None

    @property
    def has_lapsed(self) -> bool:
        """Whether it was booked, and expired because nobody confirmed it."""
        return self.status == Status.EXPIRED and self.patient_id is not None

    def has_ended(self, now: datetime) -> bool:
        """Whether the end of a hold, or of the wait for a confirmation, has passed."""
        return self.hold_expires_at is not None and self.hold_expires_at <= now

    def awaits_confirmation(self, now: datetime) -> bool:
        return self.status == Status.UNCONFIRMED and not self.has_ended(now)

    @property
    def changes_until(self) -> datetime:
        """The deadline for changes by the patient; the start itself if the clinic asked them to reschedule."""
        return self.starts_at if self.asked_to_move_at else self.starts_at - self.cancellation_window

    def can_cancel_online(self, now: datetime) -> bool:
        """Whether the patient may still cancel or reschedule, up to and including the deadline."""
        return self.status == Status.BOOKED and now <= self.changes_until
