"""Add statutory holidays: a location's year of them, proposed, ticked by staff, and closed in one go."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from booking.admin.outside import admin_context
from booking.admin.stranded import newly_stranded, question, tell, was_shown
from booking.admin.words import day
from booking.models import Closure, Location
from booking.statutory_holidays import Proposal, proposals

YEARS_AHEAD = 3


class YearForm(forms.Form):
    """Which location and which year; as long as nobody has chosen, the first location and this year."""

    location = forms.ModelChoiceField(
        Location.objects.all(), empty_label=None, error_messages={"invalid_choice": "Choose a location."}
    )
    year = forms.TypedChoiceField(coerce=int, error_messages={"invalid_choice": "Choose a year from the list."})

    def __init__(self, *args: Any, this_year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = range(this_year, this_year + YEARS_AHEAD + 1)
        self.fields["year"].choices = [(str(year), str(year)) for year in years]  # type: ignore[attr-defined]


def page(office: Any, request: HttpRequest) -> HttpResponse:
    """The year's holidays with a box each; those that are ticked become closures, after a look at who is booked."""
    if not office.has_add_permission(request):
        raise PermissionDenied
    first = Location.objects.first()
    if first is None:
        messages.warning(request, "Write down a location first: its province decides which days are holidays.")
        return HttpResponseRedirect(reverse("admin:booking_location_add"))
    today = timezone.localdate()
    asked = request.POST if request.method == "POST" else request.GET
    chosen = asked if "location" in asked else {"location": str(first.pk), "year": str(today.year)}
    form = YearForm(chosen, this_year=today.year)
    if not form.is_valid():
        return _show(office, request, form, [], status=422)
    location, year = form.cleaned_data["location"], form.cleaned_data["year"]
    proposed = proposals(location=location, year=year, today=timezone.now().astimezone(location.zone).date())
    if request.method != "POST":
        return _show(office, request, form, proposed)
    ticked = [one for one in proposed if one.holiday.on.isoformat() in request.POST.getlist("day")]
    to_close = [one for one in ticked if not one.closed_as]
    if not to_close:
        messages.warning(request, "Nothing was closed. Tick the days on which this location is shut.")
        return _show(office, request, form, proposed, status=422)
    found = newly_stranded(lambda: _close(location, to_close))
    if found and not was_shown(request, found):
        return _show(office, request, form, proposed, question(request, found), status=422)
    for closure in _close(location, to_close):
        office.log_addition(request, closure, [{"added": {}}])
        messages.success(request, f"Closed: {closure.name}, {day(closure.on)}.")
    tell(request, found)
    return HttpResponseRedirect(reverse("admin:booking_closure_changelist"))


def _close(location: Location, days: list[Proposal]) -> list[Closure]:
    """All of them or none; a day that somebody has closed meanwhile keeps its name."""
    with transaction.atomic():
        made = [
            Closure.objects.get_or_create(location=location, on=one.holiday.on, defaults={"name": one.holiday.name})
            for one in days
        ]
    return [closure for closure, is_new in made if is_new]


def _show(
    office: admin.ModelAdmin,
    request: HttpRequest,
    form: YearForm,
    proposed: list[Proposal],
    asking: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    ticked = set(request.POST.getlist("day")) if request.method == "POST" else None
    rows = [_row(one, ticked) for one in proposed]
    context = {
        **admin_context(office, request),
        "is_nav_sidebar_enabled": True,
        "title": "Add statutory holidays",
        "form": form,
        "location": form.cleaned_data.get("location"),
        "year": form.cleaned_data.get("year"),
        "groups": [
            ("Statutory holidays", [row for row in rows if row["is_statutory"]]),
            ("Days that many clinics keep as well", [row for row in rows if not row["is_statutory"]]),
        ],
        "anything_open": any(not one.closed_as for one in proposed),
        **(asking or {}),
    }
    return TemplateResponse(request, "admin/booking/closure/statutory.html", context, status=status)


def _row(one: Proposal, ticked: set[str] | None) -> dict[str, Any]:
    """Statutory days come ticked; what staff have chosen stays as they chose it."""
    holiday, value = one.holiday, one.holiday.on.isoformat()
    return {
        "value": value,
        "name": holiday.name,
        "day": day(holiday.on),
        "closed_as": one.closed_as,
        "is_statutory": holiday.is_statutory,
        "is_ticked": holiday.is_statutory if ticked is None else value in ticked,
    }
