"""Serve uploaded pictures if no reverse proxy does."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a file under MEDIA_ROOT as immutable: file names contain a hash of the content."""
    request.META.pop("HTTP_ACCEPT_ENCODING", None)  # Pictures are compressed already: no gzip.
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    if response.status_code == 200:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
