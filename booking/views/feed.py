"""A practitioner's calendar, for the programs that subscribe to it."""

import hashlib

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from booking import tokens
from booking.feeds import feed_of
from booking.views.privacy import private_page


@private_page
@require_safe
def practitioner(request: HttpRequest, token: str) -> HttpResponse:
    """Their visits; 304 if they are as they were, 404 for an address that is revoked or was never one."""
    found = tokens.practitioner_for(token)
    if found is None:
        raise Http404
    content = feed_of(found, now=timezone.now())
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8", headers={"ETag": etag})
    response.headers["Content-Disposition"] = 'inline; filename="visits.ics"'
    unchanged = get_conditional_response(request, etag=etag, response=response)
    return unchanged or response
