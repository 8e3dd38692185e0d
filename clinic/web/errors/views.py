"""Error views: 400, 403, 404 and failed CSRF checks; the office has versions in its own frame."""

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.views.defaults import page_not_found, permission_denied

from clinic.web.errors.office import office_error


def bad_request(request: HttpRequest, exception: Exception, status: int = 400) -> HttpResponse:
    """Render the page for a malformed request.

    The public page is without any data of the request: not even its host can be trusted.
    """
    context = {"heading": gettext("That didn't work")}
    office = office_error(request, "admin/errors/400.html", status, context) if status == 400 else None
    if office is not None:
        return office
    return HttpResponse(render_to_string("400.html"), status=status)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Render the 403 page."""
    context = {"heading": gettext("You can't open this page")}
    return office_error(request, "admin/errors/403.html", 403, context) or permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Render the 404 page, or one that needs no database if the database fails."""
    try:
        context = {"heading": gettext("We can't find that page")}
        return office_error(request, "admin/errors/404.html", 404, context) or page_not_found(request, exception)
    except Error:
        return HttpResponse(render_to_string("404_plain.html"), status=404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Render the page for a missing or expired CSRF token, with what was typed and a new token where it can."""
    context = {"again": request.get_full_path(), "typed": typed_values(request)}
    heading = {"heading": gettext("Please send the form again")}
    office = office_error(request, "admin/errors/403_csrf.html", 403, context | heading)
    if office is not None:
        return office
    response = render(request, "403_csrf.html", context, status=403)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def typed_values(request: HttpRequest) -> list[tuple[str, str]]:
    """The names and values of the form, to be sent again; empty where it must not be offered.

    Only for a form of this site: another site could let its visitors send values of its own with one press. No
    passwords, and no form with files, which cannot be sent again.
    """
    if not _is_from_this_site(request) or request.FILES:
        return []
    if any("password" in name for name in request.POST):
        return []
    return [(name, value) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"]


def _is_from_this_site(request: HttpRequest) -> bool:
    """Whether the browser says that the form was sent from a page of this site."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    return origin == f"{request.scheme}://{request.get_host()}"
