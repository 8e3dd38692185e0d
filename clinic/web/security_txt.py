"""/.well-known/security.txt: where to report a vulnerability (RFC 9116)."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

LIFETIME = timedelta(days=180)  # RFC 9116, 2.5.5 recommends less than a year.


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Name the contact form, so that no e-mail address has to be public. It expires if the site is no longer run."""
    expires_at = (timezone.now() + LIFETIME).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: {settings.SITE_URL}{reverse('content:contact')}",
        f"Expires: {expires_at:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {settings.SITE_URL}{reverse('security_txt')}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
