"""The five tiles at the top: each a number, and how it has changed."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking.reports.charts import written
from booking.reports.report import Report
from booking.reports.small_numbers import Hidden, Shown, people
from booking.reports.time_filled import hours

UP, DOWN = "▲", "▼"
GOOD, BAD = "good", "bad"


@dataclass(frozen=True)
class TileChange:
    """``sign`` says the direction, ``tone`` whether that is good or bad for the clinic."""

    sign: str
    words: str
    tone: str


@dataclass(frozen=True)
class Tile:
    label: str
    value: str
    note: str = ""
    change: TileChange | None = None


def tiles_of(report: Report) -> list[Tile]:
    before = report.totals_before
    held, no_shows, new = (report.visit_totals[name] for name in ("held", "no_show", "new"))
    return [
        _counted(_("Visits held"), held, people(before.held), in_percent=True),
        _time_filled(report),
        _no_shows(report, held, no_shows),
        _counted(_("New patients"), new, report.new_before, in_percent=False),
        _waitlist(report),
    ]


def _counted(label: str, now: Shown, before: Shown, *, in_percent: bool) -> Tile:
    note = _("from %(before)s") % {"before": written(before)}
    if isinstance(now, Hidden) or isinstance(before, Hidden) or now == before or (in_percent and not before):
        return Tile(label, written(now), note)
    difference = abs(now - before)
    words = f"{difference / before:.0%}" if in_percent else f"{difference:,}"
    change = TileChange(UP if now > before else DOWN, words, GOOD if now > before else BAD)
    return Tile(label, written(now), note, change)


def _time_filled(report: Report) -> Tile:
    total, label = report.time_total, _("Time filled")
    if total.share is None:
        return Tile(label, "–", _("No hours to compare with"))
    note = _("of %(hours)s h") % {"hours": hours(total.open)}
    value, before = f"{total.share:.0%}", report.totals_before
    if not report.open_before:
        return Tile(label, value, note)
    points = round(100 * total.share) - round(100 * (before.length / report.open_before))
    words = ngettext("%(points)s point", "%(points)s points", abs(points)) % {"points": abs(points)}
    change = TileChange(UP if points > 0 else DOWN, words, GOOD if points > 0 else BAD) if points else None
    return Tile(label, value, note, change)


def _no_shows(report: Report, held: Shown, missed: Shown) -> Tile:
    """The number, its share of the visits that were held or missed, and what the share was before."""
    label, before = _("No-shows"), report.totals_before
    if isinstance(missed, Hidden) or isinstance(held, Hidden) or not held + missed:
        return Tile(label, written(missed))
    share = missed / (held + missed)
    note = f"{share:.1%}"
    if not before.expected or isinstance(people(before.no_shows), Hidden) or isinstance(people(before.held), Hidden):
        return Tile(label, written(missed), note)
    share_before = before.no_shows / before.expected
    note += ", " + _("from %(before)s") % {"before": f"{share_before:.1%}"}
    if round(share, 3) == round(share_before, 3):
        return Tile(label, written(missed), note)
    change = TileChange(UP, "", BAD) if share > share_before else TileChange(DOWN, "", GOOD)
    return Tile(label, written(missed), note, change)


def _waitlist(report: Report) -> Tile:
    offered, taken = report.shown_offers
    return Tile(_("Waitlist filled"), written(taken), _("of %(offers)s times offered") % {"offers": written(offered)})
