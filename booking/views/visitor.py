"""Who is booking: the network of a request, and what its session has proved."""

from dataclasses import replace
from datetime import datetime

from django.http import HttpRequest

from booking import rate_limits
from booking.scheduling import Visitor
from booking.views.session import BookingSession


def visitor_of(request: HttpRequest) -> Visitor:
    network = rate_limits.client_address(request)
    return Visitor(network=network, proved_email=BookingSession(request).proved_email, is_staff=not network)


def visitor_who_holds(request: HttpRequest, *, now: datetime) -> Visitor:
    """``visitor_of()`` for a hold. Counts holds for each proved address: one mailbox must not hold times without limit.

    Beyond that limit a visitor is treated as one who has proved nothing.
    """
    visitor = visitor_of(request)
    if visitor.proved_email and not visitor.is_staff:
        try:
            rate_limits.consume("hold by e-mail", visitor.proved_email.casefold(), now=now)
        except rate_limits.RateLimitExceeded:
            return replace(visitor, proved_email="")
    return visitor
