"""/desk/waitlist/add/: put a caller on the waitlist, known or new, with or without an email address."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from booking import scheduling
from booking.desk.calendar.page import back_url
from booking.desk.waitlist.forms import ANYONE, AddCallerForm
from booking.formatting import format_phone
from booking.models import AccessLogEntry, Location, Patient, Practitioner, Service
from booking.privacy.access_log import log_view
from booking.scheduling import Actor, SchedulingError, WaitlistRequest
from booking.staff.access import desk_page, staff_page
from booking.staff.inputs import focus_first_error
from booking.staff.search import find_patients, phone_digits
from booking.text_cleaning import is_plain_digits

FOUND_SHOWN = 8
FIND, CHOOSE = "find", "choose"  # Where the page opens: in the search box, or at the first patient found.
DAYS_AHEAD, DEFAULT_DAYS = timedelta(days=365), timedelta(days=28)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page("booking.add_waitlistentry")
def add(request: HttpRequest) -> HttpResponse:
    """The form. The buttons "find" and "choose" look for a known patient, the last one adds the entry.

    ``back`` is the calendar's address, if the user came from there.
    """
    if request.method != "POST":
        patient = _patient(request, request.GET.get("patient", ""))
        form = _form(initial=_initial(request) | _details(patient))
        return _show(request, form, patient=patient, focus="service" if patient else FIND)
    if "choose" in request.POST:
        patient = _patient(request, request.POST["choose"])
        form = _form(initial=_typed(request) | _details(patient))
        return _show(request, form, patient=patient, focus="service")
    if _is_search(request):
        return _show_found(request)
    patient = _patient(request, request.POST.get("patient", ""))
    form = _form(request.POST)
    if form.is_valid():
        try:
            entry = scheduling.add_caller(
                wish=_wish(form, patient), patient=patient, by=Actor.staff(request.user), now=timezone.now()
            )
        except SchedulingError as refused:
            form.add_error(None, refused.message)
        else:
            told = gettext("They will get an email.") if entry.email else gettext("Call when something opens up.")
            messages.success(request, gettext("%(name)s is on the waitlist.") % {"name": entry.name} + f" {told}")
            return redirect(back_url(request) if request.POST.get("back") else "desk:waitlist")
    focus_first_error(form)
    return _show(request, form, patient=patient, status=422)


def _is_search(request: HttpRequest) -> bool:
    """Enter in the search box presses the form's first button, which adds the entry."""
    return "find" in request.POST or bool(request.POST.get("q", "").strip() and not request.POST.get("name"))


def _show_found(request: HttpRequest) -> HttpResponse:
    """Who was found; if nobody, what was searched for is a new caller's name, phone number or address."""
    found, typed, term = _find(request), _typed(request), request.POST.get("q", "").strip()
    searched = "phone" if phone_digits(term) else "email" if "@" in term else "name"
    if not found and not typed.get(searched):
        typed[searched] = term
    focus = CHOOSE if found else "phone" if typed.get("name") else "name"
    return _show(request, _form(initial=typed), found=found, has_searched=True, focus=focus)


def _form(data: Any = None, **kwargs: Any) -> AddCallerForm:
    today = timezone.localdate()
    return AddCallerForm(
        data,
        services=list(Service.objects.filter(is_active=True)),
        practitioners=list(Practitioner.objects.active()),
        locations=list(Location.objects.all()),
        first=today,
        last=today + DAYS_AHEAD,
        **kwargs,
    )


def _initial(request: HttpRequest) -> dict[str, Any]:
    today = timezone.localdate()
    named = {name: request.GET[name] for name in ("service", "practitioner", "location") if name in request.GET}
    return {"first_on": today, "last_on": today + DEFAULT_DAYS, "is_first_visit": True, **named}


def _typed(request: HttpRequest) -> dict[str, Any]:
    """What was typed so far, to be shown again without errors."""
    return {**request.POST.dict(), "parts": request.POST.getlist("parts")}


def _details(patient: Patient | None) -> dict[str, Any]:
    if patient is None:
        return {}
    phone = format_phone(patient.phone) if patient.phone else ""
    return {"name": patient.name, "phone": phone, "email": patient.email}


def _patient(request: HttpRequest, value: str) -> Patient | None:
    """The patient with this primary key, for who may see patients."""
    user: Any = request.user
    if not (user.has_perm("booking.view_patient") and is_plain_digits(value) and len(value) < 19):
        return None
    return Patient.objects.current().filter(pk=int(value)).first()


def _find(request: HttpRequest) -> list[Patient]:
    user: Any = request.user
    term = request.POST.get("q", "")[:120].replace("\0", "")
    if not user.has_perm("booking.view_patient") or not term.strip():
        return []
    return list(find_patients(Patient.objects.current(), term).order_by("name", "pk")[:FOUND_SHOWN])


def _wish(form: AddCallerForm, patient: Patient | None) -> WaitlistRequest:
    values = form.cleaned_data
    places = Location.objects.filter(slug=values["location"]) if "location" in values else Location.objects.all()
    return WaitlistRequest(
        service=Service.objects.get(slug=values["service"]),
        location=places.get() if "location" in values else places[0],
        practitioner=(
            None if values["practitioner"] == ANYONE else Practitioner.objects.get(slug=values["practitioner"])
        ),
        first_on=values["first_on"],
        last_on=values["last_on"],
        parts=frozenset(values["parts"]),
        is_first_visit=values["is_first_visit"] and patient is None,
        name=values["name"],
        email=values["email"],
        phone=values["phone"],
        contact_name=patient.contact_name if patient else "",
    )


def _show(
    request: HttpRequest,
    form: AddCallerForm,
    *,
    patient: Patient | None = None,
    found: list[Patient] | None = None,
    has_searched: bool = False,
    focus: str = "",
    status: int = 200,
) -> HttpResponse:
    """``focus``: FIND, CHOOSE or the name of a field."""
    user: Any = request.user
    may_find = user.has_perm("booking.view_patient")
    if focus == FIND and not may_find:
        focus = "name"
    if focus in form.fields:
        form.fields[focus].widget.attrs["autofocus"] = True
    if has_searched:
        log_view(request, AccessLogEntry.Kind.SEARCH, found or [])
    log_view(request, AccessLogEntry.Kind.RECORD, [patient])
    context = {
        "section": "waitlist",
        "form": form,
        "patient": patient,
        "found": found or [],
        "has_searched": has_searched,
        "may_find": may_find,
        "focus": focus,
        "back": request.POST.get("back", request.GET.get("back", "")),
        "q": request.POST.get("q", "") if has_searched else "",
    }
    return desk_page(request, "desk/waitlist/add.html", context, status=status)
