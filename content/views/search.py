"""Search results. The form is sent by GET: no cookie, no token, and queries are not stored."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from content.pages.rendering import render_page
from content.search.query import search


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """Show one page of results for ``?q=`` and ``&page=``.

    Queries can be about somebody's health: the response is not cached, not indexed, and its URL is not sent as referrer
    to other sites.
    """
    answer = search(request.GET.get("q", ""), page=request.GET.get("page", ""), now=timezone.now())
    crumbs = [("Home", reverse("content:home")), ("Search", "")]
    response = render_page(request, "content/search.html", answer=answer, crumbs=crumbs)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "same-origin"
    return response
