"""Create, replace and revoke the URL of a practitioner's calendar feed."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers

from booking.models import Practitioner
from booking.staff.calendar_feeds import replace_feed, revoke_feed
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
        change = replace_feed if is_new else revoke_feed
        messages.success(request, change(practitioner, by=request.user))
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
