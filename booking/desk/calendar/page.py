"""The calendar with a panel beside it: what its views and those of the panels' forms have in common.

A view loads the page, builds a panel and renders both. A form that was refused does the same, so that the calendar
stays in view: ``render_page(load_page(request, back), panel, status=422)``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from booking.desk.calendar.board import Board
from booking.desk.calendar.load import ATTENDED, load_board, local_today, now_cell
from booking.desk.calendar.opening import closes_at
from booking.desk.calendar.params import (
    DAY_VIEW,
    VIEWS,
    CalendarParams,
    parse_day,
    parse_params,
    shown_days,
)
from booking.desk.calendar.version import calendar_version
from booking.desk.calendar.view_settings import chosen_people, has_low_rows
from booking.models import AccessLogEntry, Appointment, Location, Practitioner, Status
from booking.privacy.access_log import Person, log_view, not_shown_since
from booking.staff.access import desk_counts, desk_page, own_practitioner, visible_notes

# The page's own requests for what has changed: their access log entries begin with the first view's, which this names.
REFRESH_HEADER = "X-Desk-Refresh"


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
    version: str  # Read before the rows, so that a change in between is found by the next check.
    practitioners: list[Practitioner]  # All who may be chosen, also those without a column.

    @property
    def is_refresh(self) -> bool:
        """Whether the page asks by itself, and nobody's keyboard or mouse."""
        return REFRESH_HEADER in self.request.headers

    @property
    def log_kind(self) -> AccessLogEntry.Kind:
        return AccessLogEntry.Kind.WEEK if self.params.is_week else AccessLogEntry.Kind.DAY

    @property
    def print_url(self) -> str:
        week = "&week=1" if self.params.is_week else ""
        return f"{reverse('desk:print')}?{urlsplit(self.params.closed_url).query}{week}"

    @property
    def people_links(self) -> list[tuple[Practitioner, str]]:
        """The week of each practitioner."""
        return [(person, self.params.week_url(person)) for person in self.practitioners]

    @property
    def people_choices(self) -> list[tuple[Practitioner, bool]]:
        """Everyone, and whether they have a column."""
        shown = {column.practitioner for column in self.board.columns}
        return [(person, person in shown) for person in self.practitioners]

    @property
    def today_url(self) -> str:
        return self.params.url(day=self.today, **self.params.kept_panel)

    @property
    def book_url(self) -> str:
        """The panel that books at any time of this day."""
        return self.params.panel_url("book")

    @property
    def may_book(self) -> bool:
        return self.may("add_appointment") and (self.may("view_patient") or self.may("change_patient"))

    def may(self, *permissions: str) -> bool:
        """Whether the user has all these permissions of booking: ``page.may("add_appointment")``."""
        return self.request.user.has_perms(f"booking.{name}" for name in permissions)  # type: ignore[union-attr]


@dataclass(frozen=True)
class Numbers:
    """The numbers of the day or the week."""

    booked: int
    here: int
    done: int
    no_show: int
    first_visits: int
    cancelled: int
    free: timedelta
    free_today: timedelta
    working: timedelta
    filled: timedelta

    @property
    def percent_filled(self) -> int:
        return round(100 * (self.filled / self.working)) if self.working else 0


def load_page(request: HttpRequest, query: QueryDict, view: str = DAY_VIEW) -> CalendarPage:
    """Load the calendar that these parameters show."""
    now = timezone.now()
    user: Any = request.user
    version = calendar_version(get_user_model().objects.filter(pk=user.pk), now=now)
    locations: list[Location] = request.locations  # type: ignore[attr-defined]  # Of the middleware.
    today = local_today(locations, now)
    own = own_practitioner(request)
    people = [own] if own else _practitioners(shown_days(parse_day(query, today), view))
    params = parse_params(query, today=today, locations=locations, practitioners=people, view=view)
    shown = _shown(request, params, people)
    board = load_board(
        days=params.days,
        day=params.day,
        practitioners=shown,
        not_shown=[person for person in people if person not in shown and not params.is_week],
        locations=[params.location] if params.location else locations,
        now=now,
        shows_cancelled=params.shows_cancelled,
        sees_reasons=own is not None or user.has_perm("booking.view_timeoff"),
        sees_waitlist=user.has_perm("booking.view_waitlistentry"),
        notes=visible_notes(request),
    )
    return CalendarPage(request, params, board, now, today, locations, version or "", people)


def _practitioners(days: Sequence[date]) -> list[Practitioner]:
    """All who are active, and those who are not but have visits on these days."""
    visits = Appointment.objects.filter(practitioner=OuterRef("pk"), local_on__in=days, status__in=ATTENDED)
    return list(Practitioner.objects.filter(Q(is_active=True) | Exists(visits)))


def _shown(request: HttpRequest, params: CalendarParams, people: list[Practitioner]) -> list[Practitioner]:
    """Who has columns: in the week one, in the day those whom the login chose and whom the address names."""
    if params.is_week:
        return [params.person] if params.person else []
    chosen = chosen_people(request, people)
    return [person for person in people if person in chosen or person == params.with_]


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
        practitioners=list(Practitioner.objects.all()),
        view=view,
    )
    return params.url(**changes)


def render_page(page: CalendarPage, panel: Panel, *, status: int = 200) -> HttpResponse:
    """Render the calendar with the panel, and record whom they show.

    A refresh gets only what may have changed, and is recorded only for people who were not shown yet.
    """
    people = [*page.board.people, *panel.people]
    if page.is_refresh:
        first = page.request.headers[REFRESH_HEADER]
        log_view(page.request, page.log_kind, not_shown_since(page.request, people, first=first))
        context = {**desk_counts(page.request), **_context(page, panel), "first_entry": first}
        return render(page.request, "desk/calendar/refresh.html", context)
    entry = log_view(page.request, page.log_kind, people)
    context = {**_context(page, panel), "first_entry": entry.pk if entry else ""}
    return desk_page(page.request, "desk/calendar/day.html", context, status=status)


def _context(page: CalendarPage, panel: Panel) -> dict[str, Any]:
    params, board = page.params, page.board
    place = params.location or (page.locations[0] if len(page.locations) == 1 else None)
    return {
        "section": "calendar",
        "page": page,
        "params": params,
        "board": board,
        "today": page.today,
        "locations": page.locations,
        "location_links": [(place, params.url(location=place)) for place in page.locations],
        "now": page.now.astimezone(page.locations[0].zone) if page.locations else page.now,
        "now_cell": now_cell(board, page.locations, page.now),
        "numbers": count_board(board, page.today),
        "desk_closes": closes_at(place, params.day, board.closures[params.day]) if place else None,
        "has_low_rows": has_low_rows(page.request),
        "may_change": page.may("change_appointment"),
        "panel": panel.template,
        **panel.context,
    }


def count_board(board: Board, today: date) -> Numbers:
    statuses = [visit.status for visit in board.visits]
    nothing = timedelta(0)
    return Numbers(
        booked=len(statuses) - statuses.count(Status.CANCELLED),
        here=statuses.count(Status.ARRIVED),
        done=statuses.count(Status.FULFILLED),
        no_show=statuses.count(Status.NOSHOW),
        first_visits=sum(bool(visit.is_first_visit) for visit in board.visits if visit.status != Status.CANCELLED),
        cancelled=statuses.count(Status.CANCELLED),
        free=sum((column.free for column in board.columns), nothing),
        free_today=sum((column.free for column in board.columns if column.on == today), nothing),
        working=sum((column.working for column in board.columns), nothing),
        filled=sum((column.filled for column in board.columns), nothing),
    )
