"""The page of a report: its parts, each with a heading, a chart or none, and a table."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.formatting import month_and_year, short_day
from booking.reports.charts import Bar, BarChart, ColumnChart, column_chart, share_of, size, written
from booking.reports.periods import ReportPeriod
from booking.reports.report import Report, Table
from booking.reports.small_numbers import Hidden
from booking.reports.time_filled import hours

WIDE_TABLE, WIDE_CHART = 6, 9  # columns

# The tables by the names of their CSV files.
TABLES: dict[str, Callable[[Report], Table]] = {
    "weeks": lambda report: report.weeks,
    "time": lambda report: report.time,
    "booking": lambda report: report.booking,
    "new-patients": lambda report: report.new_patients,
    "origins": lambda report: report.origins,
    "visits": lambda report: report.outcomes,
    "cancellations": lambda report: report.reasons,
    "first-free-times": lambda report: report.waits,
    "messages": lambda report: report.messages,
    "page-feedback": lambda report: report.answers,
}
_HEADINGS = {
    "visits": gettext_lazy("Visits by person and service"),
    "weeks": gettext_lazy("Visits over time"),
    "time": gettext_lazy("Time filled, by person"),
    "booking": gettext_lazy("Online booking"),
    "new-patients": gettext_lazy("New patients"),
    "origins": gettext_lazy("Where bookings start"),
    "cancellations": gettext_lazy("Why visits were cancelled"),
    "first-free-times": gettext_lazy("Days until the first free time"),
    "messages": gettext_lazy("Reminders and the waitlist"),
    "page-feedback": gettext_lazy("Did this page help?"),
}
_NOTES = {
    "visits": gettext_lazy("By the day of the visit. Late: after the time until which patients may cancel online."),
    "time": gettext_lazy(
        "Booked time as a share of the time open for booking. Breaks, time off and closed days are left out."
    ),
    "booking": gettext_lazy("Counted on our own server, in whole numbers. No one is followed."),
    "new-patients": gettext_lazy("By the day of the first visit, without those that were cancelled."),
    "origins": gettext_lazy("The page on which “Book” was pressed, by the day of the booking."),
    "first-free-times": gettext_lazy(
        "On average of the days with a free time, as patients saw it. Measured once a day."
    ),
    "page-feedback": gettext_lazy("By month: all of each month that the period touches."),
}


@dataclass(frozen=True)
class ReportPart:
    """``key``: the name of its CSV file, and of its place on the page."""

    key: str
    heading: str
    note: str
    table: Table
    columns: ColumnChart | None = None
    bars: BarChart | None = None
    legend: tuple[tuple[str, str], ...] = ()

    @property
    def is_wide(self) -> bool:
        """Whether it needs the width of the page."""
        return len(self.table.columns) > WIDE_TABLE or (
            self.columns is not None and len(self.columns.columns) > WIDE_CHART
        )

    @property
    def is_folded(self) -> bool:
        """Whether the table is below a chart that says the same."""
        return self.columns is not None or self.bars is not None


def sections_of(report: Report) -> list[ReportPart]:
    """The parts of the page that have anything to show."""
    return [section for key in TABLES if (section := _section(report, key)).table.rows]


def _section(report: Report, key: str) -> ReportPart:
    table = TABLES[key](report)
    charts: dict[str, Callable[[Report], BarChart | ColumnChart]] = {
        "weeks": _weeks,
        "time": _time,
        "booking": _steps,
        "new-patients": _new_patients,
    }
    chart = charts[key](report) if key in charts and table.rows else None
    legend = ((_("Held"), "held"), (_("No-show"), "missed"), (_("Cancelled"), "cancelled")) if key == "weeks" else ()
    return ReportPart(
        key,
        str(_HEADINGS[key]),
        str(_NOTES.get(key, "")),
        table,
        columns=chart if isinstance(chart, ColumnChart) else None,
        bars=chart if isinstance(chart, BarChart) else None,
        legend=legend,
    )


def _weeks(report: Report) -> ColumnChart:
    rows = [row[1:] for row in report.weeks.body]
    labels = [_label(span, earlier) for span, earlier in zip(report.spans, [None, *report.spans], strict=False)]
    held, missed = (written(report.visit_totals[name]) for name in ("held", "no_show"))
    sentence = _("Bars of the visits in each week or month. In all, %(held)s were held and %(missed)s were no-shows.")
    return column_chart(
        sentence % {"held": held, "missed": missed},
        labels,
        [row[:3] for row in rows],  # type: ignore[misc]
        [row[3] for row in rows],  # type: ignore[misc]
        ("held", "missed", "cancelled"),
    )


def _label(span: ReportPeriod, earlier: ReportPeriod | None) -> str:
    """Of a week "Nov 2", or "9" in the same month; of a month "Nov"."""
    name = short_day(span.first_on).partition(", ")[2]
    if span.days > 7:
        return name.partition(" ")[0]
    return str(span.first_on.day) if earlier and earlier.first_on.month == span.first_on.month else name


def _new_patients(report: Report) -> ColumnChart:
    counts = [row[1] for row in report.new_patients.rows]
    labels = [_label(month, None).partition(" ")[0] for month in report.months]
    sentence = _("Bars of the new patients of each month. In %(month)s: %(count)s.") % {
        "month": month_and_year(report.months[-1].first_on),
        "count": written(counts[-1]),  # type: ignore[arg-type]
    }
    return column_chart(sentence, labels, [[count] for count in counts], counts, ("held",))  # type: ignore[list-item, arg-type]


def _time(report: Report) -> BarChart:
    bars = []
    for row in report.time_rows:
        note = _("%(booked)s of %(open)s h") % {"booked": hours(row.booked), "open": hours(row.open)}
        if row.share is None:
            bars.append(Bar(row.name, _("no hours"), 0.0, note))
        else:
            bars.append(Bar(row.name, f"{row.share:.0%}", min(100.0, round(100 * row.share, 1)), note))
    total = report.time_total.share
    sentence = _("Bars of how much of each person's open time was booked.")
    if total is not None:
        sentence += " " + _("Of everyone's, %(share)s.") % {"share": f"{total:.0%}"}
    return BarChart(sentence, bars)


def _steps(report: Report) -> BarChart:
    """The steps to a booking, each with how many went on from the one before. Refusals stand in the table."""
    steps = [(row[0], row[1]) for row in report.booking.rows[:4]]
    most = max(size(count) for _name, count in steps)  # type: ignore[arg-type]
    bars: list[Bar] = []
    before: object = None
    for name, count in steps:
        note = ""
        if isinstance(before, int) and isinstance(count, int) and not isinstance(before, Hidden) and count <= before:
            note = _("%(share)s go on") % {"share": f"{count / before:.0%}"} if before else ""
        kind = "goal" if len(bars) == len(steps) - 1 else ""
        bars.append(Bar(str(name), written(count), share_of(count, most), note, kind))  # type: ignore[arg-type]
        before = count
    opened, booked = bars[0].value, bars[-1].value
    sentence = _("Bars of the steps of online booking. “Choose a time” was opened %(opened)s times, %(booked)s booked.")
    return BarChart(sentence % {"opened": opened, "booked": booked}, bars)


def period_in_words(period: ReportPeriod) -> str:
    """November 1 to 29, 2026; November 1, 2026 to January 31, 2027."""
    first, last = period.first_on, period.last_on
    start = month_and_year(first).replace(" ", f" {first.day}, ")
    if first == last:
        return start
    end = month_and_year(last).replace(" ", f" {last.day}, ")
    if (first.year, first.month) == (last.year, last.month):
        end = f"{last.day}, {last.year}"
    if first.year == last.year:
        start = start.rpartition(",")[0]
    return _("%(first)s to %(last)s") % {"first": start, "last": end}
