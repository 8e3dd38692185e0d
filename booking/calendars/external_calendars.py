"""Commands: add and remove a practitioner's own calendar, and read it now."""

from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext

from booking.calendars.fetch import CalendarAccess
from booking.calendars.problems import CalendarUnreadable
from booking.calendars.read import access_of, look, read, store
from booking.calendars.secret_text import encrypt
from booking.models import ExternalCalendar, Practitioner
from booking.privacy.change_log import Action, log_values
from booking.scheduling import Actor

MOST = 5  # Calendars of one practitioner.


class CalendarNotAdded(Exception):
    """Its text is for the reader."""


def may_manage(by: Actor, practitioner: Practitioner) -> bool:
    """Whether they may give and take away this practitioner's calendars: everyone's, or their own."""
    if not by.is_staff:
        return False
    if by.user.has_perm("booking.change_externalcalendar"):
        return True
    return by.user.has_perm("booking.block_own_time") and practitioner.user_id == by.user.pk


def add_calendar(
    *, practitioner: Practitioner, access: CalendarAccess, label: str = "", by: Actor, now: datetime
) -> ExternalCalendar:
    """Read the calendar, and store it with its busy times if that works.

    Raises CalendarUnreadable, or CalendarNotAdded.
    """
    _check(by, practitioner)
    _check_others(practitioner, access)
    reading = look(access, practitioner, now=now)
    kind = ExternalCalendar.Kind.CALDAV if access.is_caldav else ExternalCalendar.Kind.ICS
    calendar = ExternalCalendar(
        practitioner=practitioner,
        kind=kind,
        label=label,
        secret_address=encrypt(access.address),
        secret_login=encrypt(access.login) if access.is_caldav else "",
        secret_password=encrypt(access.password) if access.is_caldav else "",
        next_read_at=now,
        added_at=now,
        added_by=by.user,
    )
    with transaction.atomic():
        _check_others(practitioner, access)
        calendar.save(force_insert=True)
        # The address is a secret, and the log is kept for years: it holds the fact alone.
        log_values(by, calendar, {}, _logged(calendar), action=Action.ADDED)
    store(calendar, reading, now=now)
    calendar.refresh_from_db()
    return calendar


def remove_calendar(*, calendar: ExternalCalendar, by: Actor) -> None:
    """Delete the calendar with its address and busy times; these can be booked again. Raises CalendarNotAdded."""
    _check(by, calendar.practitioner)
    with transaction.atomic():
        log_values(by, calendar, _logged(calendar), {}, action=Action.REMOVED)
        calendar.delete()


def read_now(*, calendar: ExternalCalendar, by: Actor, now: datetime) -> bool:
    """Read the calendar; returns whether that worked. Raises CalendarNotAdded."""
    _check(by, calendar.practitioner)
    return read(calendar, now=now)


def host_of(calendar: ExternalCalendar) -> str:
    """The server's name, the only part of the address that is shown; "" if it cannot be decrypted."""
    try:
        return urlsplit(access_of(calendar).address).hostname or ""
    except CalendarUnreadable:
        return ""


def _check(by: Actor, practitioner: Practitioner) -> None:
    if not may_manage(by, practitioner):
        raise CalendarNotAdded(gettext("Your login may not do this with another person's calendars."))


def _check_others(practitioner: Practitioner, access: CalendarAccess) -> None:
    others = list(practitioner.external_calendars.all())
    if len(others) >= MOST:
        raise CalendarNotAdded(gettext("There are five calendars already. Remove one first."))
    for other in others:
        try:
            is_same = access_of(other) == access
        except CalendarUnreadable:
            continue
        if is_same:
            raise CalendarNotAdded(gettext("This calendar has been added already."))


def _logged(calendar: ExternalCalendar) -> dict[str, object]:
    return {"practitioner": calendar.practitioner_id, "kind": calendar.kind, "label": calendar.label}
