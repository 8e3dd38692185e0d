"""Read one external calendar, and store its busy times."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from urllib.parse import unquote

from django.conf import settings
from django.db.models import Max

from booking import scheduling
from booking.availability import Interval, instant
from booking.calendars.expand import expand
from booking.calendars.fetch import CalendarAccess, fetch
from booking.calendars.practitioner_feed import feed_uid
from booking.calendars.problems import CalendarUnreadable, Problem
from booking.calendars.secret_text import Undecryptable, decrypt, encrypt, is_current
from booking.models import Appointment, BusyTime, ExternalCalendar, Location, Practitioner, Service

INTERVAL = timedelta(minutes=10)
DAYS_BACK = timedelta(days=1)
DEFAULT_HORIZON = 90  # days, while no service is set up
_ETAG = re.compile(r"[\x20-\x7e]{0,200}")  # What a server sends otherwise is not kept: the calendar is read wholly.
SECRETS = ("secret_address", "secret_login", "secret_password")


@dataclass(frozen=True)
class Reading:
    """What a calendar says. ``busy`` None: as it was read last."""

    busy: list[Interval] | None
    covers_until: datetime
    etag: str = ""
    skipped: int = 0


def window(now: datetime) -> tuple[datetime, datetime]:
    """From yesterday to the last day that patients can book, in any time zone."""
    longest = Service.objects.filter(is_active=True).aggregate(days=Max("horizon_days"))["days"] or DEFAULT_HORIZON
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    return today - DAYS_BACK, today + timedelta(days=longest + 2)


def look(access: CalendarAccess, practitioner: Practitioner, *, now: datetime, known: str = "") -> Reading:
    """Fetch the calendar and work out its busy times. Takes up to 50 seconds, so never call it in a transaction.

    ``known``: the ETag of the last reading, if that covered the same days. Raises CalendarUnreadable.
    """
    begin, end = window(now)
    fetched = fetch(access, begin=begin, end=end, etag=known)
    if fetched.content is None:
        return Reading(None, end, fetched.etag)
    question = {
        "zone": _zone_of(practitioner),
        "begin": int(begin.timestamp()),
        "end": int(end.timestamp()),
        "own": _own_addresses(access, practitioner),
        "ignored": _uids_of_visits(practitioner, begin, end),
        "is_multistatus": fetched.is_multistatus,
    }
    busy, skipped = expand(fetched.content, question)
    return Reading(busy, end, fetched.etag, skipped)


def read(calendar: ExternalCalendar, *, now: datetime) -> bool:
    """Read a stored calendar; returns whether that worked. If not, its busy times stay as they are."""
    _begin, end = window(now)
    try:
        access = access_of(calendar)
        known = calendar.etag if calendar.covers_until == end else ""
        store(calendar, look(access, calendar.practitioner, now=now, known=known), now=now)
    except CalendarUnreadable as error:
        ExternalCalendar.objects.filter(pk=calendar.pk).update(
            last_tried_at=now, last_problem=error.problem, next_read_at=now + INTERVAL
        )
        return False
    return True


def access_of(calendar: ExternalCalendar) -> CalendarAccess:
    """Raises CalendarUnreadable if it cannot be decrypted."""
    try:
        address, login, password = (decrypt(getattr(calendar, name)) for name in SECRETS)
    except Undecryptable:
        raise CalendarUnreadable(Problem.SECRET) from None
    return CalendarAccess(address, login, password, calendar.kind == ExternalCalendar.Kind.CALDAV)


def store(calendar: ExternalCalendar, reading: Reading, *, now: datetime) -> None:
    """Replace the busy times, under the practitioner's lock: nobody books a time while it is being blocked.

    Does nothing if the calendar was removed meanwhile.
    """
    with scheduling.practitioners_locked([calendar.practitioner_id]):
        current = ExternalCalendar.objects.filter(pk=calendar.pk).first()
        if current is None:
            return
        if reading.busy is not None:
            _replace_busy_times(current, reading.busy)
            current.skipped = reading.skipped
        current.etag = reading.etag if _ETAG.fullmatch(reading.etag) else ""
        current.covers_until = reading.covers_until
        current.last_read_at = current.last_tried_at = now
        current.last_problem = ""
        current.next_read_at = now + INTERVAL
        for name in SECRETS:
            if not is_current(getattr(current, name)):  # SECRET_KEY has changed.
                setattr(current, name, encrypt(decrypt(getattr(current, name))))
        current.save()


def _replace_busy_times(calendar: ExternalCalendar, busy: Collection[Interval]) -> None:
    """Write only what differs: most readings change nothing."""
    wanted = {(instant(begin), instant(end)) for begin, end in busy}
    stored = {(begin, end): pk for pk, begin, end in calendar.busy_times.values_list("pk", "starts_at", "ends_at")}
    gone = [pk for span, pk in stored.items() if span not in wanted]
    for start in range(0, len(gone), 500):
        BusyTime.objects.filter(pk__in=gone[start : start + 500]).delete()
    rows = [BusyTime(calendar=calendar, starts_at=begin, ends_at=end) for begin, end in wanted - set(stored)]
    BusyTime.objects.bulk_create(rows, batch_size=500)


def _zone_of(practitioner: Practitioner) -> str:
    """The zone of the place where the practitioner works, for times without one and whole days."""
    hours = practitioner.working_hours.select_related("location").order_by("location__position", "pk").first()
    place = hours.location if hours else Location.objects.first()
    return place.time_zone if place else settings.TIME_ZONE


def _own_addresses(access: CalendarAccess, practitioner: Practitioner) -> list[str]:
    """Email addresses of the practitioner, to know the invitations that they declined.

    Google's address of a calendar holds its owner's.
    """
    user = practitioner.user
    in_path = [part for part in unquote(access.address).split("/") if "@" in part]
    return [text for text in (practitioner.email, user.email if user else "", access.login, *in_path) if "@" in text]


def _uids_of_visits(practitioner: Practitioner, begin: datetime, end: datetime) -> list[str]:
    """UIDs of the practitioner's visits in files and feeds of this site.

    A copy in the own calendar must not block the time once the visit is cancelled or moved.
    """
    rows = Appointment.objects.filter(practitioner=practitioner, starts_at__lt=end, ends_at__gt=begin).order_by()
    return [text for uid in rows.values_list("uid", flat=True) for text in (str(uid), feed_uid(uid))]
