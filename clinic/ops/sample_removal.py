"""Admin page that removes the sample clinic, and the start page's note with a link to it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from booking.models import AccessLogEntry, Appointment, Patient, SampleRow, WaitlistEntry
from booking.privacy.access_log import log_view
from booking.staff.notes import Note
from clinic.accounts import audit
from clinic.ops.sample_data import PlanChanged, plan, remove

TITLE = "Remove sample data"


def notes(user: Any) -> list[Note]:
    """Return the note while there is sample data, for users who may view it."""
    if not user.has_perm("booking.view_samplerow") or not SampleRow.objects.exists():
        return []
    address, label = reverse("admin:booking_samplerow_changelist"), "See what is sample data"
    if _can_remove(user):
        address, label = reverse("admin:remove_sample"), TITLE
    return [
        Note(
            "straw",
            "The sample clinic is still here",
            gettext(
                "Its people, prices and pages are made up, and every page says so. Change what you "
                "want to keep, then remove the rest."
            ),
            address,
            label,
        )
    ]


def page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Show the removal plan; on POST remove the sample, or answer 409 if the plan has changed since it was shown."""
    if not _can_remove(request.user):
        raise PermissionDenied
    status = 200
    if request.method == "POST":
        try:
            removed = remove(request.POST.get("seen") or "nothing was shown")
        except PlanChanged:
            messages.error(request, gettext("This list has changed since you opened it. Please check it again."))
            status = 409
        else:
            audit.sample_removed(request.user, len(removed.going))
            messages.success(request, _success_message(len(removed.going), len(removed.kept)))
            return redirect("admin:index")
    removal = plan()
    rows = [*removal.going, *(kept.row for kept in removal.kept)]
    people = [row for row in rows if isinstance(row, (Appointment, Patient, WaitlistEntry))]
    log_view(request, AccessLogEntry.Kind.LIST, people)
    context |= {"title": TITLE, "plan": removal}
    return TemplateResponse(request, "admin/sample_removal.html", context, status=status)


def _can_remove(user: Any) -> bool:
    return bool(user.has_perm("booking.delete_samplerow"))


def _success_message(going: int, kept: int) -> str:
    stays = f" {kept} stayed." if kept else ""
    return f"Sample data is removed: {going} {'entry' if going == 1 else 'entries'} deleted.{stays}"
