"""The kinds of blocks, as the menu "Add a block here" describes them."""

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext

from content.blocks.first_words import missing_texts
from content.blocks.page_content import KINDS


def _purposes() -> dict[str, str]:
    return {
        "section": gettext("A heading and text. Most of a page is made of these."),
        "callout": gettext("A short note, tip or warning that stands out."),
        "leadlist": gettext("A list whose points can start with words in bold."),
        "numberedsections": gettext("Ideas or steps with a title and a number each."),
        "definitionlist": gettext("Words and what they mean."),
        "beforeduringafter": gettext("How a visit goes, in three parts."),
        "dolist": gettext("What helps and what to leave, side by side."),
        "risktable": gettext("What can go wrong, and how often."),
        "carecard": gettext("Who to call, and for which signs."),
        "questions": gettext("Questions whose answers open when they're pressed."),
        "placedpicture": gettext("A picture from the library, with words for it."),
        "calltoaction": gettext("A band with a button that books a service."),
        "personcard": gettext("Someone on the team, with a way to reach them."),
        "signpost": gettext("A card that leads to a page or to booking."),
        "snippethere": gettext("Text that several pages share."),
        "sources": gettext("The studies that [1] and [2] in the text stand for."),
    }


def block_kinds() -> dict[str, Any]:
    """Return the purpose of each kind and what to say of a missing field, as JSON data of the editor's scripts."""
    return {"purposes": _purposes(), "missing": missing_texts()}


def kind_choices(models: list[type[Any]]) -> list[tuple[str, str]]:
    """Return the kinds of these models as (name, label) with their purpose."""
    purposes = _purposes()
    names = [str(model._meta.model_name) for model in models]
    return [(name, f"{capfirst(KINDS[name]._meta.verbose_name)}: {purposes[name]}") for name in names]
