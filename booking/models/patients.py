"""Patients, the desk's notes and tags on them, and the audit log of merged duplicates."""

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from booking.models.append_only import AppendOnlyModel, AppendOnlyQuerySet
from booking.text_cleaning import normalize_for_search

# The domain of sample patients' e-mail addresses. RFC 2606 reserves .example: it never receives mail.
MADE_UP_DOMAIN = "sample-patients.example"
# The name of a patient who was disposed of; see booking.privacy.disposal.
DISPOSED_NAME = "Details removed"


class PatientQuerySet(models.QuerySet["Patient"]):
    def current(self) -> "PatientQuerySet":
        """Patients that were neither merged into another one nor disposed of."""
        return self.filter(merged_into__isnull=True, disposed_at__isnull=True)

    def phone_only(self) -> "PatientQuerySet":
        """Patients who book by phone only, with the rows that were merged into them."""
        is_marked = Q(merged_into__isnull=True, books_by_phone_only=True)
        return self.filter(is_marked | Q(merged_into__books_by_phone_only=True))


class Tag(models.Model):
    """A word that staff put on patients, such as "Needs an interpreter"; an alert also stands in the calendar."""

    class Tone(models.TextChoices):
        STRAW = "straw", "Yellow"
        ROSE = "rose", "Red"
        SKY = "sky", "Blue"
        MEADOW = "meadow", "Green"

    name = models.CharField(max_length=30, unique=True)
    tone = models.CharField("colour", max_length=10, choices=Tone, default=Tone.STRAW)
    is_alert = models.BooleanField("stands in the calendar", default=False)
    position = models.PositiveSmallIntegerField(_("order"), default=0, help_text="Lower numbers come first.")

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class PatientImport(models.Model):
    """One import of patients from a file. The row stays for as long as it can be undone; the file is not kept."""

    key = models.UUIDField(unique=True, help_text="Of the upload, so that a form that is sent twice imports once.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    count = models.PositiveIntegerField("patients added")

    class Meta:
        ordering = ["-created_at", "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"Import of {self.count}"


class Patient(models.Model):
    """A patient. Patients have no account: a link in an e-mail opens one appointment.

    Patients may share an e-mail address (such as a parent and a child). Duplicates are merged: the
    merged row is retained with ``merged_into`` set, and no longer appears in searches or bookings.
    """

    name = models.CharField(max_length=120)
    preferred_name = models.CharField(max_length=120, blank=True, help_text=_("What to call them, if it's different."))
    pronouns = models.CharField(max_length=40, blank=True)
    email = models.EmailField(
        blank=True,
        help_text=_("Confirmations and reminders go here. Leave empty if they don't have one: then we don't send any."),
    )
    phone = PhoneNumberField()
    date_of_birth = models.DateField(null=True, blank=True)
    contact_name = models.CharField(
        max_length=120, blank=True, help_text=_("Who we write to, if it isn't the patient: a parent or relative.")
    )
    search_key = models.TextField(
        default="", editable=False, help_text=_("Names and email address, folded, to search in. Kept by save().")
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="merged_from"
    )
    books_by_phone_only = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Online booking with this person's details ends in “Please call us”, and never says why. "
        "Staff can book them as always.",
    )
    phone_only_note = models.TextField(
        "why", blank=True, default="", db_default="", help_text="For staff. Patients never see it."
    )
    phone_only_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    phone_only_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When it was last changed.")
    tags = models.ManyToManyField(Tag, blank=True, related_name="patients")
    imported_in = models.ForeignKey(
        PatientImport,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="patients",
        help_text="The import that added this patient, for as long as it can be undone.",
    )
    disposed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("Since when the row says nothing about the person.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = [
            ("merge_patient", "Can merge two patients into one"),
            ("import_patients", "Can import patients from a file"),
            ("export_patient", "Can export everything held about a patient"),
            ("correct_patient", "Can record a correction of a patient's data, or its refusal"),
        ]
        indexes = [models.Index(Upper("email"), name="patient_by_email_alike")]  # Matches the SQL of iexact.
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("pk")),
                name="patient_not_merged_into_themself",
                violation_error_message=_("A patient can't be merged with themselves."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_key = search_key_of(self)
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "search_key"}
        super().save(*args, **kwargs)

    @property
    def called(self) -> str:
        return self.preferred_name or self.name

    def is_called(self, name: str) -> bool:
        """Whether this is the patient's name or preferred name, in any case, with or without accents."""
        own_names = [own for own in (self.name, self.preferred_name) if own]
        return normalize_for_search(name) in {normalize_for_search(own) for own in own_names}

    @property
    def given_names(self) -> str:
        """How to greet the patient: the preferred name, or the name without its last word."""
        return self.preferred_name or self.name.rpartition(" ")[0] or self.name

    def age_on(self, on: date) -> int:
        """The patient's age in years; the date of birth must be known."""
        born = self.date_of_birth
        assert born is not None
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))

    @property
    def is_made_up(self) -> bool:
        """Whether this is a sample patient whose e-mail address was not replaced with a real one."""
        return self.email.endswith(f"@{MADE_UP_DOMAIN}")


def search_key_of(patient: Any) -> str:
    """The normalized names and e-mail address, one a line, name first. Also accepts a migration's historical model."""
    parts = [patient.name, patient.preferred_name, patient.contact_name, patient.email]
    return "\n".join(normalize_for_search(part) for part in parts if part) + "\n"


class PatientNote(models.Model):
    """A note of staff on a patient, or on one of their visits. For running the day, not a clinical record.

    Each visit and each patient has at most one note that everyone at the desk reads, and one of each author's own,
    which only the author and the owner read.
    """

    class Audience(models.TextChoices):
        DESK = "desk", "Everyone at the desk"
        OWN = "own", "Only me and the owner"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="notes")
    appointment = models.ForeignKey(
        "booking.Appointment", on_delete=models.CASCADE, null=True, blank=True, related_name="notes"
    )
    audience = models.CharField(max_length=4, choices=Audience, default=Audience.DESK)
    text = models.TextField(max_length=1000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", help_text="Who wrote it last."
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-updated_at", "-pk"]
        permissions = [("view_every_note", "Can read the notes that others keep for themselves")]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"],
                condition=Q(audience="desk", appointment__isnull=False),
                name="note_one_for_the_desk_a_visit",
                violation_error_message="This visit already has a note.",
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(audience="desk", appointment__isnull=True),
                name="note_one_for_the_desk_a_patient",
                violation_error_message="This patient already has a note.",
            ),
            models.UniqueConstraint(
                fields=["appointment", "author"],
                condition=Q(audience="own", appointment__isnull=False),
                name="note_one_of_ones_own_a_visit",
                violation_error_message="You already have a note on this visit.",
            ),
            models.UniqueConstraint(
                fields=["patient", "author"],
                condition=Q(audience="own", appointment__isnull=True),
                name="note_one_of_ones_own_a_patient",
                violation_error_message="You already have a note on this patient.",
            ),
        ]

    def __str__(self) -> str:
        return f"Note on {self.patient}"


class PatientMerge(AppendOnlyModel):
    """Audit log entry of a merge of two patients: who, when, and the data before.

    ``merged_values`` and ``kept_values`` are both rows' fields before the merge, ``chosen`` the kept
    row's fields after it; ``moved`` lists the related rows that were moved, by model and id.
    """

    kept = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="merges")
    merged = models.OneToOneField(Patient, on_delete=models.PROTECT, related_name="merge")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    merged_values = models.JSONField()
    kept_values = models.JSONField()
    chosen = models.JSONField()
    moved = models.JSONField()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = "merge"
        constraints = [
            models.CheckConstraint(
                condition=~Q(kept=F("merged")),
                name="merge_of_two",
                violation_error_message=_("A patient can't be merged with themselves."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged_values.get('name', DISPOSED_NAME)}, merged into {self.kept}"
