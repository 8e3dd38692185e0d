"""/desk/: the day as a grid, with a panel for a visit, a gap, or what is next."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from booking.desk.calendar.board import Board, load_board, local_today, now_cell
from booking.desk.calendar.panels import panel
from booking.desk.calendar.params import parse_params
from booking.models import AccessLogEntry, Location, Practitioner, Status
from booking.privacy.access_log import log_view
from booking.staff.access import desk_page, staff_page

ONE_DAY = timedelta(days=1)
NO_PANEL: dict[str, Any] = {"appointment": "", "with_": None, "at": None}


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


@require_safe
@staff_page("booking.view_appointment")
def day(request: HttpRequest) -> HttpResponse:
    """The day that ``?day=`` names, else today. The panel is part of the page, so it works without JavaScript."""
    now = timezone.now()
    locations = list(Location.objects.all())
    people = list(Practitioner.objects.active())
    today = local_today(locations, now)
    params = parse_params(request.GET, today=today, locations=locations, practitioners=people)
    board = load_board(
        days=[params.day],
        practitioners=people,
        locations=[params.location] if params.location else locations,
        now=now,
        shows_cancelled=params.shows_cancelled,
        sees_reasons=_may_see_reasons(request),
    )
    context = {
        "title": gettext("Calendar"),
        "section": "calendar",
        "now": now.astimezone(locations[0].zone) if locations else now,
        "toggle_cancelled": params.url(shows_cancelled=not params.shows_cancelled),
        "all_locations": params.url(location=None),
        "location_links": [(place, params.url(location=place)) for place in locations],
        "params": params,
        "board": board,
        "today": today,
        "locations": locations,
        "numbers": count_day(board),
        "now_cell": now_cell(board, params.day, locations, now),
        "yesterday": params.url(day=params.day - ONE_DAY, **NO_PANEL),
        "tomorrow": params.url(day=params.day + ONE_DAY, **NO_PANEL),
        "today_url": params.url(day=today, **NO_PANEL),
        **panel(request, board, params, now),
    }
    log_view(request, AccessLogEntry.Kind.DAY, [*board.visits, *context.get("people_in_panel", [])])
    return desk_page(request, "desk/calendar/day.html", context)


def _may_see_reasons(request: HttpRequest) -> bool:
    return request.user.has_perm("booking.view_timeoff")  # type: ignore[union-attr]


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
