"""Retention periods, and certificates of what was disposed of."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.constraints import AppendOnly
from booking.models.append_only import AppendOnlyModel, AppendOnlyQuerySet
from booking.models.patients import Patient


class RetentionPeriods(models.Model):
    """How long each kind of data is kept (a singleton with primary key 1). Empty: this kind is not disposed of."""

    patients_years = models.PositiveSmallIntegerField(
        _("patients and their appointments, in years after the last appointment"), null=True, blank=True
    )
    minors_until_age = models.PositiveSmallIntegerField(
        _("patients who were minors: at least until this age"), null=True, blank=True
    )
    access_log_years = models.PositiveSmallIntegerField(_("access log, in years"), null=True, blank=True)
    message_days = models.PositiveSmallIntegerField(
        _("texts of messages, in days after sending"), null=True, blank=True
    )
    contact_days = models.PositiveSmallIntegerField(
        _("contact messages and feedback on pages, in days"), null=True, blank=True
    )
    waitlist_days = models.PositiveSmallIntegerField(
        _("waitlist entries, in days after their end"), null=True, blank=True
    )
    backup_days = models.PositiveSmallIntegerField(
        _("backups, in days"), null=True, blank=True, help_text=_("As whoever runs the server has set it up.")
    )

    class Meta:
        default_permissions = ("view", "change")
        verbose_name = verbose_name_plural = _("retention periods")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="retention_periods_only_one")]

    def __str__(self) -> str:
        return "Retention periods"


class Disposal(AppendOnlyModel):
    """A certificate: when who disposed of how much of what. It names nobody. Append-only, also in the database."""

    class Kind(models.TextChoices):
        PEOPLE = "people", _("People whose retention period is over")
        REQUEST = "request", _("One person, at their request")
        PERIOD = "period", _("Data whose retention period is over")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: the worker, by the retention periods."),
    )
    counts = models.JSONField(help_text=_("How many rows of each kind of data."))
    rule = models.CharField(max_length=200, blank=True, help_text=_("The period that was over, in words."))
    in_backups_until = models.DateField(null=True, blank=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        default_permissions = ("view", "add")
        verbose_name = _("disposal certificate")
        constraints = [AppendOnly(name="disposal_is_append_only")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d}"


class DisposalItem(AppendOnlyModel):
    """A person who was disposed of, or the date before which the access log was deleted.

    It is written before its certificate, whose foreign key is checked at COMMIT. While the certificate is missing, the
    append-only tables let the person's values be emptied, and the old rows of the access log be deleted.
    """

    disposal = models.ForeignKey(Disposal, on_delete=models.PROTECT, related_name="items")
    patient = models.ForeignKey(
        Patient, on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="+"
    )
    log_before = models.DateTimeField(null=True, blank=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            AppendOnly(name="disposal_item_is_append_only"),
            models.CheckConstraint(
                condition=Q(patient__isnull=False) ^ Q(log_before__isnull=False), name="disposal_item_is_one"
            ),
        ]

    def __str__(self) -> str:
        return f"patient {self.patient_id}" if self.patient_id else f"access log before {self.log_before}"
