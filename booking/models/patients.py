"""Patients, and the record of two that turned out to be one."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from phonenumber_field.modelfields import PhoneNumberField

from booking.models.records import Record
from booking.text import fold


class PatientQuerySet(models.QuerySet["Patient"]):
    def current(self) -> "PatientQuerySet":
        """Those who were not merged into somebody else."""
        return self.filter(merged_into__isnull=True)

    def found_by(self, words: str) -> "PatientQuerySet":
        """Whose names or e-mail address hold all of these words, whatever their accents and capitals."""
        found = self
        for word in fold(words).split():
            found = found.filter(search_key__contains=word)
        return found


class Patient(models.Model):
    """A person who is seen. There is no account: a link in a mail opens one appointment.

    Two people may share an e-mail address (a parent and a child) and stay two patients. One person
    who was written down twice becomes one by merging: the other row stays for the record, points to
    the one that stands (``merged_into``), and is neither found nor booked any more.
    """

    name = models.CharField(max_length=120)
    preferred_name = models.CharField(max_length=120, blank=True, help_text="What to call them, where it differs.")
    pronouns = models.CharField(max_length=40, blank=True)
    email = models.EmailField(
        blank=True, help_text="Confirmations and reminders go here. A caller may have none: then nobody is written to."
    )
    phone = PhoneNumberField()
    date_of_birth = models.DateField(null=True, blank=True)
    contact_name = models.CharField(
        max_length=120, blank=True, help_text="Who we write to when it is not the patient: a parent, a relative."
    )
    search_key = models.TextField(
        default="", editable=False, help_text="Names and e-mail address, folded, to search in. Kept by save()."
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="merged_from"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = [("merge_patient", "Can merge two patients into one")]
        indexes = [models.Index(Upper("email"), name="patient_by_email_alike")]  # As iexact asks for it.
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("pk")),
                name="patient_not_merged_into_themself",
                violation_error_message="A patient cannot be merged into themself.",
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

    @property
    def addressee(self) -> str:
        """Whom a message greets: the patient, or the person who booked for them."""
        return self.contact_name or self.called


def search_key_of(patient: Any) -> str:
    """What a search looks in: a line each, the name first. Takes a migration's patient, too."""
    parts = [patient.name, patient.preferred_name, patient.contact_name, patient.email]
    return "\n".join(fold(part) for part in parts if part) + "\n"


class PatientMerge(Record):
    """That two patients were made one: by whom, when, and all that is needed to see how it was before.

    ``merged_values`` and ``kept_values`` are both rows' fields before, ``chosen`` the fields the one
    that stands has since; ``moved`` names the rows that were the merged one's, by model and id.
    """

    kept = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="merges")
    merged = models.OneToOneField(Patient, on_delete=models.PROTECT, related_name="merge")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    merged_values = models.JSONField()
    kept_values = models.JSONField()
    chosen = models.JSONField()
    moved = models.JSONField()

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = "merge"
        constraints = [
            models.CheckConstraint(
                condition=~Q(kept=F("merged")),
                name="merge_of_two",
                violation_error_message="A patient cannot be merged with themself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged_values['name']}, merged into {self.kept}"
