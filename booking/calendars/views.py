"""The view of a practitioner's calendar feed."""

import hashlib

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from booking import tokens
from booking.calendars.practitioner_feed import appointments_of, feed_of
from booking.models import AccessLogEntry
from booking.privacy.access_log import log_view
from booking.private_pages import private_page


@private_page
@require_safe
def practitioner(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar feed; 304 if it is unchanged, 404 if the token is invalid or revoked."""
    owner = tokens.practitioner_for(token)
    if owner is None:
        raise Http404
    appointments = appointments_of(owner, now=timezone.now())
    content = feed_of(owner, appointments)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8", headers={"ETag": etag})
    response.headers["Content-Disposition"] = 'inline; filename="visits.ics"'
    response = get_conditional_response(request, etag=etag, response=response) or response
    if response.status_code == 200:
        # The path holds the token, which opens the feed.
        log_view(request, AccessLogEntry.Kind.FEED, appointments, page=f"Calendar feed of {owner}")
    return response
