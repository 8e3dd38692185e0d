"""The change log: who changed which values, and when."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.constraints import AppendOnly
from booking.models.append_only import AppendOnlyModel, AppendOnlyQuerySet
from booking.models.patients import Patient


class ChangeLogEntry(AppendOnlyModel):
    """A row that was added, changed or removed: by whom, and its values before and after. Append-only.

    ``before`` and ``after`` hold the changed fields only, by field name. An appointment's history is its
    ``AppointmentEvent`` rows. The values of a person can be emptied when they are disposed of, and then only.
    """

    class Action(models.TextChoices):
        ADDED = "added", _("Added")
        CHANGED = "changed", _("Changed")
        REMOVED = "removed", _("Removed")
        CORRECTED = "corrected", _("Corrected at the patient's request")
        REFUSED = "refused", _("Correction refused")

    class ActorKind(models.TextChoices):
        PATIENT = "patient", _("Patient")
        STAFF = "staff", _("Staff")
        SYSTEM = "system", _("The system")

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    action = models.CharField(max_length=10, choices=Action)
    model = models.CharField(max_length=80, help_text=_("The changed row's model, such as booking.patient."))
    object_id = models.CharField(max_length=64, help_text=_("The changed row's primary key."))
    label = models.CharField(
        max_length=200, blank=True, help_text=_("What the row was called. Empty for a person's data.")
    )
    patient = models.ForeignKey(
        Patient,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Whose data it is."),
    )
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=1000, blank=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        default_permissions = ("view",)
        verbose_name = _("change log entry")
        verbose_name_plural = _("change log")
        indexes = [
            models.Index(fields=["model", "object_id"], name="change_log_by_row"),
            models.Index(fields=["patient", "at"], name="change_log_by_patient"),
            models.Index(fields=["actor", "at"], name="change_log_by_actor"),
            models.Index(fields=["at"], name="change_log_by_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(actor_kind="staff", actor__isnull=False) | (~Q(actor_kind="staff") & Q(actor__isnull=True)),
                name="change_log_staff_are_named",
            ),
            AppendOnly(name="change_log_is_append_only", redacts=("before", "after", "reason"), person="patient"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.model} {self.object_id}"
