"""Addresses that the autosave script asks: presence, the state of the login, the page after logging in again."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext

from content.admin.autosave.form_data import SITTING
from content.admin.editing.step_page import find_page
from content.publishing import edit_sessions


def heartbeat(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Record that the user is editing this page, and name the others who are.

    The script sends it once a minute, only after input: so it counts as activity for the idle logout.
    """
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    page = find_page(office, request, object_id)
    if not office.has_change_permission(request, page):
        raise PermissionDenied
    now = timezone.now()
    key = edit_sessions.usable_key(request.POST.get(SITTING, ""), page=page, by=request.user)
    edit_sessions.record_presence(page, by=request.user, key=key, now=now)
    return JsonResponse({"others": edit_sessions.other_editors(page, than=request.user, now=now)})


def login_state(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Return who is logged in, and a CSRF token for the next save: logging in again has ended the earlier one."""
    page = find_page(office, request, object_id)
    response = JsonResponse(
        {
            "user": request.user.pk,
            "name": edit_sessions.name_of(request.user),
            "mayChange": office.has_change_permission(request, page),
            "token": get_token(request),
        }
    )
    response["Cache-Control"] = "no-store"
    return response


def logged_in(office: Any, request: HttpRequest) -> HttpResponse:
    """Send whoever has logged in again in a new tab back to the tab with the editor."""
    context = office.admin_site.each_context(request) | {"title": gettext("You're logged in")}
    return TemplateResponse(request, "admin/content/page/logged_in.html", context)


STEPS = {"heartbeat": heartbeat, "login_state": login_state}
