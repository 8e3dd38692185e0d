"""The list of appointments outside hours: open schedule conflicts for staff to resolve."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from booking.admin.read_only import admin_context
from booking.models import AccessLogEntry
from booking.privacy.access_log import log_view
from booking.staff.conflict_list import can_view_appointments, group_by_day, open_conflicts


def page(model_admin: Any, request: HttpRequest) -> HttpResponse:
    if not can_view_appointments(request.user):
        raise PermissionDenied
    rows = open_conflicts()
    log_view(request, AccessLogEntry.Kind.LIST, [row.appointment for row in rows])
    context = {
        **admin_context(model_admin, request),
        "title": "Appointments outside hours",
        "days": group_by_day(rows),
        "count": len(rows),
        "may_keep_diary": model_admin.has_keep_diary_permission(request),
    }
    return TemplateResponse(request, "admin/booking/outside/list.html", context)
