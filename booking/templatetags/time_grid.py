"""What stands on a page of free times a hundred times and more: radio buttons, and when each person is free first."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from html import escape
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from booking.models import Location
from booking.words import at, clock, day, day_without_year

register = template.Library()
_RADIO = (
    '<label class="time"><input class="time__input" type="radio" name="start" value="{value}" id="{id}"{checked}>'
    ' <span class="time__pill"><span class="visually-hidden">{before}</span>{clock}'
    '<span class="visually-hidden">{after}</span>{person}</span></label>\n'
)
NO_BREAK = "\N{NO-BREAK SPACE}"
_PERSON = ' <span class="time__person" aria-hidden="true">{}</span>'


@register.simple_tag
def first_free(free_at: datetime | None, place: Location) -> str:
    """When somebody is free first, on the place's clock: as often on a page as there are people.

    "10:30 am" is held together by its space, not by an element, which would move when the typeface comes.
    """
    if free_at is None:
        return "No free time online"
    local = at(free_at, place)
    return f"Next free: {day_without_year(local)}, {clock(local).replace(' ', NO_BREAK)}"


@register.simple_tag
def radios(on: date, choices: Iterable[Any]) -> SafeString:
    """The starts of one day (``board.Choice`` rows). What is heard of each is its whole sentence.

    Not a template, which would take ten times as long. Most starts last as long and are with the same people.
    """
    before, safe = escape(f"{day(on)}, "), cache(escape)
    return mark_safe(  # noqa: S308
        "".join(
            _RADIO.format(
                value=escape(choice.value),
                id=choice.input_id,
                checked=" checked" if choice.is_chosen else "",
                before=before,
                clock=clock(choice.local),
                after=safe(choice.after),
                person=_PERSON.format(escape(choice.other_person)) if choice.other_person else "",
            )
            for choice in choices
        )
    )
