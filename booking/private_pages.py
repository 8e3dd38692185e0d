"""Decorator for pages with personal data: not cached, not indexed, no referrer to other sites."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.debug import sensitive_post_parameters
from django.views.defaults import page_not_found

View = Callable[..., HttpResponse]


def private_page(view: View) -> View:
    """Send ``no-store``, ``noindex`` and ``Referrer-Policy: same-origin``; also with a 404 response."""
    view = sensitive_post_parameters()(view)  # Error reports must not contain form values.

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404 as error:  # Handled here, or the 404 page would lack the headers below.
            response = page_not_found(request, error)
        add_never_cache_headers(response)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        # Not no-referrer: browsers would then send "Origin: null" with forms, which fails the CSRF check.
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response

    return wrapper
