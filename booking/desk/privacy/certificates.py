"""/desk/privacy/certificates/: what was removed, when and by whom. They name no patient."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from booking.models import Disposal
from booking.privacy.disposal import kind_rows
from booking.staff.access import desk_page, staff_page

PAGE = 50


@require_safe
@staff_page("booking.view_disposal")
def certificates(request: HttpRequest) -> HttpResponse:
    rows = Disposal.objects.select_related("by").order_by("-at", "pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return desk_page(request, "desk/privacy/certificates.html", {"section": "privacy", "page": page})


@require_safe
@staff_page("booking.view_disposal")
def certificate(request: HttpRequest, key: UUID) -> HttpResponse:
    found = get_object_or_404(Disposal.objects.select_related("by"), pk=key)
    context = {"section": "privacy", "certificate": found, "kinds": kind_rows(found.counts)}
    return desk_page(request, "desk/privacy/certificate.html", context)
