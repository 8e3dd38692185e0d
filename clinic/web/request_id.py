"""Give each request an id, which stands in its log lines, in its response and on the page for an error."""

import re
import secrets
from collections.abc import Callable

from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from clinic.ops.logs.request_ids import current_request_id, set_request_id
from clinic.web.proxies import is_trusted

HEADER = "X-Request-ID"
_VALID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)


def request_id_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Take the id from X-Request-ID if a trusted proxy sent a valid one, or make one.

    Comes before ``trusted_proxy_middleware``, which replaces the proxy's address by the client's.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        sent = str(request.META.pop("HTTP_X_REQUEST_ID", ""))
        is_usable = _VALID.fullmatch(sent) and is_trusted(request.META.get("REMOTE_ADDR", ""))
        set_request_id(sent if is_usable else secrets.token_hex(16))
        response = get_response(request)
        response.headers[HEADER] = current_request_id()
        return response

    return middleware


@receiver(request_finished, dispatch_uid="clinic.web.request_id")
def forget_request_id(**kwargs: object) -> None:
    """Clear the id after the response: Django logs some responses after the last middleware."""
    set_request_id("")
