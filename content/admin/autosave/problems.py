"""What is wrong with a submitted draft, as links to the fields: above the form, and in the answers of autosave."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext

CONFLICT = "conflict"


@dataclass(frozen=True)
class FormProblem:
    """``target`` is the id of the element to go to: a field, or a whole block."""

    label: str
    message: str
    target: str = ""


def problems_of(form: Any, formsets: Any) -> list[FormProblem]:
    """Return the errors of the form of a draft and of its blocks, apart from an edit conflict."""
    problems = list(_problems_of_form(form, "", ""))
    for formset in formsets:
        for message in formset.non_form_errors():
            problems.append(FormProblem("", message))
        for block_form in formset.forms:
            if block_form.errors and not block_form.cleaned_data.get("DELETE"):
                problems += _problems_of_form(block_form, block_form.prefix, _name(block_form))
    return problems


def _name(form: Any) -> str:
    """Return what a block is called: its kind, and its heading as it was typed."""
    kind = str(form.instance._meta.verbose_name).capitalize()
    names = (str(form.data.get(f"{form.prefix}-{field}", "")) for field in ("heading", "title", "label"))
    name = next(filter(None, names), "")
    return f"{kind}: {name}" if name else kind


def _problems_of_form(form: Any, target: str, name: str) -> Iterator[FormProblem]:
    for field, errors in form.errors.items():
        if field == NON_FIELD_ERRORS:
            if not target and form.has_error(NON_FIELD_ERRORS, CONFLICT):
                continue
            label, place = name or gettext("The page itself"), target
        else:
            bound = form[field]
            label = f"{name}, {bound.label}" if name else str(bound.label)
            place = target if bound.is_hidden else bound.id_for_label
        for message in errors:
            yield FormProblem(label, message, place)
