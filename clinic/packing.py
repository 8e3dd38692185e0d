"""Pages that are made anew for each visitor leave packed, as kept ones do (``clinic/page_cache.py``)."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PackPagesMiddleware(GZipMiddleware):
    """Pack HTML only: pictures, fonts and stylesheets are packed already, and files go out piece by piece.

    A page with a form's token may be packed: Django masks the token anew in each answer and adds a random
    number of bytes, so that its length tells a listener nothing (the BREACH attack).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = not response.streaming and response.get("Content-Type", "").startswith("text/html")
        # What may be kept is kept unpacked, and packed in each browser's encoding once.
        if not is_page or hasattr(response, "keep"):
            return response
        return super().process_response(request, response)
