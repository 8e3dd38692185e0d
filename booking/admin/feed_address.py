"""Create, replace and revoke the URL of a practitioner's calendar feed."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers

from booking.models import Practitioner
from booking.tokens import feed_url


def page(model_admin: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show the URL; on POST replace it (the old one stops working) or revoke it."""
    practitioner = get_object_or_404(Practitioner, pk=pk)
    # The feed contains patients' names: only admins of practitioners and the practitioner may see its URL.
    if not (model_admin.has_change_permission(request, practitioner) or practitioner.user_id == request.user.pk):
        raise PermissionDenied
    if request.method == "POST":
        is_new = "renew" in request.POST
        if not is_new and "revoke" not in request.POST:
            return HttpResponseRedirect(request.path)
        Practitioner.objects.filter(pk=pk).update(feed_uid=uuid.uuid4() if is_new else None)
        sentence = "The calendar has a new address" if is_new else "The calendar's address is revoked"
        model_admin.log_change(request, practitioner, f"{sentence}.")
        messages.success(request, f"{sentence}. The earlier address no longer works.")
        return HttpResponseRedirect(request.path)
    url = feed_url(practitioner)
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": "Calendar to subscribe to",
        "subtitle": None,
        "practitioner": practitioner,
        "may_change": model_admin.has_view_or_change_permission(request, practitioner),
        "url": url,
        "subscribe": "webcal:" + url.split(":", 1)[1] if url.startswith("https:") else "",
    }
    response = TemplateResponse(request, "admin/booking/practitioner/feed.html", context)
    add_never_cache_headers(response)
    return response
