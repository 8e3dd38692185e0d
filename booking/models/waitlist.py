"""The waitlist: entries, and offers of freed slots."""

import uuid
from collections.abc import Iterator
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from booking.models.appointments import Appointment
from booking.models.locations import Location
from booking.models.patients import Patient
from booking.models.practitioners import Practitioner
from booking.models.services import Service

# An entry ends after this many unanswered offers in a row: the person no longer needs a time or reads no e-mail.
MAX_UNANSWERED_OFFERS = 3


class PartOfDay(models.TextChoices):
    """Parts of the day, by an appointment's local start time."""

    MORNING = "morning", "Mornings, before 12:00 p.m."
    AFTERNOON = "afternoon", "Afternoons, 12:00 to 5:00 p.m."
    EVENING = "evening", "Evenings, from 5:00 p.m."


class WaitlistEntryQuerySet(models.QuerySet["WaitlistEntry"]):
    def waiting(self) -> "WaitlistEntryQuerySet":
        """Entries that have not ended, oldest first."""
        return self.filter(ended_at__isnull=True).order_by("created_at", "pk")


class WaitlistEntry(models.Model):
    """A patient waiting for a slot: service, practitioner, location and days.

    ``person_key`` and ``wish_key`` are keyed hashes of the person, and of the person and their criteria:
    a person has one open offer at a time, and the same request has one entry.
    """

    class Outcome(models.TextChoices):
        LEFT = "left", "Left the list"
        BOOKED = "booked", "Booked a time"
        PASSED = "passed", "The days went by"
        UNANSWERED = "unanswered", "Let several offers lapse"
        STAFF = "staff", "Ended by the clinic"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="waitlist_entries")
    practitioner = models.ForeignKey(
        Practitioner,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="waitlist_entries",
        help_text=_("Leave empty for anyone."),
    )
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="waitlist_entries")
    first_on = models.DateField("from")
    last_on = models.DateField("until", help_text=_("Including this day."))
    mornings = models.BooleanField(default=True)
    afternoons = models.BooleanField(default=True)
    evenings = models.BooleanField(default=True)
    is_first_visit = models.BooleanField(null=True, help_text="As the patient said.")

    name = models.CharField(max_length=120, help_text="Who comes.")
    contact_name = models.CharField(
        max_length=120, blank=True, help_text=_("Who asked, if it isn't the patient: a parent or relative.")
    )
    email = models.EmailField(blank=True, help_text="Empty for a caller without one, who is called instead.")
    phone = PhoneNumberField()
    patient = models.ForeignKey(
        Patient,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="waitlist_entries",
        help_text="If staff added a patient whom they know.",
    )
    notice_version = models.CharField("collection notice shown", max_length=20, blank=True)

    # The slots that were free when they joined, in seconds since 1970 (UTC). One is offered only after it
    # was taken and freed again.
    known_starts = models.JSONField(default=list, editable=False)
    person_key = models.CharField(max_length=64, editable=False)
    wish_key = models.CharField(max_length=64, editable=False)
    unanswered = models.PositiveSmallIntegerField("offers left unanswered", default=0, help_text="In a row, up to now.")
    created_at = models.DateTimeField("joined", editable=False)
    ended_at = models.DateTimeField("ended", null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    objects = WaitlistEntryQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        verbose_name = "waitlist entry"
        verbose_name_plural = "waitlist entries"
        indexes = [
            models.Index(fields=["created_at"], condition=Q(ended_at__isnull=True), name="waitlist_waiting"),
            models.Index(fields=["ended_at"], name="waitlist_ended"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")),
                name="waitlist_ends_after_it_begins",
                violation_error_message=_("The last day can't be before the first."),
            ),
            models.CheckConstraint(
                condition=Q(mornings=True) | Q(afternoons=True) | Q(evenings=True),
                name="waitlist_some_part_of_the_day",
                violation_error_message=_("Choose at least one part of the day."),
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="waitlist_end_has_an_outcome",
                violation_error_message=_("An entry that has ended needs a reason."),
            ),
            models.UniqueConstraint(
                fields=["wish_key"],
                condition=Q(ended_at__isnull=True),
                name="waitlist_one_entry_a_wish",
                violation_error_message=_("This person is already waiting for this."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.service}"

    @property
    def is_waiting(self) -> bool:
        return self.ended_at is None

    @property
    def parts(self) -> frozenset[PartOfDay]:
        """The parts of the day that suit."""
        return frozenset(self._parts())

    def _parts(self) -> Iterator[PartOfDay]:
        choices = zip(PartOfDay, (self.mornings, self.afternoons, self.evenings), strict=True)
        return (part for part, suits in choices if suits)


class WaitlistOffer(models.Model):
    """A freed slot that is held for one waitlist entry until ``expires_at``.

    The slot is a hold in the appointments table, so the overlap constraints protect it. The offer
    remains after its hold is deleted, so that an entry is not offered the same start twice.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for an answer")
        ACCEPTED = "accepted", "Accepted"
        PASSED = "passed", "Passed on"
        LAPSED = "lapsed", "No answer in time"
        WITHDRAWN = "withdrawn", "Withdrawn"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(WaitlistEntry, on_delete=models.CASCADE, related_name="offers")
    appointment = models.OneToOneField(
        Appointment, on_delete=models.SET_NULL, null=True, blank=True, related_name="waitlist_offer"
    )
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    starts_at = models.DateTimeField()
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField("held until")

    class Meta:
        ordering = ["-offered_at", "-pk"]
        verbose_name = "offer"
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("offered_at")),
                name="offer_ends_after_it_begins",
                violation_error_message=_("An offer has to end after it starts."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["open", "accepted"]) | Q(appointment__isnull=False),
                name="offer_holds_a_time",
                violation_error_message=_("An open offer needs a held time."),
            ),
            models.UniqueConstraint(
                fields=["entry"],
                condition=Q(state="open"),
                name="offer_one_at_a_time",
                violation_error_message=_("This person already has an offer."),
            ),
            models.UniqueConstraint(
                fields=["entry", "starts_at"],
                name="offer_each_start_once",
                violation_error_message=_("This person was already offered this time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}"

    def is_live(self, now: datetime) -> bool:
        """Whether it can still be accepted: it is open, not expired, and its hold is live."""
        return (
            self.state == self.State.OPEN
            and now < self.expires_at
            and self.appointment is not None
            and self.appointment.is_live_hold(now)
        )
