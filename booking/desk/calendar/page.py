"""The calendar with a panel beside it: what its views and those of the panels' forms have in common.

A view loads the page, builds a panel and renders both. A form that was refused does the same, so that the calendar
stays in view: ``render_page(load_page(request, back), panel, status=422)``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone

from booking.desk.calendar.board import Board
from booking.desk.calendar.load import load_board, local_today, now_cell
from booking.desk.calendar.params import DAY_VIEW, NO_PANEL, VIEWS, CalendarParams, parse_params
from booking.models import AccessLogEntry, Location, Practitioner, Status
from booking.privacy.access_log import Person, log_view
from booking.staff.access import desk_page, own_practitioner


@dataclass(frozen=True)
class Panel:
    """What stands beside the calendar; ``people`` are those whom it names besides the calendar's visits."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    people: Sequence[Person] = ()


@dataclass(frozen=True)
class CalendarPage:
    """One request's calendar: its address, its rows and the clock."""

    request: HttpRequest
    params: CalendarParams
    board: Board
    now: datetime
    today: date
    locations: list[Location]
    practitioners: list[Practitioner]

    @property
    def today_url(self) -> str:
        return self.params.url(day=self.today, **NO_PANEL)

    @property
    def book_url(self) -> str:
        """The panel that books at any time of this day."""
        return self.params.url(**{**NO_PANEL, "do": "book"})

    @property
    def may_book(self) -> bool:
        return self.may("add_appointment") and (self.may("view_patient") or self.may("change_patient"))

    def may(self, *permissions: str) -> bool:
        """Whether the user has all these permissions of booking: ``page.may("add_appointment")``."""
        return self.request.user.has_perms(f"booking.{name}" for name in permissions)  # type: ignore[union-attr]


@dataclass(frozen=True)
class Numbers:
    """The numbers of the day."""

    booked: int
    here: int
    done: int
    no_show: int
    first_visits: int
    cancelled: int
    free: timedelta


def load_page(request: HttpRequest, query: QueryDict, view: str = DAY_VIEW) -> CalendarPage:
    """Load the calendar that these parameters show."""
    now = timezone.now()
    locations = list(Location.objects.all())
    own = own_practitioner(request)
    people = [own] if own else list(Practitioner.objects.active())
    today = local_today(locations, now)
    params = parse_params(query, today=today, locations=locations, practitioners=people, view=view)
    board = load_board(
        days=[params.day],
        practitioners=people,
        locations=[params.location] if params.location else locations,
        now=now,
        shows_cancelled=params.shows_cancelled,
        sees_reasons=own is not None or request.user.has_perm("booking.view_timeoff"),  # type: ignore[union-attr]
        sees_waitlist=request.user.has_perm("booking.view_waitlistentry"),  # type: ignore[union-attr]
    )
    return CalendarPage(request, params, board, now, today, locations, people)


def page_behind(request: HttpRequest, url: str = "") -> CalendarPage:
    """Load the calendar from which a form was sent: the address in its field ``back``, or ``url``, else today."""
    address = urlsplit(url or request.POST.get("back", ""))
    view = next((name for name in VIEWS if reverse(name) == address.path), DAY_VIEW)
    return load_page(request, QueryDict(address.query[:2000]), view)


def back_url(request: HttpRequest, **changes: Any) -> str:
    """The calendar's address in the field ``back``, with these changes: where to go after a form was obeyed.

    Built anew from its parameters, so that it cannot lead elsewhere.
    """
    address = urlsplit(request.POST.get("back", ""))
    view = next((name for name in VIEWS if reverse(name) == address.path), DAY_VIEW)
    locations = list(Location.objects.all())
    params = parse_params(
        QueryDict(address.query[:2000]),
        today=local_today(locations, timezone.now()),
        locations=locations,
        practitioners=list(Practitioner.objects.active()),
        view=view,
    )
    return params.url(**changes)


def render_page(page: CalendarPage, panel: Panel, *, status: int = 200) -> HttpResponse:
    """Render the calendar with the panel, and record whom they show."""
    context = {
        "section": "calendar",
        "page": page,
        "params": page.params,
        "board": page.board,
        "today": page.today,
        "locations": page.locations,
        "location_links": [(place, page.params.url(location=place)) for place in page.locations],
        "now": page.now.astimezone(page.locations[0].zone) if page.locations else page.now,
        "now_cell": now_cell(page.board, page.params.day, page.locations, page.now),
        "numbers": count_day(page.board),
        "panel": panel.template,
        **panel.context,
    }
    log_view(page.request, AccessLogEntry.Kind.DAY, [*page.board.visits, *panel.people])
    return desk_page(page.request, "desk/calendar/day.html", context, status=status)


def count_day(board: Board) -> Numbers:
    statuses = [visit.status for visit in board.visits]
    return Numbers(
        booked=len(statuses) - statuses.count(Status.CANCELLED),
        here=statuses.count(Status.ARRIVED),
        done=statuses.count(Status.FULFILLED),
        no_show=statuses.count(Status.NOSHOW),
        first_visits=sum(bool(visit.is_first_visit) for visit in board.visits if visit.status != Status.CANCELLED),
        cancelled=statuses.count(Status.CANCELLED),
        free=sum((gap.length for column in board.columns for gap in column.gaps), timedelta(0)),
    )
