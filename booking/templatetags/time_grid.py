"""The radio buttons of free times: a hundred and more on a page, each the same few elements."""

from collections.abc import Iterable
from html import escape
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from booking.words import clock

register = template.Library()
_RADIO = (
    '<label class="time"><input class="time__input" type="radio" name="start" value="{value}" id="{id}"{checked}>'
    ' <span class="time__pill"><span class="visually-hidden">{before}</span>{clock}'
    '<span class="visually-hidden">{after}</span>{person}</span></label>\n'
)
_PERSON = ' <span class="time__person" aria-hidden="true">{}</span>'


@register.simple_tag
def radios(choices: Iterable[Any]) -> SafeString:
    """The starts of one day (``board.Choice`` rows). What is heard of each is its whole sentence.

    Not a template, which would take ten times as long.
    """
    return mark_safe(  # noqa: S308
        "".join(
            _RADIO.format(
                value=escape(choice.value),
                id=choice.input_id,
                checked=" checked" if choice.is_chosen else "",
                before=escape(choice.before),
                clock=clock(choice.local),
                after=escape(choice.after),
                person=_PERSON.format(escape(choice.other_person)) if choice.other_person else "",
            )
            for choice in choices
        )
    )
