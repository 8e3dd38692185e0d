"""A report: its tables, each computed when it is first used, so that a CSV file costs its own queries only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking.models import BookedFrom, BookingStepCount, Channel
from booking.reports import online_booking, page_numbers, visits
from booking.reports.periods import ReportPeriod, add_months
from booking.reports.scope import Scope
from booking.reports.small_numbers import Hidden, Place, Shown, people, protect, shown_rows
from booking.reports.time_filled import TimeFilled, hours, time_filled
from booking.statistics.pages import PageFacts, page_facts

NEW_MONTHS = 6

Cell = str | int | Decimal | Hidden | None


@dataclass(frozen=True)
class Table:
    """One form for the page, for paper and for CSV files.

    ``labels``: how many columns at the left are words. ``has_total``: the last row adds up the others.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    labels: int = 1
    has_total: bool = False

    @property
    def body(self) -> Sequence[Sequence[Cell]]:
        return self.rows[:-1] if self.has_total else self.rows

    @property
    def foot(self) -> Sequence[Cell]:
        return self.rows[-1] if self.has_total and self.rows else []


class Report:
    """The figures of a scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    # Visits

    @cached_property
    def visit_groups(self) -> list[visits.VisitGroup]:
        return visits.visit_groups(self.scope)

    @cached_property
    def _day_groups(self) -> list[visits.DayGroup]:
        return visits.day_groups(self.scope, [self.scope.period, self.before, *self.months])

    @cached_property
    def before(self) -> ReportPeriod:
        return self.scope.period.compared_with

    @cached_property
    def totals_before(self) -> visits.Totals:
        return visits.totals_of(self._day_groups, self.before)

    @cached_property
    def _people_rows(self) -> dict[tuple[str, str], visits.VisitNumbers]:
        return visits.by_person_and_service(self.visit_groups)

    @cached_property
    def _shown_visits(self) -> list[list[Shown]]:
        return shown_rows(page_numbers.VISITS, self._visit_rows, self._hidden)

    @cached_property
    def _visit_rows(self) -> list[list[int]]:
        rows = [numbers.row() for numbers in self._people_rows.values()]
        return [*rows, self._everyone.row()]

    @cached_property
    def _everyone(self) -> visits.VisitNumbers:
        return visits.VisitNumbers(self.visit_groups)

    @cached_property
    def _week_rows(self) -> list[list[int]]:
        return [[*row, sum(row)] for row in visits.outcomes_by_span(self._day_groups, self.spans)]

    @cached_property
    def _reasons(self) -> dict[str, tuple[int, int]]:
        return visits.cancellation_reasons(self.visit_groups)

    @property
    def _reason_rows(self) -> list[tuple[int, int]]:
        rows = list(self._reasons.values())
        return [*rows, (sum(row[0] for row in rows), sum(row[1] for row in rows))]

    @cached_property
    def _hidden(self) -> dict[Place, Hidden]:
        """The numbers of visits that no table and no tile shows."""
        return page_numbers.hidden_numbers(visits=self._visit_rows, weeks=self._week_rows, reasons=self._reason_rows)

    def _shown_new(self, period: ReportPeriod) -> Shown:
        """The new patients of a month or of the period before; of the period itself as in the table of visits."""
        if period.has_days_of(self.scope.period):
            return self.visit_totals["new"]
        return people(visits.totals_of(self._day_groups, period).new)

    @property
    def new_before(self) -> Shown:
        return self._shown_new(self.before)

    @cached_property
    def visit_totals(self) -> dict[str, Shown]:
        """The totals that the table of visits shows, by column."""
        return dict(zip(visits.VISIT_COLUMNS, self._shown_visits[-1], strict=True))

    @cached_property
    def outcomes(self) -> Table:
        """By practitioner and service: what became of the visits, who was new, and what the held ones cost."""
        held = visits.VISIT_COLUMNS.index("held")
        names = [*self._people_rows, (_("Everyone"), _("All services"))]
        fees = [numbers.fees for numbers in (*self._people_rows.values(), self._everyone)]
        rows = [
            # A fee tells how many visits were held.
            (*name, *row, row[held] if isinstance(row[held], Hidden) else fee)
            for name, row, fee in zip(names, self._shown_visits, fees, strict=True)
        ]
        columns = [
            _("Person"), _("Service"), _("Booked"), _("Held"), _("No-shows"), _("Cancelled in time"),
            _("Cancelled late"), _("Ahead or not marked"), _("New patients"), _("Returning"), _("Not said"), _("Fees"),
        ]  # fmt: skip
        return Table(columns, rows if len(rows) > 1 else [], labels=2, has_total=True)

    @cached_property
    def spans(self) -> list[ReportPeriod]:
        return visits.spans_of(self.scope.period)

    @cached_property
    def weeks(self) -> Table:
        rows = self._week_rows
        shown = shown_rows(page_numbers.WEEKS, rows, self._hidden)
        names = [*(span.first_on.isoformat() for span in self.spans), _("Together")]
        columns = [_("From"), _("Held"), _("No-shows"), _("Cancelled"), _("All")]
        cells = [[name, *row] for name, row in zip(names, shown, strict=True)]
        return Table(columns, cells if rows[-1][3] else [], has_total=True)

    @cached_property
    def reasons(self) -> Table:
        """Cancelled visits by reason. The totals are those of the table of visits."""
        found = self._reasons
        shown = shown_rows(page_numbers.REASONS, self._reason_rows, self._hidden)
        names = [*(name or _("No reason given") for name in found), _("Together")]
        cells = [[name, *row] for name, row in zip(names, shown, strict=True)]
        return Table([_("Reason"), _("In time"), _("Late")], cells if found else [], has_total=True)

    @cached_property
    def months(self) -> list[ReportPeriod]:
        """The last months, up to that of the period's end."""
        last = self.scope.period.last_on
        firsts = [add_months(last.replace(day=1), -number) for number in reversed(range(NEW_MONTHS))]
        return [ReportPeriod(first, min(add_months(first, 1) - timedelta(days=1), last)) for first in firsts]

    @cached_property
    def new_patients(self) -> Table:
        rows = [[f"{month.first_on:%Y-%m}", self._shown_new(month)] for month in self.months]
        return Table([_("Month"), _("New patients")], rows if any(row[1] for row in rows) else [])

    # Time

    @cached_property
    def _time(self) -> tuple[list[TimeFilled], timedelta]:
        return time_filled(self.scope, self.visit_groups, self.before)

    @property
    def time_rows(self) -> list[TimeFilled]:
        return self._time[0]

    @property
    def open_before(self) -> timedelta:
        return self._time[1]

    @cached_property
    def time_total(self) -> TimeFilled:
        rows = self._time[0]
        open_time = sum((row.open for row in rows), timedelta(0))
        booked = sum((row.booked for row in rows), timedelta(0))
        return TimeFilled(_("Everyone"), open_time, booked, sum(row.visits for row in rows))

    @cached_property
    def time(self) -> Table:
        rows = [self._time_row(row) for row in (*self.time_rows, self.time_total)]
        columns = [_("Person"), _("Hours open"), _("Hours booked"), _("Filled")]
        return Table(columns, rows if len(rows) > 1 else [], has_total=True)

    @staticmethod
    def _time_row(row: TimeFilled) -> list[Cell]:
        share = None if row.share is None else f"{row.share:.0%}"
        return [row.name, hours(row.open), hours(row.booked), share]

    # Online booking

    @cached_property
    def _counts(self) -> online_booking.BookingCounts:
        return online_booking.BookingCounts(self.scope)

    @cached_property
    def _pages(self) -> list[PageFacts]:
        return page_facts(self.scope.period.first_on, self.scope.period.last_on)

    @cached_property
    def booking(self) -> Table:
        rows = [[str(step.label), people(self._counts.steps(step))] for step in BookingStepCount.Step]
        return Table([_("Step"), _("How often")], rows if any(row[1] for row in rows) else [])

    @cached_property
    def origins(self) -> Table:
        found = online_booking.origins(self.scope)
        titles = {page.name: page.title for page in self._pages}
        rows = [(row.bookings, row.first, row.bookings - row.first) for row in found]
        together = [sum(row[column] for row in rows) for column in range(3)]
        # Those who have been here before stand in no column, and are the difference of the others.
        shown = [row[:2] for row in protect([*rows, together], [(0, (1, 2))])]
        names = [*(_origin_in_words(row.name, titles) for row in found), _("Together")]
        cells = [[name, *row] for name, row in zip(names, shown, strict=True)]
        return Table([_("Page"), _("Bookings"), _("First visits")], cells if found else [], has_total=True)

    @property
    def shown_offers(self) -> tuple[Shown, Shown]:
        """The times that were offered to people who wait, and those that were taken."""
        counts = self._counts
        row = [counts.offered, counts.taken, counts.offered - counts.taken]
        shown = protect([[0, 0, 0], row], [(0, (1, 2))])[-1]
        return shown[0], shown[1]

    @cached_property
    def messages(self) -> Table:
        reminded = self._counts.reminded
        offered, taken = self.shown_offers
        rows: list[list[Cell]] = [
            [_("Visits with a reminder by email"), people(reminded(Channel.EMAIL))],
            [_("Visits with a reminder by text message"), people(reminded(Channel.TEXT))],
            [_("Patients who said “I'll be there”"), people(sum(group.confirmed for group in self.visit_groups))],
            [_("Times offered to people on the waitlist"), offered],
            [_("Offers that were taken"), taken],
        ]
        return Table([_("What"), _("How often")], rows if any(row[1] for row in rows) else [])

    @cached_property
    def waits(self) -> Table:
        found = online_booking.first_free_times(self.scope)
        rows = [(row.practitioner, row.service, _wait_in_words(row), _full_days(row)) for row in found]
        return Table([_("Person"), _("Service"), _("Days"), _("No free time")], rows, labels=2)

    @cached_property
    def answers(self) -> Table:
        answered = [page for page in self._pages if page.answers]
        most_first = sorted(answered, key=lambda page: (-page.answers, page.title))
        rows = [(page.title, people(page.helped), people(page.did_not_help)) for page in most_first]
        return Table([_("Page"), _("It helped"), _("Something was missing")], rows)


def _wait_in_words(wait: online_booking.Wait) -> str:
    return _("always full") if wait.days is None else f"{wait.days:.1f}"


def _full_days(wait: online_booking.Wait) -> str:
    days = {"full": wait.full, "days": wait.measured}
    return ngettext("on %(full)s of %(days)s day", "on %(full)s of %(days)s days", wait.measured) % days


def _origin_in_words(name: str, titles: dict[str, str]) -> str:
    if name in BookedFrom.values:
        return str(BookedFrom(name).label)
    return titles.get(name) or name or _("Not known: straight to booking")
