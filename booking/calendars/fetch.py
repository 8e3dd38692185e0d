"""Fetch a practitioner's own calendar: a secret address (ICS), or CalDAV (RFC 4791)."""

import base64
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from django.conf import settings

from booking.calendars.problems import CalendarUnreadable, Problem
from booking.outbound_http import Answer, DownloadFailed, DownloadFailure, OutboundRequest, address_in, download

_PROBLEMS = {
    DownloadFailure.NOT_AN_ADDRESS: Problem.ADDRESS,
    DownloadFailure.NOT_ENCRYPTED: Problem.ADDRESS,
    DownloadFailure.NOT_PUBLIC: Problem.NOT_PUBLIC,
    DownloadFailure.NO_HOST: Problem.NO_HOST,
    DownloadFailure.NO_ANSWER: Problem.NO_ANSWER,
    DownloadFailure.CERTIFICATE: Problem.CERTIFICATE,
    DownloadFailure.REDIRECTS: Problem.REDIRECTS,
    DownloadFailure.TOO_BIG: Problem.TOO_BIG,
}
# A server without free-busy queries refuses them with one of these, or answers with something else.
_NO_FREE_BUSY = {400, 403, 404, 405, 409, 415, 422, 500, 501}

TIME_LIMIT = 20.0  # seconds for all requests of a reading

_FREE_BUSY = """<?xml version="1.0" encoding="utf-8"?>
<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:time-range start="{begin}" end="{end}"/>
</C:free-busy-query>"""
_QUERY = """<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:prop><C:calendar-data><C:expand start="{begin}" end="{end}"/></C:calendar-data></D:prop>
<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="{begin}" end="{end}"/>
</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"""


@dataclass(frozen=True)
class CalendarAccess:
    """What opens a calendar, decrypted. CalDAV if there is a login."""

    address: str = field(repr=False)
    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    is_caldav: bool = False


@dataclass(frozen=True)
class FetchedCalendar:
    """``content`` None: unchanged since ``etag``. ``is_multistatus``: the XML of a CalDAV query."""

    content: bytes | None = field(repr=False)
    etag: str = ""
    is_multistatus: bool = False


def fetch(access: CalendarAccess, *, begin: datetime, end: datetime, etag: str = "") -> FetchedCalendar:
    """Fetch the calendar; with CalDAV, its times between ``begin`` and ``end`` only. Raises CalendarUnreadable."""
    return _fetch_by_caldav(access, begin, end) if access.is_caldav else _fetch_file(access, etag)


def _fetch_file(access: CalendarAccess, etag: str) -> FetchedCalendar:
    headers = {"Accept": "text/calendar, */*;q=0.5"} | ({"If-None-Match": etag} if etag else {})
    answer = _send(OutboundRequest(access.address, headers=headers))
    if answer.status == 304 and etag:
        return FetchedCalendar(None, etag)
    return FetchedCalendar(_successful(answer).body, answer.etag)


def _fetch_by_caldav(access: CalendarAccess, begin: datetime, end: datetime) -> FetchedCalendar:
    """Ask for busy times alone first (RFC 4791, 7.10), so that the server keeps the titles to itself."""
    ends_at = time.monotonic() + TIME_LIMIT
    answer = _report(access, _FREE_BUSY, begin, end, ends_at)
    if answer.status == 200 and b"BEGIN:VFREEBUSY" in answer.body:
        return FetchedCalendar(answer.body)
    if answer.status not in {200, 207, *_NO_FREE_BUSY}:
        _successful(answer)
    answer = _successful(_report(access, _QUERY, begin, end, ends_at))
    if answer.status != 207:
        raise CalendarUnreadable(Problem.NOT_A_CALENDAR)
    return FetchedCalendar(answer.body, is_multistatus=True)


def _report(access: CalendarAccess, body: str, begin: datetime, end: datetime, ends_at: float) -> Answer:
    query = body.format(begin=_utc(begin), end=_utc(end))
    token = base64.b64encode(f"{access.login}:{access.password}".encode()).decode("ascii")
    return _send(
        OutboundRequest(
            access.address,
            "REPORT",
            query.encode(),
            {"Content-Type": "application/xml; charset=utf-8", "Depth": "1"},
            {"Authorization": f"Basic {token}"},
        ),
        ends_at - time.monotonic(),
    )


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _send(request: OutboundRequest, time_limit: float = TIME_LIMIT) -> Answer:
    try:
        return download(
            request,
            user_agent=f"ClinicCalendar/1.0 (+{settings.SITE_URL}/)",
            resolve=partial(address_in, settings.CALENDAR_NETWORKS),
            allows_http=settings.DEBUG or bool(settings.CALENDAR_NETWORKS),
            time_limit=time_limit,
        )
    except DownloadFailed as error:
        raise CalendarUnreadable(_PROBLEMS[error.failure]) from None


def _successful(answer: Answer) -> Answer:
    if answer.status in {200, 207}:
        return answer
    if answer.status in {401, 403}:
        raise CalendarUnreadable(Problem.REFUSED)
    if answer.status in {404, 410}:
        raise CalendarUnreadable(Problem.NOT_FOUND)
    raise CalendarUnreadable(Problem.SERVER)
