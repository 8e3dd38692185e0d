"""The pages for errors on our side, which need no database: 500, and 503 while the database or the disk is away.

Django calls ``server_error`` (``handler500``) while it handles the exception, whether a view or middleware raised it,
and ``bad_request`` (``handler400``) where the exception says that the request is to blame.
"""

import sys
from contextlib import suppress

from django.core.exceptions import SuspiciousOperation
from django.db import Error
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.translation import gettext

from booking.formatting import format_phone
from booking.models import Clinic
from booking.site_context import last_known_clinic
from clinic.accounts.staff_area import STAFF_PATHS
from clinic.ops.error_page import ClinicContact, contact_in_kept_page
from clinic.ops.outages import Outage, outage_log, outage_of
from clinic.web.errors import views
from clinic.web.errors.office import office_error

RETRY_AFTER = 120  # seconds


def known_contact() -> ClinicContact:
    """Return the clinic's name and phone as this process last read them, else as the kept error page says."""
    clinic = last_known_clinic()
    return contact_in_kept_page() if clinic is None else _contact_of(clinic)


def _contact_in_database() -> ClinicContact:
    """Read the clinic's name and phone: a database that is full or read-only still answers."""
    with suppress(Error):
        clinic = Clinic.objects.first()
        return ClinicContact() if clinic is None else _contact_of(clinic)
    return ClinicContact()


def _contact_of(clinic: Clinic) -> ClinicContact:
    phone = clinic.phone
    return ClinicContact(clinic.name, phone.as_rfc3966 if phone else "", format_phone(phone) if phone else "")


def server_error(request: HttpRequest) -> HttpResponse:
    """Render the 503 page if the error that Django handles is an outage, else the 500 page."""
    error = sys.exc_info()[1]
    outage = outage_of(error)
    if outage is None:
        html = render_to_string("500.html", {"contact": known_contact()})
        return HttpResponse(html, status=500, headers={"Cache-Control": "no-store"})
    outage_log.refused(outage, error)
    return service_unavailable(request, outage)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Render the page for a malformed request, or the 503 page if a session could not be saved in an outage."""
    outage = outage_of(exception)
    if outage is None:
        return views.bad_request(request, exception)
    outage_log.refused(outage, exception)
    return service_unavailable(request, outage)


def service_unavailable(request: HttpRequest, outage: Outage) -> HttpResponse:
    """Render the 503 page: for readers, for staff (in the office's frame if it can be read), or a line for htmx."""
    response = _page(request, outage)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _page(request: HttpRequest, outage: Outage) -> HttpResponse:
    if request.headers.get("HX-Request"):  # The desk's script shows words of its own and keeps the form as it is.
        return HttpResponse(f"{outage}.\n", status=503, content_type="text/plain")
    is_full = outage != Outage.AWAY
    is_store = outage == Outage.STORE
    heading = gettext("Pictures can't be saved just now") if is_store else gettext("Nothing can be saved just now")
    context = {"heading": heading, "is_full": is_full, "is_store": is_store}
    if is_full and (office := office_error(request, "admin/errors/503.html", 503, context)):
        return office
    contact = known_contact()
    if is_full and not contact.phone:
        contact = _contact_in_database()
    is_staff_path = request.path.startswith(STAFF_PATHS)
    typed = _typed(request)
    context |= {
        "contact": contact,
        "again": request.get_full_path() if request.method in {"GET", "HEAD"} or typed else "",
        "typed": typed,
        "is_post": request.method == "POST",
        "csrf_token": get_token(request) if typed else "",
    }
    template = "staff/503.html" if is_staff_path else "503.html"
    return HttpResponse(render_to_string(template, context), status=503)


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """What was typed into a small form of this site, to be sent again with one press."""
    if request.method != "POST" or request.content_type != "application/x-www-form-urlencoded":
        return []
    if "CSRF_COOKIE" not in request.META:  # Another token than in the cookie would be refused.
        return []
    try:
        return views.typed_values(request)
    except (SuspiciousOperation, UnreadablePostError):
        return []
