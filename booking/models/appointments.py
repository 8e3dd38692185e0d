"""The times agreed with patients, and the record of what happened to those times."""

import secrets
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from booking.constraints import NoOverlap
from booking.models.patients import Patient
from booking.models.people import Practitioner
from booking.models.places import Location, Room
from booking.models.records import Record
from booking.models.service import Service

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # No 0/O, 1/I/L or U: it is read out on the phone.
REFERENCE_LENGTH = 8


def new_reference() -> str:
    """A reference such as ``7K3QX9TB``: for people to quote, not a secret that opens anything."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


class Status(models.TextChoices):
    """FHIR's spellings for appointments, and two of our own for times not yet agreed."""

    HELD = "held", "Held"
    EXPIRED = "expired", "Hold expired"
    BOOKED = "booked", "Booked"
    ARRIVED = "arrived", "Arrived"
    FULFILLED = "fulfilled", "Attended"
    CANCELLED = "cancelled", "Cancelled"
    NOSHOW = "noshow", "Did not come"


class Channel(models.TextChoices):
    """By what a message travels."""

    EMAIL = "email", "E-mail"
    TEXT = "text", "Text message"


OCCUPYING = (Status.HELD, Status.BOOKED, Status.ARRIVED, Status.FULFILLED, Status.NOSHOW)
AGREED = (Status.BOOKED, Status.ARRIVED, Status.FULFILLED, Status.CANCELLED, Status.NOSHOW)

# A row that staff overbooked on purpose is exempt; its time still counts as taken for everyone else.
GUARDED = Q(status__in=[str(status) for status in OCCUPYING], overbooked_reason="")


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def agreed(self) -> "AppointmentQuerySet":
        """Appointments that were made, whatever became of them: no holds."""
        return self.filter(status__in=AGREED)

    def occupying(self, *, now: datetime) -> "AppointmentQuerySet":
        """What takes up time at ``now``: lapsed holds do not, though the row may still say held."""
        return self.filter(status__in=OCCUPYING).exclude(status=Status.HELD, hold_expires_at__lte=now)

    def upcoming(self, *, now: datetime) -> "AppointmentQuerySet":
        """What is agreed and has not begun."""
        return self.filter(status=Status.BOOKED, starts_at__gte=now)


class Appointment(models.Model):
    """A time agreed between a patient and a practitioner, or held while a patient fills in a form.

    ``ends_at`` and ``price`` are stored, not worked out: changing a service must not change what
    patients have been promised. ``local_on``, ``local_time`` and ``time_zone`` are the promise
    itself: should a government change its clocks, the instants follow the wall time.
    """

    reference = models.CharField(max_length=REFERENCE_LENGTH, unique=True, default=new_reference, editable=False)
    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    status = models.CharField(max_length=10, choices=Status)
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
        default=0, editable=False, help_text="1 when it is the second of two times that the clock shows twice."
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
    cancel_reason = models.CharField(max_length=200, blank=True)
    asked_to_move_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when we have been asking the patient to choose another time."
    )

    hold_expires_at = models.DateTimeField(null=True, blank=True)
    hold_key = models.CharField(max_length=64, blank=True, help_text="Which browser session holds it; never shown.")
    hold_client = models.CharField(
        max_length=64, blank=True, help_text="A keyed hash of the address it is held from, while it is held."
    )
    submission_key = models.CharField(
        max_length=64,
        unique=True,
        null=True,
        blank=True,
        help_text="Sending the same form twice gives one appointment.",
    )
    link_generation = models.PositiveIntegerField(default=1, help_text="Raised to make links sent earlier useless.")
    sequence = models.PositiveIntegerField(default=0, help_text="The calendar file's SEQUENCE: rises with each change.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "practitioner"]
        permissions = [("overbook_appointment", "Can book a time that is already taken")]
        indexes = [
            # By end: a search for what overlaps a window reads what lies ahead of it, not all history.
            models.Index(fields=["practitioner", "ends_at"], name="appointment_practitioner_ends"),
            models.Index(fields=["room", "ends_at"], name="appointment_room_ends"),
            models.Index(fields=["ends_at"], name="appointment_ends"),
            models.Index(fields=["local_on", "practitioner"], name="appointment_by_local_day"),
            models.Index(fields=["hold_expires_at"], condition=Q(status="held"), name="appointment_live_holds"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="appointment_ends_after_it_starts",
                violation_error_message="An appointment ends after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["held", "expired"]) | Q(patient__isnull=False),
                name="appointment_has_a_patient",
                violation_error_message="An appointment needs a patient; only a hold has none yet.",
            ),
            models.CheckConstraint(
                condition=~Q(status="held") | (Q(hold_expires_at__isnull=False) & ~Q(hold_key="")),
                name="appointment_hold_has_an_end",
                violation_error_message="A hold needs somebody who holds it, and an end.",
            ),
            models.UniqueConstraint(
                fields=["hold_key"],
                condition=Q(status="held"),
                name="appointment_one_hold_a_session",
                violation_error_message="This visitor already holds another time.",
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
        return f"{self.local_on:%a %d %b %Y}, {self.local_time:%H:%M}"

    @property
    def duration(self) -> timedelta:
        return self.ends_at - self.starts_at

    @property
    def local_start(self) -> datetime:
        """The start in the location's zone, to show to people."""
        return self.starts_at.astimezone(self.location.zone)

    @property
    def local_end(self) -> datetime:
        return self.ends_at.astimezone(self.location.zone)

    def is_live_hold(self, now: datetime) -> bool:
        return self.status == Status.HELD and self.hold_expires_at is not None and now < self.hold_expires_at

    @property
    def changes_until(self) -> datetime:
        """Until when a patient may change it: whom we have asked to move it may do so to the last."""
        return self.starts_at if self.asked_to_move_at else self.starts_at - self.cancellation_window

    def can_cancel_online(self, now: datetime) -> bool:
        """Whether a patient may still cancel or move it: the window's boundary is included."""
        return self.status == Status.BOOKED and now <= self.changes_until


class AppointmentEvent(Record):
    """One thing that happened to an appointment: who, when, what, before and after. Append-only."""

    class Kind(models.TextChoices):
        HELD = "held", "Time held"
        EXPIRED = "expired", "Hold expired"
        RELEASED = "released", "Hold given up"
        BOOKED = "booked", "Booked"
        RESCHEDULED = "rescheduled", "Moved"
        MOVE_REQUESTED = "move_requested", "Asked to move"
        CANCELLED = "cancelled", "Cancelled"
        ARRIVED = "arrived", "Arrived"
        FULFILLED = "fulfilled", "Attended"
        NOSHOW = "noshow", "Did not come"
        RETIMED = "retimed", "Clock law changed"
        LINK_RENEWED = "link_renewed", "New link"

    class ActorKind(models.TextChoices):
        PATIENT = "patient", "Patient"
        STAFF = "staff", "Staff"
        SYSTEM = "system", "The system"

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = "event"
        constraints = [
            models.CheckConstraint(
                condition=Q(actor_kind="staff", actor__isnull=False) | (~Q(actor_kind="staff") & Q(actor__isnull=True)),
                name="event_staff_are_named",
                violation_error_message="Staff are named; patients and the system have no login.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}"
