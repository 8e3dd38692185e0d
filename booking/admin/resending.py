"""Send one of an appointment's messages again."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from booking.messages import resend
from booking.models import Message


def page(model_admin: admin.ModelAdmin, request: HttpRequest, pk: int, message: int) -> HttpResponse:
    """Queue the message and redirect to the appointment. POST only."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not request.user.has_perm("booking.change_message") or not model_admin.has_view_permission(request):
        raise PermissionDenied
    queryset = Message.objects.select_related(*(f"appointment__{name}" for name in ("patient", "location", "service")))
    row = get_object_or_404(queryset, pk=message, appointment=pk)
    label = row.get_kind_display()
    if resend(row, now=timezone.now()):
        messages.success(request, f"{label}: it will go out within a minute, with the visit as it is now.")
    else:
        messages.warning(request, f"{label}: there's nothing to send. It's already waiting, or the visit has changed.")
    return HttpResponseRedirect(reverse("admin:booking_appointment_change", args=[pk]))
