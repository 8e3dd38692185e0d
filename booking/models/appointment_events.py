"""The audit log of appointments: what happened to each."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.models.append_only import AppendOnlyModel, AppendOnlyQuerySet
from booking.models.appointments import Appointment


class AppointmentEvent(AppendOnlyModel):
    """Audit log entry of an appointment: who, when, what, and the values before and after. Append-only."""

    class Kind(models.TextChoices):
        HELD = "held", "Time held"
        EXPIRED = "expired", "Expired"
        RELEASED = "released", "Hold given up"
        CHOSEN = "chosen", "Time chosen, not held"
        UNCONFIRMED = "unconfirmed", "Booked, waiting for the patient's email"
        BOOKED = "booked", "Booked"
        RESCHEDULED = "rescheduled", "Moved"
        MOVE_REQUESTED = "move_requested", "Asked to move"
        ATTENDANCE = "attendance", "Will be there"
        CANCELLED = "cancelled", "Cancelled"
        RESTORED = "restored", _("Cancellation taken back")
        ARRIVED = "arrived", "Arrived"
        FULFILLED = "fulfilled", "Attended"
        NOSHOW = "noshow", _("No-show")
        LATE = "late", _("Will be late")
        MARK_UNDONE = "mark_undone", _("Status undone")
        RETIMED = "retimed", _("Time zone rules changed")
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

    objects = AppendOnlyQuerySet.as_manager()

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
