"""The outbox: messages written in the same transaction as what they tell of, sent later by the worker."""

from django.db import models
from django.db.models import Q

from booking.models.appointments import Appointment, Channel
from booking.models.people import Practitioner
from booking.models.waitlist import WaitlistEntry, WaitlistOffer

# What a message of these kinds is about; all others are about an appointment.
_CAUSES = {
    "contact": None,
    "daily_summary": None,
    "lost_link": None,
    "waitlist_joined": "waitlist_entry",
    "waitlist_offer": "waitlist_offer",
}


def _has_its_cause() -> Q:
    """Each message names the one thing it is about, and no other."""
    causes = ("appointment", "waitlist_entry", "waitlist_offer")

    def only(cause: str | None) -> Q:
        return Q(**{f"{name}__isnull": name != cause for name in causes})

    condition = ~Q(kind__in=list(_CAUSES)) & only("appointment")
    for kind, cause in _CAUSES.items():
        condition |= Q(kind=kind) & only(cause)
    return condition


class Message(models.Model):
    """One message to one address, sent once.

    An appointment's or a waitlist's message holds no words: they are written when it is sent, from
    what it is about as it then is. Only what exists nowhere else (a contact form's text) is in ``content``.
    """

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "Confirmation"
        RESCHEDULED = "rescheduled", "Moved"
        MOVE_REQUESTED = "move_requested", "Asked to move"
        CANCELLED = "cancelled", "Cancelled"
        REMINDER = "reminder", "Reminder"
        CLOCK_CHANGE = "clock_change", "Calendar entry mended"
        WAITLIST_JOINED = "waitlist_joined", "On the waitlist"
        WAITLIST_OFFER = "waitlist_offer", "A time came free"
        CLINIC_NOTICE = "clinic_notice", "Notice to the clinic"
        DAILY_SUMMARY = "daily_summary", "Daily news of bookings"
        LOST_LINK = "lost_link", "Links asked for again"
        CONTACT = "contact", "From the contact form"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "No longer needed"
        PARKED = "parked", "Could not be sent"

    key = models.CharField(
        max_length=120, unique=True, help_text="Says what it is: the same message is never queued twice."
    )
    kind = models.CharField(max_length=20, choices=Kind)
    channel = models.CharField(max_length=5, choices=Channel, default=Channel.EMAIL)
    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, null=True, blank=True, related_name="messages"
    )
    waitlist_entry = models.ForeignKey(
        WaitlistEntry, on_delete=models.CASCADE, null=True, blank=True, related_name="messages"
    )
    waitlist_offer = models.ForeignKey(
        WaitlistOffer, on_delete=models.CASCADE, null=True, blank=True, related_name="messages"
    )
    practitioner = models.ForeignKey(
        Practitioner,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        help_text="Whom a message is for.",
    )
    content = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True, help_text="A worker is sending it until then.")
    last_error = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="message_waiting"),
            models.Index(fields=["kind"], condition=Q(state="parked"), name="message_parked"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=_has_its_cause(),
                name="message_has_its_cause",
                violation_error_message="A message is about what its kind says, and about nothing else.",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="message_sent_has_a_time",
                violation_error_message="A sent message says when it was sent.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_state_display()})"
