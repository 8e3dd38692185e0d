"""Send a strict Content-Security-Policy with every page.

Settings carry Django 6.0's names, so that moving there means deleting this file.
"""

import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

NONCE = "<nonce>"


def policy(directives: dict[str, list[str]], nonce: str = "") -> str:
    """The header's text; a placeholder becomes the nonce, or vanishes when no nonce was used."""
    parts = []
    for name, sources in directives.items():
        words = [f"'nonce-{nonce}'" if word == NONCE else word for word in sources if word != NONCE or nonce]
        parts.append(" ".join([name, *words]))
    return "; ".join(parts)


class ContentSecurityPolicyMiddleware:
    """Sets ``request.csp_nonce`` (made when first used) and the response's policy.

    A response's ``csp_styles`` are hashes of styles that its page shows besides the stylesheets.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        made: list[str] = []

        def nonce() -> str:
            if not made:
                made.append(secrets.token_urlsafe(18))
            return made[0]

        request.csp_nonce = SimpleLazyObject(nonce)  # type: ignore[attr-defined]
        response = self.get_response(request)
        in_office = request.path.startswith(("/admin/", "/staff/"))
        directives = settings.SECURE_CSP_ADMIN if in_office else settings.SECURE_CSP
        if styles := getattr(response, "csp_styles", None):
            directives = directives | {"style-src": [*directives["style-src"], *styles]}
        response.headers.setdefault("Content-Security-Policy", policy(directives, made[0] if made else ""))
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
