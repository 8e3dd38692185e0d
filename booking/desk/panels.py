"""Which panel the calendar's address names: ``?do=``, a visit, a gap, or else what is next.

``PANELS`` holds the panels of ``?do=``. Each takes the page, and returns None if its parameters name nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.utils.translation import gettext

from booking.desk.appointments.cancel import cancel_panel
from booking.desk.appointments.visit import visit_panel
from booking.desk.blocks.away_panel import AWAY, VISITS, away_panel, visits_panel
from booking.desk.blocks.block_panel import BLOCK, block_panel
from booking.desk.booking.panel import OPEN, book_panel
from booking.desk.calendar.board import CalendarBlock
from booking.desk.calendar.page import CalendarPage, Panel
from booking.desk.keys import keys_panel
from booking.desk.my_day.late_panel import LATE, late_links, late_panel
from booking.desk.notes.on_visit import note_panel, own_note_panel
from booking.desk.visit_times.move import move_panel
from booking.desk.visit_times.rebook import rebook_panel
from booking.desk.visit_times.repeat import series_panel
from booking.models import Appointment, Status, WaitlistEntry

NEXT_SHOWN = 3
WAITING_SHOWN = 5

PANELS: dict[str, Callable[[CalendarPage], Panel | None]] = {
    OPEN: book_panel,
    BLOCK: block_panel,
    AWAY: away_panel,
    VISITS: visits_panel,
    LATE: late_panel,
    "move": move_panel,
    "cancel": cancel_panel,
    "rebook": rebook_panel,
    "series": series_panel,
    "note": note_panel,
    "ownnote": own_note_panel,
    "keys": keys_panel,
}
NO_PANEL = Panel("")


@dataclass(frozen=True)
class WaitingRow:
    """A person on the waitlist and the first gap that they could take."""

    entry: WaitlistEntry
    gap: CalendarBlock
    url: str


def chosen_panel(page: CalendarPage) -> Panel:
    """The panel that the address names, or what is next."""
    panel = None
    if build := PANELS.get(page.params.do):
        panel = build(page)
    if panel is None and page.params.appointment:
        panel = visit_panel(page)
        if panel is None:
            messages.warning(page.request, gettext("No appointment has this reference."))
    elif panel is None and page.params.with_ and page.params.at:
        panel = book_panel(page)
        if panel is None:
            messages.info(page.request, gettext("This gap is no longer free."))
    return panel or (NO_PANEL if page.params.is_week else rest_panel(page))


def rest_panel(page: CalendarPage) -> Panel:
    """Nothing is chosen: who comes next, and who on the waitlist could take a gap."""
    waits = (Status.BOOKED, Status.ARRIVED)
    coming = [visit for visit in page.board.visits if visit.status in waits and _is_next(visit, page)]
    rows: dict[int, WaitingRow] = {}
    for column in page.board.columns:
        for gap in column.gaps:
            for entry in gap.waiting:
                url = page.params.url(day=column.on, with_=column.practitioner, at=gap.starts_at.time())
                rows.setdefault(entry.pk, WaitingRow(entry, gap, url))
    waiting = [rows[entry.pk] for entry in page.board.waiting.entries if entry.pk in rows]
    to_rebook = _not_rebooked(page)
    context = {
        "keys_url": page.params.url(do="keys"),
        "late_links": late_links(page),
        "to_rebook": [(visit, _rebook_url(page, visit)) for visit in to_rebook],
        "next_visits": sorted(coming, key=lambda visit: visit.starts_at)[:NEXT_SHOWN],
        "waiting_rows": waiting[:WAITING_SHOWN],
        "waiting_total": len(waiting),
        "may_mark": page.may("change_appointment") or page.may("keep_own_day"),
    }
    return Panel("desk/calendar/_rest.html", context, [row.entry for row in waiting[:WAITING_SHOWN]])


def _is_next(visit: Appointment, page: CalendarPage) -> bool:
    """Whether the patient is expected, or is here and waits."""
    return visit.starts_at > page.now or (visit.status == Status.BOOKED and visit.ends_at > page.now)


def _not_rebooked(page: CalendarPage) -> list[Appointment]:
    """Who did not come today and has no visit ahead."""
    if page.params.day != page.today:
        return []
    missed = [visit for visit in page.board.visits if visit.status == Status.NOSHOW]
    ahead = Appointment.objects.upcoming(now=page.now).filter(patient__in=[visit.patient_id for visit in missed])
    rebooked = set(ahead.values_list("patient_id", flat=True)) if missed else set()
    return [visit for visit in missed if visit.patient_id not in rebooked]


def _rebook_url(page: CalendarPage, visit: Appointment) -> str:
    return page.params.panel_url("rebook", day=visit.local_on, appointment=visit.reference)
