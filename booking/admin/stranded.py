"""Says, before an edit is saved, which appointments it would leave outside; nobody's visit is changed by it.

The edit is tried out in a transaction and undone. If it would strand appointments that staff have
not been shown yet, the form comes back as it was typed, with the list and a box to tick.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import ProtectedError, QuerySet, RestrictedError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from booking.admin.outside import by_day, may_see_visits
from booking.scheduling import Stranded, stranded
from booking.text import is_plain_digits

SEEN = "stranded_seen"  # The form's box: the ids of the appointments that staff were shown.
_STAGE = "stranding_stage"


class _Stage(Enum):
    REHEARSAL = "try it out and undo it"
    QUESTION = "show the form again, unsaved"
    REAL = "save it"


class _Undone(Exception):
    """Rolls back what was only tried out."""

    def __init__(self, outside: list[Stranded]) -> None:
        super().__init__()
        self.outside = outside


class _WithoutFiles:
    """A rolled back transaction leaves files behind, so none are stored to try something out."""

    def __init__(self, data: Any = None, files: Any = None, **kwargs: Any) -> None:
        super().__init__(data, None, **kwargs)  # type: ignore[call-arg]


class _NotYet:
    """Nothing is wrong with what was typed, but it waits for an answer."""

    def is_valid(self) -> bool:
        super().is_valid()  # type: ignore[misc]
        return False


_FORM_FOR = {_Stage.REHEARSAL: _WithoutFiles, _Stage.QUESTION: _NotYet}


def newly_stranded(edit: Callable[[], Any]) -> list[Stranded]:
    """The appointments that an edit would leave outside and that are not so already. The edit is undone."""
    now = timezone.now()
    try:
        with transaction.atomic():
            edit()
            raise _Undone(stranded(now=now))
    except _Undone as undone:
        outside = undone.outside
    if not outside:
        return []
    already = {one.appointment.pk for one in stranded(now=now)}
    return [one for one in outside if one.appointment.pk not in already]


def was_shown(request: HttpRequest, found: list[Stranded]) -> bool:
    """Whether staff have ticked that they saw all of these."""
    seen = request.POST.get(SEEN, "").split(",")
    return {str(one.appointment.pk) for one in found} <= {pk for pk in seen if is_plain_digits(pk)}


def question(request: HttpRequest, found: list[Stranded]) -> dict[str, Any]:
    """What templates need to show these appointments and ask."""
    return {
        "stranded_days": by_day(found),
        "stranded_count": len(found),
        "stranded_seen": ",".join(str(one.appointment.pk) for one in found),
        "seen_name": SEEN,
        "may_see_visits": may_see_visits(request.user),
    }


def tell(request: HttpRequest, found: list[Stranded]) -> None:
    """After saving: how many appointments it left outside, and where they are listed."""
    if not found:
        return
    words = "1 appointment is" if len(found) == 1 else f"{len(found)} appointments are"
    if may_see_visits(request.user):
        link = reverse("admin:booking_appointment_outside")
        messages.warning(
            request,
            format_html(
                '{} now outside hours. <a href="{}">See to {}</a>', words, link, "it" if len(found) == 1 else "them"
            ),
        )
    else:
        messages.warning(request, f"{words} now outside hours. Tell the front desk.")


class AsksBeforeStranding(admin.ModelAdmin):
    """For every model whose rows decide when patients can be seen."""

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
            together = (extra_context or {}) | (context or {})
            return super(AsksBeforeStranding, self).changeform_view(request, object_id, form_url, together)

        if request.method != "POST":
            return form_page(_Stage.REAL)
        found = newly_stranded(lambda: form_page(_Stage.REHEARSAL))
        if found and not was_shown(request, found):
            context = question(request, found) | {"file_is_lost": any(request.FILES.values())}
            response = form_page(_Stage.QUESTION, context)
            response.status_code = 422
            return response
        response = form_page(_Stage.REAL)
        if response.status_code == 302:
            tell(request, found)
        return response

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        kind = _FORM_FOR.get(getattr(request, _STAGE, _Stage.REAL))
        return type(form)(form.__name__, (kind, form), {"__module__": form.__module__}) if kind else form

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if getattr(request, _STAGE, _Stage.REAL) is _Stage.REHEARSAL:
            # All is written, and nothing is said or logged yet.
            raise _Undone(stranded(now=timezone.now()))

    # Deleting: Django asks anyhow, so the list stands on its page.

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        row = self.get_object(request, unquote(object_id))
        found = self._stranded_without(request, row, row.delete) if row is not None else []
        response = super().delete_view(request, object_id, (extra_context or {}) | question(request, found))
        if request.method == "POST" and response.status_code == 302:
            tell(request, found)
        return response

    def response_action(self, request: HttpRequest, queryset: QuerySet, *args: Any) -> HttpResponse | None:
        found: list[Stranded] = []
        if request.POST.get("action") == "delete_selected":
            chosen = [pk for pk in request.POST.getlist(ACTION_CHECKBOX_NAME) if is_plain_digits(pk) and len(pk) < 19]
            found = self._stranded_without(request, None, queryset.filter(pk__in=chosen).delete)
        response = super().response_action(request, queryset, *args)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            response.context_data |= question(request, found)
        elif "post" in request.POST:
            tell(request, found)
        return response

    def _stranded_without(self, request: HttpRequest, row: Any, delete: Callable[[], Any]) -> list[Stranded]:
        if not self.has_delete_permission(request, row):
            return []
        try:
            return newly_stranded(delete)
        except (ProtectedError, RestrictedError):
            return []  # Django says so on its own page.
