"""Send one of an appointment's messages once more: a press of the button beside it."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from booking.messages import send_again
from booking.models import Message


def page(office: admin.ModelAdmin, request: HttpRequest, pk: int, message: int) -> HttpResponse:
    """Queue it and go back to the appointment."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not request.user.has_perm("booking.change_message") or not office.has_view_permission(request):
        raise PermissionDenied
    rows = Message.objects.select_related(*(f"appointment__{name}" for name in ("patient", "location", "service")))
    found = get_object_or_404(rows, pk=message, appointment=pk)
    what = found.get_kind_display()
    if send_again(found, now=timezone.now()):
        messages.success(request, f"{what}: it leaves within a minute, written from the visit as it now is.")
    else:
        messages.warning(request, f"{what}: there is nothing to send. It waits already, or the visit has changed.")
    return HttpResponseRedirect(reverse("admin:booking_appointment_change", args=[pk]))
