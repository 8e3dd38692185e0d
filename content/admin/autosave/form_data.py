"""Adapt the submitted form of a draft to what happened since the browser received it.

Django's formsets identify saved rows by the index of their form: the first INITIAL_FORMS forms have an id, the others
are new. Both functions here rewrite indexes and ids so that no block is doubled and none is lost.
"""

import re
from typing import Any

from django.http import QueryDict

from content.blocks import page_content
from content.models import Page
from content.publishing import edit_sessions

AUTOSAVE = "_autosave"  # Its value is the id of the user who opened the editor.
SITTING = "sitting"
VERSION = "opened_at"
MOST_FORMS = 1000


def is_autosave(data: Any) -> bool:
    return AUTOSAVE in data


def is_by_another_user(data: Any, user: Any) -> bool:
    """Whether someone else has logged in since the editor was opened: the words are not theirs."""
    return is_autosave(data) and data[AUTOSAVE] != str(user.pk)


def version_of(page: Page) -> str:
    """Return the version of a draft, which changes with every save that changes something."""
    return page.edited_at.isoformat()


def prepare(data: QueryDict, page: Page, *, by: Any) -> QueryDict:
    """Return the submitted data with a usable session key, and with the rows that the browser could not know of.

    Call it in the transaction of the save, with the page locked.
    """
    data = data.copy()
    data[SITTING] = str(edit_sessions.usable_key(data.get(SITTING, ""), page=page, by=by))
    if data.get(VERSION) and data[VERSION] != version_of(page) and _is_own_version(data, page, by=by):
        _adopt_saved_blocks(data, page)
    elif not is_autosave(data):
        _restore_deleted_blocks(data, page)
    return data


def _is_own_version(data: QueryDict, page: Page, *, by: Any) -> bool:
    """Whether this very editor made the last change: its save arrived, but the answer was lost on the way back."""
    last = edit_sessions.last_saved(page)
    return last is not None and last.user_id == by.pk and str(last.key) == data[SITTING]


def _adopt_saved_blocks(data: QueryDict, page: Page) -> None:
    """Give the new forms the ids of the rows that were made from them.

    New forms are saved in the order of their indexes, all or none: the rows that the form does not name, oldest first,
    belong to the first new forms.
    """
    for prefix, ids in _rows_of(page).items():
        total, initial = _count(data, prefix, "TOTAL"), _count(data, prefix, "INITIAL")
        named = {data.get(f"{prefix}-{index}-id") for index in range(initial)}
        unknown = [pk for pk in sorted(ids) if str(pk) not in named]
        if not unknown or len(unknown) > total - initial:
            continue
        for index, pk in enumerate(unknown, start=initial):
            data[f"{prefix}-{index}-id"] = str(pk)
        data[f"{prefix}-INITIAL_FORMS"] = str(initial + len(unknown))
    data[VERSION] = version_of(page)


def _restore_deleted_blocks(data: QueryDict, page: Page) -> None:
    """Turn the forms of rows that someone else has deleted into new forms, which come after those with a row.

    Otherwise Django would neither save nor show them.
    """
    for prefix, ids in _rows_of(page).items():
        total, initial = _count(data, prefix, "TOTAL"), _count(data, prefix, "INITIAL")
        existing = {str(pk) for pk in ids}
        kept = [index for index in range(initial) if data.get(f"{prefix}-{index}-id") in existing]
        gone = [index for index in range(min(initial, total)) if index not in kept]
        if not gone:
            continue
        for index in gone:
            data[f"{prefix}-{index}-id"] = ""
        _renumber(data, prefix, [*kept, *gone, *range(initial, total)])
        data[f"{prefix}-INITIAL_FORMS"] = str(len(kept))


def _renumber(data: QueryDict, prefix: str, order: list[int]) -> None:
    """Move the form of each index in ``order`` to its place there."""
    places = {old: new for new, old in enumerate(order)}
    pattern = re.compile(rf"{re.escape(prefix)}-(\d{{1,4}})(-.+)")
    moved: dict[str, list[str]] = {}
    for name in list(data):
        match = pattern.fullmatch(name)
        if match and int(match[1]) in places:
            moved[f"{prefix}-{places[int(match[1])]}{match[2]}"] = data.getlist(name)
            del data[name]
    for name, values in moved.items():
        data.setlist(name, values)


def _rows_of(page: Page) -> dict[str, list[int]]:
    """Return the ids of the page's blocks by the prefix of their formset."""
    return {
        f"content_{kind}_set": list(model._default_manager.filter(parent=page).values_list("pk", flat=True))
        for kind, model in page_content.KINDS.items()
    }


def _count(data: QueryDict, prefix: str, name: str) -> int:
    text = data.get(f"{prefix}-{name}_FORMS", "")
    return min(int(text), MOST_FORMS) if text.isascii() and text.isdigit() and len(text) < 6 else 0
