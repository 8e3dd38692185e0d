"""The calendar with the booking panel, from a form that was sent: the day and the gap follow what it names."""

from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from booking.desk.booking.form import BookForm
from booking.desk.booking.panel import OPEN, Findings, book_panel, gap_of
from booking.desk.calendar.page import CalendarPage, back_url, page_behind, render_page
from booking.models import Practitioner
from booking.text_cleaning import is_plain_digits

CHECKBOXES = ("is_first_visit", "tell", "reminders", "anyway", "is_really_new")


def typed_values(request: HttpRequest) -> dict[str, Any]:
    """The form as it was sent, to be shown again without complaint."""
    values: dict[str, Any] = {name: value for name, value in request.POST.items() if name in BookForm.base_fields}
    if "shown_for" in values:  # The whole form was sent: an unticked box is missing.
        values |= {name: name in request.POST for name in CHECKBOXES}
    return values


def typed_line(request: HttpRequest, name: str) -> str:
    """What was typed into a field, cleaned; empty if it is not valid."""
    return str(_cleaned(BookForm.base_fields[name], request.POST.get(name)) or "")


def show_panel(
    request: HttpRequest, form: BookForm, findings: Findings | None = None, *, status: int = 200, do: str | None = None
) -> HttpResponse:
    """Render the panel; htmx puts an address into the browser's bar that can be loaded again."""
    page = _page(request, form, do)
    panel = book_panel(page, form, findings)
    assert panel is not None  # There is a form.
    response = render_page(page, panel, status=status)
    response.headers["HX-Push-Url"] = page.params.url()
    return response


def _page(request: HttpRequest, form: BookForm, do: str | None) -> CalendarPage:
    """The calendar of the day, practitioner and time that the form names, as far as they are valid."""
    patient = str(form["patient"].value() or "")
    changes: dict[str, Any] = {
        "appointment": "",
        "patient": int(patient) if is_plain_digits(patient) and len(patient) < 19 else 0,
        "with_": Practitioner.objects.active().filter(slug=_text(form["practitioner"].value())).first(),
        "at": _cleaned(form.fields["at"], form["at"].value()),
    }
    if on := _cleaned(form.fields["on"], form["on"].value()):
        changes["day"] = on
    if do is not None:
        changes["do"] = do
    page = page_behind(request, back_url(request, **changes))
    if page.params.do != OPEN and gap_of(page) is None:
        return replace(page, params=replace(page.params, do=OPEN))
    return page


def _text(value: Any) -> str:
    """A value for a query: PostgreSQL takes no NUL."""
    return str(value or "").replace("\0", "")


def _cleaned(field: Any, value: Any) -> Any:
    try:
        return field.clean(value)
    except ValidationError:
        return None
