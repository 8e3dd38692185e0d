"""Keep the pages that are about one visitor out of caches, search engines and other sites' logs."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.debug import sensitive_post_parameters
from django.views.defaults import page_not_found

View = Callable[..., HttpResponse]


def private_page(view: View) -> View:
    """No cache keeps the answer, no search engine lists it, and its address goes to no other site."""
    view = sensitive_post_parameters()(view)  # Nothing that is typed here may reach an error report.

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404 as problem:  # Answered here, or it would go without what follows.
            response = page_not_found(request, problem)
        add_never_cache_headers(response)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        # Not no-referrer: browsers would then send "Origin: null" with the forms, which are refused.
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response

    return answer
