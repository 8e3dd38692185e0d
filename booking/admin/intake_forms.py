"""Admin of health forms and their questions. Saving makes a version if the words have changed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from booking.intake import encryption
from booking.intake.versions import newest_version, publish
from booking.models import IntakeForm, IntakeQuestion
from booking.staff.change_log_admin import ChangeLogMixin
from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES

MOST_QUESTIONS = 40


class IntakeFormForm(forms.ModelForm):
    """Refuses to switch a form on that could not be encrypted."""

    def clean_is_active(self) -> bool:
        is_active = bool(self.cleaned_data["is_active"])
        if is_active and not encryption.has_key():
            raise ValidationError(
                gettext(
                    "This site has no key to encrypt answers with, so no form can be switched on. Ask the person who "
                    "runs it to set FORMS_KEY."
                )
            )
        return is_active


class QuestionFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        if len(kept) - len(self.deleted_forms) > MOST_QUESTIONS:
            raise ValidationError(gettext("A form can have %(most)s questions at most.") % {"most": MOST_QUESTIONS})


class QuestionInline(admin.StackedInline):
    model = IntakeQuestion
    formset = QuestionFormSet
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    extra = 0
    fields = [("page", "position", "kind"), "label", "why", "choices", "is_required"]


@admin.register(IntakeForm)
class IntakeFormAdmin(ChangeLogMixin):
    form = IntakeFormForm
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["name", "is_active", "asked_before", "questions_now"]
    inlines = [QuestionInline]
    readonly_fields = ["version", "asked_before"]
    fieldsets = [
        (None, {"fields": ["name", "is_active", "version"]}),
        ("What patients see first", {"fields": ["title", "intro"]}),
        ("Who is asked, and when", {"fields": ["asked_before", "new_patients_only", "remind_days"]}),
    ]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        publish(form.instance, now=timezone.now())

    @admin.display(description=_("version"))
    def version(self, form: IntakeForm) -> str:
        """The version that patients answer now, and how many have answered the form."""
        newest = newest_version(form) if form.pk else None
        if newest is None:
            return gettext("Made when you save. Each change of the questions makes a new one.")
        count = newest.answers.count()
        words = ngettext(
            "%(number)s, answered for %(n)s visit. A change makes a new one; that visit keeps its own.",
            "%(number)s, answered for %(n)s visits. A change makes a new one; those visits keep theirs.",
            count,
        )
        return words % {"number": newest.number, "n": count}

    @admin.display(description=_("asked before"))
    def asked_before(self, form: IntakeForm) -> str:
        names = ", ".join(service.name for service in form.services.all()) if form.pk else ""
        return names or gettext("No service yet: choose the form on the page of a service.")

    @admin.display(description=_("questions"))
    def questions_now(self, form: IntakeForm) -> int:
        return form.questions.count()
