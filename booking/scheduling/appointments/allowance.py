"""Stock cannot be taken away: how much visitors may take who have not verified their e-mail address.

Beyond it nobody is refused: a chosen time is not held, and a booking waits until it is confirmed by the link in an
e-mail, and takes no time until then. Call these under the lock of the practitioner.
"""

from datetime import datetime, timedelta
from ipaddress import ip_network

from booking import rate_limits
from booking.models import DEFAULT_UNVERIFIED_SHARE, Appointment, Clinic, parse_networks
from booking.scheduling.appointments.patient_matching import count_forms
from booking.scheduling.slots.bookable_time import bookable_time
from booking.scheduling.slots.schedules import Schedules

ALWAYS_HELD = 2  # visits of each practitioner's day
BOOKINGS_AT_ONCE = 2  # of one network in a day; four times as many of an IPv6 /48
_DAY = timedelta(days=1)
_SOURCE = "source"


def may_be_taken(visit: Appointment, network: str, *, now: datetime, hours: Schedules | None = None) -> bool:
    """Whether an unverified visitor may hold or book this time at once."""
    return not has_booked_enough(network, now=now) and leaves_enough(visit, now=now, hours=hours)


def leaves_enough(visit: Appointment, *, now: datetime, hours: Schedules | None = None) -> bool:
    """Whether enough of the practitioner's day can still be booked when an unverified visitor takes this time.

    What the day's visits can cover is compared with what they could cover without the holds and bookings of
    unverified visitors: at most the clinic's share of it may be gone, for each service that can be booked online.
    ``ALWAYS_HELD`` visits are free. ``hours``: the practitioner's hours of that day, if the lock's holder loaded them.
    """
    rows = Appointment.objects.unverified(now=now).filter(practitioner=visit.practitioner_id, local_on=visit.local_on)
    taken = list(rows.exclude(pk=visit.pk).order_by())
    if len(taken) < ALWAYS_HELD:
        return True
    share = Clinic.objects.values_list("unverified_share", flat=True).first()
    remaining = 100 - (DEFAULT_UNVERIFIED_SHARE if share is None else share)
    return all(
        time.after * 100 >= time.before * remaining
        for time in bookable_time(visit.practitioner_id, visit.local_on, [*taken, visit], now=now, hours=hours)
    )


def has_booked_enough(network: str, *, now: datetime) -> bool:
    """Whether a network has made all the bookings of a day (24 hours) that need no confirmation.

    A basket counts once.
    """
    if not network or _is_own_network(network):
        return False
    since = now - _DAY
    booked = Appointment.objects.filter(submission_key__isnull=False, created_at__gt=since).order_by()
    if count_forms(booked.filter(source=source_key(network))) >= BOOKINGS_AT_ONCE:
        return True
    site = rate_limits.site_network(network)
    return bool(site) and (
        count_forms(booked.filter(source_site=source_key(site))) >= BOOKINGS_AT_ONCE * rate_limits.SITE_FACTOR
    )


def _is_own_network(network: str) -> bool:
    named = Clinic.objects.values_list("own_networks", flat=True).first()
    if not named or network == rate_limits.UNKNOWN_NETWORK:
        return False
    visitors = ip_network(network)
    return any(own.version == visitors.version and own.overlaps(visitors) for own in parse_networks(named))


def set_source(appointment: Appointment, network: str) -> None:
    """Record the network that a time was chosen from, as keyed hashes. Does not save."""
    site = rate_limits.site_network(network)
    appointment.source = source_key(network) if network else ""
    appointment.source_site = source_key(site) if site else ""


def source_key(network: str) -> str:
    return rate_limits.bucket_key(_SOURCE, network)


def lock_key(network: str) -> rate_limits.RateLimitKey | None:
    """Key of the advisory lock that serializes the counts of one network: of a /48, if it is one of IPv6."""
    return (_SOURCE, rate_limits.site_network(network) or network) if network else None
