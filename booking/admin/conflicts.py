"""Ask for confirmation before an edit that puts appointments in conflict with the schedule.

The edit runs in a transaction that is rolled back (a dry run). If it causes conflicts that the user has not confirmed,
the form is rendered again unsaved, with the list of conflicts and a checkbox. Appointments are never changed.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import ProtectedError, QuerySet, RestrictedError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from booking.scheduling import ScheduleConflict, TrialRollback, conflicts_caused_by, find_conflicts
from booking.staff.conflict_list import confirmation_context, report_conflicts, was_confirmed
from booking.text_cleaning import is_plain_digits

_STAGE = "conflict_stage"


class _Stage(Enum):
    DRY_RUN = "save and roll back"
    CONFIRM = "render the form again, unsaved"
    SAVE = "save"


class _WithoutFiles:
    """Drops uploads in a dry run: a rollback would not delete the stored files."""

    def __init__(self, data: Any = None, files: Any = None, **kwargs: Any) -> None:
        super().__init__(data, None, **kwargs)  # type: ignore[call-arg]


class _Unconfirmed:
    """Keeps a valid form from being saved until the conflicts are confirmed."""

    def is_valid(self) -> bool:
        super().is_valid()  # type: ignore[misc]
        return False


_FORM_FOR = {_Stage.DRY_RUN: _WithoutFiles, _Stage.CONFIRM: _Unconfirmed}


class ConfirmConflictsMixin(admin.ModelAdmin):
    """ModelAdmin for models that determine when patients can be seen."""

    change_form_template = "admin/booking/outside/change_form.html"
    delete_confirmation_template = "admin/booking/outside/delete.html"
    delete_selected_confirmation_template = "admin/booking/outside/delete_selected.html"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        def form_page(stage: _Stage, context: dict[str, Any] | None = None) -> Any:
            setattr(request, _STAGE, stage)
            context = (extra_context or {}) | (context or {})
            return super(ConfirmConflictsMixin, self).changeform_view(request, object_id, form_url, context)

        if request.method != "POST":
            return form_page(_Stage.SAVE)
        conflicts = conflicts_caused_by(lambda: form_page(_Stage.DRY_RUN))
        if conflicts and not was_confirmed(request, conflicts):
            context = confirmation_context(request, conflicts) | {"file_is_lost": any(request.FILES.values())}
            response = form_page(_Stage.CONFIRM, context)
            response.status_code = 422
            return response
        response = form_page(_Stage.SAVE)
        if response.status_code == 302:
            report_conflicts(request, conflicts)
        return response

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        mixin = _FORM_FOR.get(getattr(request, _STAGE, _Stage.SAVE))
        return type(form)(form.__name__, (mixin, form), {"__module__": form.__module__}) if mixin else form

    def is_dry_run(self, request: HttpRequest) -> bool:
        """Whether what is saved now will be rolled back."""
        return getattr(request, _STAGE, _Stage.SAVE) is _Stage.DRY_RUN

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if self.is_dry_run(request):
            # All rows are written, but nothing is logged and no message is added yet.
            raise TrialRollback(find_conflicts(now=timezone.now()))

    # Deleting: Django's own confirmation page shows the conflicts.

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        obj = self.get_object(request, object_id)
        conflicts = self._conflicts_of_deletion(request, obj, obj.delete) if obj is not None else []
        response = super().delete_view(
            request, object_id, (extra_context or {}) | confirmation_context(request, conflicts)
        )
        if request.method == "POST" and response.status_code == 302:
            report_conflicts(request, conflicts)
        return response

    def response_action(
        self, request: HttpRequest, queryset: QuerySet, *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        conflicts: list[ScheduleConflict] = []
        if request.POST.get("action") == "delete_selected":
            pks = [pk for pk in request.POST.getlist(ACTION_CHECKBOX_NAME) if is_plain_digits(pk) and len(pk) < 19]
            conflicts = self._conflicts_of_deletion(request, None, queryset.filter(pk__in=pks).delete)
        response = super().response_action(request, queryset, *args, **kwargs)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            response.context_data |= confirmation_context(request, conflicts)
        elif "post" in request.POST:
            report_conflicts(request, conflicts)
        return response

    def _conflicts_of_deletion(
        self, request: HttpRequest, obj: Any, delete: Callable[[], Any]
    ) -> list[ScheduleConflict]:
        if not self.has_delete_permission(request, obj):
            return []
        try:
            return conflicts_caused_by(delete)
        except (ProtectedError, RestrictedError):
            return []  # Django's confirmation page reports protected objects.
