"""The outbox: messages queued in the same transaction as their cause, sent later by the worker."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.models.appointment_status import Channel
from booking.models.appointments import Appointment
from booking.models.practitioners import Practitioner
from booking.models.waitlist import WaitlistEntry, WaitlistOffer

# The foreign key that each of these kinds must set; all other kinds set ``appointment``.
_CAUSES = {
    "contact": None,
    "daily_summary": None,
    "lost_link": None,
    "waitlist_joined": "waitlist_entry",
    "waitlist_offer": "waitlist_offer",
}


def _has_its_cause() -> Q:
    """The constraint that exactly the foreign key of the message's kind is set."""
    causes = ("appointment", "waitlist_entry", "waitlist_offer")

    def only(cause: str | None) -> Q:
        return Q(**{f"{name}__isnull": name != cause for name in causes})

    condition = ~Q(kind__in=list(_CAUSES)) & only("appointment")
    for kind, cause in _CAUSES.items():
        condition |= Q(kind=kind) & only(cause)
    return condition


class Message(models.Model):
    """One queued message to one address; ``key`` is its idempotency key.

    Text is rendered when the message is sent, from the then current appointment or waitlist entry.
    ``content`` stores only what exists nowhere else, such as the text of the contact form.
    """

    class Kind(models.TextChoices):
        CONFIRM_REQUEST = "confirm_request", "Asked to confirm"
        CONFIRMATION = "confirmation", "Confirmation"
        RESCHEDULED = "rescheduled", "Moved"
        MOVE_REQUESTED = "move_requested", "Asked to move"
        CANCELLED = "cancelled", "Cancelled"
        REMINDER = "reminder", "Reminder"
        FORM_REMINDER = "form_reminder", _("Form reminder")
        RUNNING_LATE = "running_late", _("Running late")
        CLOCK_CHANGE = "clock_change", _("Calendar entry corrected")
        WAITLIST_JOINED = "waitlist_joined", "On the waitlist"
        WAITLIST_OFFER = "waitlist_offer", _("A time opened up")
        CLINIC_NOTICE = "clinic_notice", "Notice to the clinic"
        DAILY_SUMMARY = "daily_summary", _("Daily booking summary")
        LOST_LINK = "lost_link", _("Links requested again")
        CONTACT = "contact", "From the contact form"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "No longer needed"
        PARKED = "parked", "Could not be sent"
        WITHHELD = "withheld", _("Sent from elsewhere")

    # What the recipient has: from here, or from the site of which this one was restored as a copy (``take_over``).
    LEFT = (State.SENT, State.WITHHELD)

    class Delivery(models.TextChoices):
        """What the SMS gateway reported of a text message after it had accepted it; empty: nothing yet."""

        DELIVERED = "delivered", "Delivered"
        UNDELIVERED = "undelivered", "Not delivered"
        UNCONFIRMED = "unconfirmed", "Never confirmed"

    key = models.CharField(
        max_length=120, unique=True, help_text=_("Identifies the message: the same one is never queued twice.")
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
        help_text=_("Who a message is for."),
    )
    content = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True, help_text="A worker is sending it until then.")
    last_error = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    provider_id = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="The text message's number at the SMS gateway."
    )
    delivery = models.CharField(
        "delivery of the text", max_length=12, choices=Delivery, blank=True, default="", db_default=""
    )
    delivery_check_at = models.DateTimeField(
        null=True, blank=True, help_text="When the gateway is asked whether the text message arrived."
    )
    delivery_checks = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="message_waiting"),
            models.Index(fields=["kind"], condition=Q(state="parked"), name="message_parked"),
            models.Index(
                fields=["delivery_check_at"],
                condition=Q(delivery_check_at__isnull=False),
                name="message_delivery_check",
            ),
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

    @property
    def progress(self) -> str:
        """The state in words for staff; for a text message, whether it arrived."""
        if self.state != self.State.SENT:
            return str(self.get_state_display())
        if self.delivery == self.Delivery.UNDELIVERED:
            return "Sent by email, the text did not arrive" if self.channel == Channel.EMAIL else "Text not delivered"
        if self.delivery == self.Delivery.DELIVERED:
            return "Text delivered"
        if self.delivery == self.Delivery.UNCONFIRMED:
            return "Text sent, delivery never confirmed"
        return "Text sent, not confirmed yet" if self.delivery_check_at else "Sent"
