"""Add statutory holidays: propose a year's holidays of a location, and create closures for those selected."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from booking.admin.read_only import admin_context
from booking.models import Closure, Location
from booking.scheduling import conflicts_caused_by
from booking.staff.conflict_list import confirmation_context, report_conflicts, was_confirmed
from booking.staff.formats import day

# Corrections to the library's names, where a province has renamed a holiday.
_NAMES = {"National Aboriginal Day": "National Indigenous Peoples Day"}


@dataclass(frozen=True, order=True)
class Holiday:
    """A holiday of a province; optional for employers if not ``is_statutory``."""

    on: date
    name: str
    is_statutory: bool


@dataclass(frozen=True)
class Proposal:
    """A holiday at a location; ``closed_as`` is the name of an existing closure on that day."""

    holiday: Holiday
    closed_as: str = ""


def holidays_of(province: str, year: int) -> list[Holiday]:
    """The province's holidays of a year, in order, with their Canadian English names."""
    import holidays  # Slow to import, and only this page needs it.

    optional = holidays.country_holidays("CA", subdiv=province, years=year, language="en_CA", categories="optional")
    statutory = holidays.country_holidays("CA", subdiv=province, years=year, language="en_CA")
    names = dict(optional.items()) | dict(statutory.items())
    return sorted(Holiday(on, _format_name(name), on in statutory) for on, name in names.items() if on.year == year)


def proposals(*, location: Location, year: int, today: date) -> list[Proposal]:
    """The holidays of a year from ``today`` on, with the location's existing closures."""
    closed = dict(Closure.objects.filter(location=location, on__year=year).values_list("on", "name"))
    days = holidays_of(location.province, year)
    return [Proposal(holiday, closed.get(holiday.on, "")) for holiday in days if holiday.on >= today]


def _format_name(name: str) -> str:
    """Reformat the library's "A; B" (two holidays on one day) and "A (observed)"."""
    parts = [_NAMES.get(part, part) for part in name.replace(" (observed)", ", observed").split("; ")]
    return " and ".join(parts)


YEARS_AHEAD = 3


class YearForm(forms.Form):
    """Location and year of the proposals."""

    location = forms.ModelChoiceField(
        Location.objects.all(), empty_label=None, error_messages={"invalid_choice": "Choose a location."}
    )
    year = forms.TypedChoiceField(coerce=int, error_messages={"invalid_choice": "Choose a year from the list."})

    def __init__(self, *args: Any, this_year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = range(this_year, this_year + YEARS_AHEAD + 1)
        self.fields["year"].choices = [(str(year), str(year)) for year in years]  # type: ignore[attr-defined]


def page(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """List a year's holidays with checkboxes; POST closes the selected days, after confirming any conflicts."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    first = Location.objects.first()
    if first is None:
        messages.warning(request, gettext("Add a location first: its province decides which days are holidays."))
        return HttpResponseRedirect(reverse("admin:booking_location_add"))
    today = timezone.localdate()
    params = request.POST if request.method == "POST" else request.GET
    chosen = params if "location" in params else {"location": str(first.pk), "year": str(today.year)}
    form = YearForm(chosen, this_year=today.year)
    if not form.is_valid():
        return _show(model_admin, request, form, [], status=422)
    location, year = form.cleaned_data["location"], form.cleaned_data["year"]
    proposed = proposals(location=location, year=year, today=timezone.now().astimezone(location.zone).date())
    if request.method != "POST":
        return _show(model_admin, request, form, proposed)
    selected = [proposal for proposal in proposed if proposal.holiday.on.isoformat() in request.POST.getlist("day")]
    to_close = [proposal for proposal in selected if not proposal.closed_as]
    if not to_close:
        messages.warning(request, gettext("Nothing was closed. Tick the days when this location is closed."))
        return _show(model_admin, request, form, proposed, status=422)
    conflicts = conflicts_caused_by(lambda: _close(location, to_close))
    if conflicts and not was_confirmed(request, conflicts):
        return _show(model_admin, request, form, proposed, confirmation_context(request, conflicts), status=422)
    for closure in _close(location, to_close):
        model_admin.log_addition(request, closure, [{"added": {}}])
        messages.success(request, f"Closed: {closure.name}, {day(closure.on)}.")
    report_conflicts(request, conflicts)
    return HttpResponseRedirect(reverse("admin:booking_closure_changelist"))


def _close(location: Location, days: list[Proposal]) -> list[Closure]:
    """Create the closures in one transaction; a day that is closed already keeps its name."""
    with transaction.atomic():
        results = [
            Closure.objects.get_or_create(
                location=location, on=proposal.holiday.on, defaults={"name": proposal.holiday.name}
            )
            for proposal in days
        ]
    return [closure for closure, is_new in results if is_new]


def _show(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    form: YearForm,
    proposed: list[Proposal],
    extra_context: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    selected = set(request.POST.getlist("day")) if request.method == "POST" else None
    rows = [_row(proposal, selected) for proposal in proposed]
    context = {
        **admin_context(model_admin, request),
        "is_nav_sidebar_enabled": True,
        "title": "Add statutory holidays",
        "form": form,
        "location": form.cleaned_data.get("location"),
        "year": form.cleaned_data.get("year"),
        "groups": [
            ("Statutory holidays", [row for row in rows if row["is_statutory"]]),
            (gettext("Other days when many clinics close"), [row for row in rows if not row["is_statutory"]]),
        ],
        "anything_open": any(not proposal.closed_as for proposal in proposed),
        **(extra_context or {}),
    }
    return TemplateResponse(request, "admin/booking/closure/statutory.html", context, status=status)


def _row(proposal: Proposal, selected: set[str] | None) -> dict[str, Any]:
    """A row of the form. Statutory days are selected by default, before the form is submitted."""
    holiday, value = proposal.holiday, proposal.holiday.on.isoformat()
    return {
        "value": value,
        "name": holiday.name,
        "day": day(holiday.on),
        "closed_as": proposal.closed_as,
        "is_statutory": holiday.is_statutory,
        "is_ticked": holiday.is_statutory if selected is None else value in selected,
    }
