"""Answers to the autosave requests of static/js/page_editor/autosave.js, as JSON."""

from datetime import datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from booking.formatting import clock
from content.admin.autosave.form_data import VERSION, version_of
from content.admin.autosave.problems import CONFLICT, problems_of
from content.admin.editing.status import local_time
from content.models import EditSession, Page
from content.publishing import edit_sessions


def saved(request: HttpRequest, page: Page, ids: dict[str, int]) -> JsonResponse:
    """Answer a save. ``ids`` are the ids of the blocks by the prefix of their form."""
    return JsonResponse(
        {
            "version": version_of(page),
            "saved_at": clock(timezone.localtime(page.edited_at)),
            "ids": ids,
            "others": edit_sessions.other_editors(page, than=request.user, now=timezone.now()),
        }
    )


def refused(office: Any, request: HttpRequest, page: Page, form: Any, formsets: Any) -> JsonResponse:
    """Answer 409 after an edit conflict, else 422 with what is wrong."""
    is_gone = any(block_form.has_error("id") for formset in formsets for block_form in formset.initial_forms)
    if form.has_error(NON_FIELD_ERRORS, CONFLICT) or is_gone:
        return JsonResponse(conflict(office, request, page), status=409)
    problems = [vars(problem) for problem in problems_of(form, formsets)]
    return JsonResponse({"problems": problems}, status=422)


def conflict(office: Any, request: HttpRequest, page: Page) -> dict[str, Any]:
    """Describe the change that someone else made since this editor was opened, as JSON data."""
    current = Page.objects.select_related("edited_by").get(pk=page.pk)
    opened_at = _parsed(request.POST.get(VERSION, ""))
    changes = EditSession.objects.filter(page=page, saved_at__isnull=False).order_by("started_at", "pk")
    first = changes.filter(saved_at__gt=opened_at).first() if opened_at else None
    is_own = current.edited_by_id == request.user.pk
    who = gettext("You") if is_own else edit_sessions.name_of(current.edited_by) or gettext("Someone")
    compare = f"{office.address('compare', page)}?from=before-{first.pk}&to=draft" if first else ""
    return {
        "who": who,
        "is_own": is_own,
        "when": local_time(current.edited_at),
        "version": version_of(current),
        "compare": compare or office.address("history", page),
    }


def _parsed(text: str) -> datetime | None:
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    return at if at is not None and timezone.is_aware(at) else None


def editor_state(office: Any, request: HttpRequest, page: Page, form: Any) -> dict[str, Any]:
    """Return what the autosave script starts with, as JSON data."""
    is_unsaved = form.is_bound and not form.is_valid()
    is_conflict = is_unsaved and form.has_error(NON_FIELD_ERRORS, CONFLICT)
    last = edit_sessions.last_saved(page)
    return {
        "user": request.user.pk,
        "lastSitting": str(last.key) if last else "",
        "isUnsaved": bool(form.is_bound),
        "conflict": conflict(office, request, page) if is_conflict else None,
        "others": edit_sessions.other_editors(page, than=request.user, now=timezone.now()),
        "addresses": {
            "heartbeat": office.address("heartbeat", page),
            "login": reverse("admin:login"),
            "loginState": office.address("login_state", page),
            "loggedIn": reverse(f"admin:{office.opts.app_label}_{office.opts.model_name}_logged_in"),
        },
    }
