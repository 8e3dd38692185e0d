"""Send a strict Content-Security-Policy header with every response.

The settings have the names of Django 6.0's, whose own middleware can then replace this one.
"""

import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from clinic.accounts.staff_area import STAFF_PATHS

NONCE = "<nonce>"


def policy(directives: dict[str, list[str]], nonce: str = "") -> str:
    """Return the header's value; the NONCE placeholder becomes the nonce, or is left out if there is none."""
    parts = []
    for name, sources in directives.items():
        values = [f"'nonce-{nonce}'" if source == NONCE else source for source in sources if source != NONCE or nonce]
        parts.append(" ".join([name, *values]))
    return "; ".join(parts)


class ContentSecurityPolicyMiddleware:
    """Set ``request.csp_nonce`` (generated on first use) and the response's policy.

    A view sets ``response.csp_styles`` to the hashes of the page's inline styles, or ``response.csp`` to all
    directives of a page that needs others than its neighbours.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        nonces: list[str] = []

        def nonce() -> str:
            if not nonces:
                nonces.append(secrets.token_urlsafe(18))
            return nonces[0]

        request.csp_nonce = SimpleLazyObject(nonce)  # type: ignore[attr-defined]
        response = self.get_response(request)
        is_staff_path = request.path.startswith(STAFF_PATHS)
        usual = settings.SECURE_CSP_ADMIN if is_staff_path else settings.SECURE_CSP
        directives = getattr(response, "csp", usual)
        if styles := getattr(response, "csp_styles", None):
            directives = directives | {"style-src": [*directives["style-src"], *styles]}
        response.headers.setdefault("Content-Security-Policy", policy(directives, nonces[0] if nonces else ""))
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
