"""A patient's answers to a health form, encrypted."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.models.appointments import Appointment
from booking.models.intake.questions import IntakeFormVersion


class IntakeAnswers(models.Model):
    """The answers of one appointment's patient. They go with the appointment when it is moved.

    Only ``booking.intake`` reads and writes ``ciphertext``: see docs/decisions/intake-forms.md.
    """

    class State(models.TextChoices):
        PART = "part", _("In part")
        DONE = "done", _("Done")

    appointment = models.OneToOneField(
        Appointment, on_delete=models.CASCADE, related_name="intake_answers", editable=False
    )
    version = models.ForeignKey(
        IntakeFormVersion, on_delete=models.PROTECT, related_name="answers", verbose_name=_("form"), editable=False
    )
    state = models.CharField(max_length=4, choices=State, default=State.PART, editable=False)
    pages_done = models.PositiveSmallIntegerField(_("pages filled in"), default=0, editable=False)
    ciphertext = models.TextField(editable=False)
    updated_at = models.DateTimeField(editable=False)
    submitted_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)
    read_at = models.DateTimeField(_("read"), null=True, blank=True, editable=False)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        default_permissions = ()
        permissions = [("read_intakeanswers", "Can read the health forms of every patient")]
        verbose_name = verbose_name_plural = _("answers to a health form")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="part") | models.Q(submitted_at__isnull=False),
                name="intake_answers_done_were_sent",
            )
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_state_display()}"
