"""A mixin for ModelAdmins that writes the change log: values before and after, with rows of inlines and m2m fields.

Django runs each of these methods in a transaction that it opens before saving, but for the deletion of chosen rows.
"""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from booking.privacy.change_log import Values, log_added, log_changed, log_removed, log_removed_rows, values_of
from booking.scheduling import Actor


class ChangeLogMixin(admin.ModelAdmin):
    """Name it first among the bases, so that a dry run of ``ConfirmConflictsMixin`` ends before anything is logged."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        form.values_before = _stored_values(obj) if change else {}
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        actor, row = Actor.staff(request.user), _stored(form.instance)
        if change:
            log_changed(actor, row, form.values_before)
        else:
            log_added(actor, row)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        actor = Actor.staff(request.user)
        stored = {form.instance.pk: _stored(form.instance) for form in formset.initial_forms if form.has_changed()}
        before = {pk: values_of(row) for pk, row in stored.items()}
        for form_to_delete in formset.deleted_forms:
            if form_to_delete.instance.pk:
                log_removed(actor, stored[form_to_delete.instance.pk])
        super().save_formset(request, form, formset, change)
        for row in formset.new_objects:
            log_added(actor, row)
        for row, _fields in formset.changed_objects:
            log_changed(actor, _stored(row), before[row.pk])

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            log_removed(Actor.staff(request.user), obj)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            log_removed_rows(Actor.staff(request.user), queryset)
            super().delete_queryset(request, queryset)


def _stored(row: Model) -> Model:
    """The row as the database has it: a form has already changed the one that it was given."""
    return row._meta.model._default_manager.get(pk=row.pk)


def _stored_values(row: Model) -> Values:
    return values_of(_stored(row))
