"""The page with what was found. A form that is sent by GET: no cookie, no token, nothing is kept."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from content.search.finding import search
from content.showing import show


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """``?q=`` holds the words, ``&page=`` which ten. What people search for can be about their health: no cache
    keeps the answer, no search engine lists it, and its address goes to no other site."""
    answer = search(request.GET.get("q", ""), page=request.GET.get("page", ""), now=timezone.now())
    crumbs = [("Home", reverse("content:home")), ("Search", "")]
    response = show(request, "content/search.html", answer=answer, crumbs=crumbs)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "same-origin"
    return response
