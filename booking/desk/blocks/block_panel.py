"""The panel "Block time": who, when, why, and the visits inside before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from django.http import QueryDict

from booking import scheduling
from booking.availability import TimeOffSpan
from booking.desk.blocks.access import blockable, may_block_everyone
from booking.desk.blocks.forms import PRESETS, BlockForm, preset_span
from booking.desk.blocks.inside import VisitInside, load_inside
from booking.desk.calendar.page import CalendarPage, Panel
from booking.formatting import clock, short_day
from booking.scheduling import BlockSpan

BLOCK = "block"  # Of ``?do=``.
DEFAULT_PRESET = "hour"


@dataclass(frozen=True)
class Preview:
    """What a valid form would block."""

    span: BlockSpan
    inside: list[VisitInside]

    @property
    def seen(self) -> str:
        return ",".join(str(row.visit.pk) for row in self.inside)

    @property
    def emailed(self) -> int:
        return sum(row.can_be_asked for row in self.inside)

    @property
    def can_be_given(self) -> bool:
        return any(row.free for row in self.inside)

    @property
    def words(self) -> str:
        return span_in_words(self.span)

    @property
    def words_with_day(self) -> str:
        is_one_day = self.span.starts_on == self.span.ends_on
        return f"{short_day(self.span.starts_on)}, {self.words}" if is_one_day else self.words


def block_panel(page: CalendarPage, form: BlockForm | None = None) -> Panel | None:
    """The panel with a form as it was sent, or else with the gap, the person and the preset of the address."""
    people = blockable(page.request, page.practitioners)
    if not people:
        return None
    if form is None:
        form, preview = _filled_in(page, people)
    elif form.is_bound:
        preview = preview_of(page, form) if form.is_valid() else None
    else:
        preview = unbound_preview(page, form)
    context = {
        "form": form,
        "people": people,
        "may_change_visits": page.may("change_appointment"),
        "preview": preview,
        "is_today": page.params.day == page.today,
        "may_block_everyone": may_block_everyone(page.request),
    }
    return Panel("desk/blocks/_block.html", context, [row.visit for row in preview.inside] if preview else [])


def block_form(page: CalendarPage, data: Mapping[str, Any] | None = None, **kwargs: Any) -> BlockForm:
    people = blockable(page.request, page.practitioners)
    return BlockForm(data, people=people, may_block_everyone=may_block_everyone(page.request), **kwargs)


def with_preset(page: CalendarPage, data: QueryDict) -> BlockForm:
    """The form as it was sent, with the times of the preset that was pressed. It shows no errors yet."""
    sent = block_form(page, data)
    sent.is_valid()
    initial = {
        "who": data.getlist("who"),
        "everyone": bool(data.get("everyone")),
        "kind": data.get("kind", ""),
        "note": data.get("note", ""),
        "weeks": data.get("weeks", "1"),
        **_preset_values(page, str(data["preset"]), typed=sent.cleaned_data.get("start_time")),
    }
    return block_form(page, initial=initial)


def preview_of(page: CalendarPage, form: BlockForm) -> Preview:
    """The visits inside of what a valid form would block, in all its weeks."""
    spans = [form.span.later(week) for week in range(form.week_count)]
    absences = [
        (person.pk, TimeOffSpan(span.starts_on, span.start_time, span.ends_on, span.end_time))
        for person in form.chosen
        for span in spans
    ]
    visits = scheduling.visits_inside(absences, now=page.now)
    return Preview(form.span, load_inside(visits, now=page.now, blocked=form.chosen))


def unbound_preview(page: CalendarPage, form: BlockForm) -> Preview | None:
    """The preview of a form that was not sent yet."""
    checked = block_form(page, form.initial)
    return preview_of(page, checked) if checked.is_valid() else None


def _filled_in(page: CalendarPage, people: list[Any]) -> tuple[BlockForm, Preview | None]:
    values = _preset_values(page, page.request.GET.get("preset", ""))
    chosen = page.params.with_ if page.params.with_ in people else people[0] if len(people) == 1 else None
    form = block_form(page, initial={"who": [chosen.slug] if chosen else [], "weeks": 1, **values})
    return form, unbound_preview(page, form)


def _preset_values(page: CalendarPage, preset: str, *, typed: time | None = None) -> dict[str, Any]:
    zone = page.locations[0].zone if page.locations else None
    preset = preset if preset in PRESETS else DEFAULT_PRESET
    return preset_span(preset, day=page.params.day, gap=page.params.at, typed=typed, now=page.now.astimezone(zone))


def span_in_words(span: BlockSpan) -> str:
    """2:00 p.m. to 6:30 p.m.; from 2:00 p.m. on; all day; with the days, if there are several."""
    if span.starts_on != span.ends_on:
        begins = f"{short_day(span.starts_on)}, {clock(span.start_time)}" if span.start_time else None
        ends = f"{short_day(span.ends_on)}, {clock(span.end_time)}" if span.end_time else None
        return f"{begins or short_day(span.starts_on)} to {ends or short_day(span.ends_on)}"
    if span.start_time and span.end_time:
        return f"{clock(span.start_time)} to {clock(span.end_time)}"
    if span.start_time:
        return f"from {clock(span.start_time)} on"
    return f"until {clock(span.end_time)}" if span.end_time else "all day"
