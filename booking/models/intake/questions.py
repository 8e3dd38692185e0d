"""Health forms and their questions, which staff edit, and the versions of them that patients answer."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.text_cleaning import split_lines

MOST_PAGES = 12
MOST_CHOICES = 20
LONGEST_CHOICE = 150


class IntakeForm(models.Model):
    """A form that patients fill in before visits of certain services (``Service.intake_form``).

    Its questions are the draft that staff edit; patients answer the newest ``IntakeFormVersion``.
    """

    name = models.CharField(max_length=80, unique=True, help_text=_("For staff, to tell forms apart."))
    title = models.CharField(_("title"), max_length=80, default="Health form", help_text=_("As patients see it."))
    intro = models.TextField(
        _("introduction"),
        max_length=1500,
        blank=True,
        help_text=_("What you ask and why, and who reads it. Patients see it before the first question."),
    )
    new_patients_only = models.BooleanField(
        _("for new patients only"),
        default=True,
        help_text=_("Ask at first visits only. Otherwise at every visit of its services, in a series at the first."),
    )
    remind_days = models.PositiveSmallIntegerField(
        _("remind this many days before"),
        null=True,
        blank=True,
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(14)],
        help_text=_("One email, and only while the form isn't done. Leave empty for none."),
    )
    is_active = models.BooleanField(_("switched on"), default=False)

    class Meta:
        ordering = ["name"]
        verbose_name = _("health form")

    def __str__(self) -> str:
        return self.name


class IntakeQuestion(models.Model):
    """One question of the draft."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Words")
        CHOICE = "choice", _("One of several choices")
        YES_NO = "yes_no", _("Yes or no")
        SCALE = "scale", _("A number from 0 to 10")
        BODY_AREA = "body_area", _("Areas of the body")
        DATE = "date", _("A date")

    form = models.ForeignKey(IntakeForm, on_delete=models.CASCADE, related_name="questions")
    page = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PAGES)],
        help_text=_("Questions with the same number are asked together."),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TEXT)
    label = models.CharField(_("question"), max_length=200)
    why = models.CharField(_("why we ask"), max_length=300, help_text=_("Shown with the question."))
    is_required = models.BooleanField(_("must be answered"), default=False)
    choices = models.TextField(
        max_length=2000,
        blank=True,
        help_text=_("One on each line. For a number from 0 to 10: what 0 means, then what 10 means."),
    )

    class Meta:
        ordering = ["page", "position", "pk"]
        verbose_name = _("question")

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        lines = split_lines(self.choices)
        errors: dict[str, Any] = {}
        if self.kind == self.Kind.CHOICE:
            if not 2 <= len(lines) <= MOST_CHOICES:
                errors["choices"] = _("Write 2 to %(most)s choices, one on each line.") % {"most": MOST_CHOICES}
            elif len(set(lines)) < len(lines):
                errors["choices"] = _("Two of the choices are the same.")
        elif self.kind == self.Kind.SCALE:
            if len(lines) not in {0, 2}:
                errors["choices"] = _("Write two lines, what 0 means and what 10 means, or none.")
        elif lines:
            errors["choices"] = _("Only choices and numbers from 0 to 10 have lines here: leave it empty.")
        if any(len(line) > LONGEST_CHOICE for line in lines):
            errors["choices"] = _("A line is too long: use up to %(most)s characters.") % {"most": LONGEST_CHOICE}
        if errors:
            raise ValidationError(errors)


class IntakeFormVersion(models.Model):
    """What patients are asked, as of one day. A version never changes: answers refer to its questions.

    ``questions`` are dicts with the keys of ``booking.intake.questions.AskedQuestion``.
    """

    form = models.ForeignKey(IntakeForm, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=80)
    intro = models.TextField(blank=True)
    questions = models.JSONField()
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["form", "number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["form", "number"], name="intake_version_number")]

    def __str__(self) -> str:
        return f"{self.form}, version {self.number}"
