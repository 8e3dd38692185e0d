"""Panels of blocked time: one block with the visits inside, and the visits ahead of one person's day."""

from django.db.models import QuerySet

from booking import scheduling
from booking.desk.blocks.access import blockable
from booking.desk.blocks.block_panel import span_in_words
from booking.desk.blocks.forms import SpanForm
from booking.desk.blocks.inside import call_list, load_inside
from booking.desk.calendar.absences import reason_of
from booking.desk.calendar.page import CalendarPage, Panel
from booking.models import Appointment, TimeOff
from booking.scheduling import BlockSpan
from booking.staff.access import own_practitioner, visible_visits

AWAY, VISITS = "away", "visits"  # Of ``?do=``.


def away_panel(page: CalendarPage, form: SpanForm | None = None) -> Panel | None:
    """Who is away and why, what was blocked with it in one go, and the visits inside all of it."""
    row = find_block(page, page.params.block)
    if row is None:
        return None
    batch = _visible_blocks(page).filter(batch=row.batch).select_related("practitioner")
    rows = list(batch.order_by("starts_on", "practitioner__position", "pk")) if row.batch else [row]
    visits = scheduling.visits_inside(scheduling.absences_of(rows), now=page.now)
    inside = load_inside(visits, now=page.now)
    sees_reason = own_practitioner(page.request) is not None or page.may("view_timeoff")
    context = {
        "absence": row,
        "when": span_in_words(span_of(row)),
        "why": reason_of(row) if sees_reason else "",
        "others": [(other, span_in_words(span_of(other))) for other in rows if other != row],
        "inside": inside,
        "call_list": call_list(inside),
        "can_ask": any(row.can_be_asked for row in inside),
        "may_block": bool(blockable(page.request, [row.practitioner])),
        "sees_reason": sees_reason,
        "may_block_all": len(blockable(page.request, [other.practitioner for other in rows])) == len(rows),
        "form": form or SpanForm(initial=_values(row)),
        **_permissions(page),
    }
    return Panel("desk/blocks/_away.html", context, visits)


def visits_panel(page: CalendarPage) -> Panel | None:
    """The visits ahead of one person on the calendar's day, to be given away, moved or cancelled."""
    if page.params.with_ is None:
        return None
    rows = visible_visits(page.request).upcoming(now=page.now)
    rows = rows.filter(practitioner=page.params.with_, local_on=page.params.day)
    visits: list[Appointment] = list(
        rows.select_related("patient", "practitioner", "service", "location", "room").order_by("starts_at", "pk")
    )
    inside = load_inside(visits, now=page.now)
    context = {
        "person": page.params.with_,
        "inside": inside,
        "call_list": call_list(inside),
        "can_ask": any(row.can_be_asked for row in inside),
        "may_block": bool(blockable(page.request, [page.params.with_])),
        "block_url": page.params.url(do="block"),
        **_permissions(page),
    }
    return Panel("desk/blocks/_visits.html", context, visits)


def find_block(page: CalendarPage, pk: int) -> TimeOff | None:
    """The time off with this primary key, if its practitioner is one whom the user may see."""
    return _visible_blocks(page).filter(pk=pk).select_related("practitioner").first() if pk else None


def span_of(row: TimeOff) -> BlockSpan:
    return BlockSpan(row.starts_on, row.start_time, row.ends_on, row.end_time)


def _visible_blocks(page: CalendarPage) -> QuerySet[TimeOff]:
    own = own_practitioner(page.request)
    return TimeOff.objects.filter(practitioner=own) if own else TimeOff.objects.all()


def _permissions(page: CalendarPage) -> dict[str, bool]:
    may_change = page.may("change_appointment")
    return {"may_change_visits": may_change, "may_ask": may_change or page.may("keep_own_day")}


def _values(row: TimeOff) -> dict[str, object]:
    names = ("starts_on", "start_time", "ends_on", "end_time", "kind", "note")
    return {name: getattr(row, name) for name in names}
