"""POST /desk/book/: book the visit of the panel. Its other buttons come here, too, and bring the panel back."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from booking import scheduling
from booking.desk.booking.choices import free_times, parse_free_time
from booking.desk.booking.form import BookForm
from booking.desk.booking.page import show_panel, typed_line, typed_values
from booking.desk.booking.panel import OPEN, Findings
from booking.desk.booking.questions import exemption, refusal, same_visit, unasked_duplicates
from booking.desk.calendar.page import back_url
from booking.desk.find.search import may_find, search_patients
from booking.formatting import day_as_of
from booking.messages import can_reach
from booking.models import AccessLogEntry, Appointment, Channel
from booking.privacy.access_log import log_view
from booking.scheduling import Actor, SchedulingError, SlotTaken
from booking.staff.access import staff_page
from booking.staff.formats import span
from booking.staff.search import phone_digits


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page("booking.add_appointment")
def book(request: HttpRequest) -> HttpResponse:
    """Book, or do what the pressed button says and show the panel again with all that was typed."""
    if request.method != "POST":
        return redirect(f"{reverse('desk:day')}?do={OPEN}")
    if not may_find(request):
        raise PermissionDenied
    step = next((run for name, run in STEPS.items() if name in request.POST), _book)
    return step(request)


def _book(request: HttpRequest) -> HttpResponse:
    form = BookForm(request.POST)
    if not form.is_valid():
        form.focus_first_error()
        return show_panel(request, form, status=422)
    if visit := same_visit(form):
        messages.info(request, gettext("This patient already has this visit. Nothing was booked twice."))
        return redirect(_visit_url(request, visit))
    duplicates = unasked_duplicates(request, form)
    if duplicates:
        return show_panel(request, form, Findings(duplicates=duplicates, focus="duplicates"), status=409)
    try:
        visit = _book_visit(request, form)
    except SlotTaken as error:
        return show_panel(request, form, refusal(request, form, error), status=409)
    except SchedulingError as error:
        form.add_error("service", error.message)
        return show_panel(request, form, status=422)
    messages.success(request, _success(visit, is_told=form.cleaned_data["tell"]))
    return redirect(_visit_url(request, visit))


def _book_visit(request: HttpRequest, form: BookForm) -> Appointment:
    """Book, and add the patient in the same transaction if they are new."""
    chosen, by, now = form.cleaned_data, Actor.staff(request.user), timezone.now()
    with transaction.atomic():
        patient = chosen["patient"]
        if patient is None:
            patient = scheduling.add_patient(values=form.new_patient_values(), by=by, now=now)
        return scheduling.book_by_staff(
            service=chosen["service"],
            starts_at=chosen["starts_at"],
            practitioner=chosen["practitioner"],
            location=chosen["location"],
            patient=patient,
            by=by,
            now=now,
            exemption=exemption(request, form),
            is_first_visit=chosen["is_first_visit"] or None,
            reminders=chosen["reminders"],
            reminders_by=Channel(chosen.get("reminders_by") or Channel.EMAIL),
            note=chosen["note"],
            tell_patient=chosen["tell"],
        )


# The other buttons


def _look(request: HttpRequest) -> HttpResponse:
    """Find: the patients with these words."""
    result = search_patients(request, typed_line(request, "words"))
    log_view(request, AccessLogEntry.Kind.SEARCH, result.patients)
    return show_panel(request, BookForm(initial=typed_values(request)), Findings(result=result, focus="words"))


def _choose(request: HttpRequest) -> HttpResponse:
    """A patient who was found, or with whom the new one was confused."""
    values = {**typed_values(request), "patient": request.POST["choose"], "is_new": "", "words": ""}
    return show_panel(request, BookForm(initial=values))


def _new(request: HttpRequest) -> HttpResponse:
    """A new patient, called what was searched for."""
    words = typed_line(request, "words")
    typed = typed_values(request)
    name = "phone" if phone_digits(words) else "email" if "@" in words else "name"
    values = {**typed, name: words or typed.get(name, ""), "patient": "", "is_new": "1", "words": ""}
    return show_panel(
        request, BookForm(initial=values), Findings(focus="phone" if name == "name" and words else "name")
    )


def _again(request: HttpRequest) -> HttpResponse:
    """Another patient after all."""
    return show_panel(
        request, BookForm(initial={**typed_values(request), "patient": "", "is_new": ""}), Findings(focus="words")
    )


def _take(request: HttpRequest) -> HttpResponse:
    """A free time, into the form."""
    time = parse_free_time(request.POST["take"])
    if time is None:
        return show_panel(request, BookForm(initial=typed_values(request)))
    values = {"on": time.on, "at": time.at, "practitioner": time.practitioner, "location": time.location}
    return show_panel(request, BookForm(initial={**typed_values(request), **values, "fold": time.fold}), do="")


def _open(request: HttpRequest) -> HttpResponse:
    """Another day, time or practitioner than the gap's."""
    return show_panel(request, BookForm(initial=typed_values(request)), do=OPEN)


def _free(request: HttpRequest) -> HttpResponse:
    """The free times of the service, with this practitioner or anyone, from this day on."""
    form = BookForm(request.POST)
    form.full_clean()
    chosen = form.cleaned_data
    service = chosen.get("service")
    again = BookForm(initial=typed_values(request))
    if service is None or "on" in form.errors:
        return show_panel(request, again, Findings(focus="none"))
    found = free_times(
        service=service,
        now=timezone.now(),
        first_on=chosen.get("on") or timezone.localdate(),
        practitioner=chosen.get("practitioner"),
        location=chosen.get("location"),
    )
    return show_panel(request, again, Findings(free=found, free_for=service, focus="none"))


STEPS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "book": _book,
    "look": _look,
    "choose": _choose,
    "new": _new,
    "again": _again,
    "take": _take,
    "open": _open,
    "free": _free,
}


def _visit_url(request: HttpRequest, visit: Appointment) -> str:
    return back_url(request, day=visit.local_on, appointment=visit.reference, with_=None, at=None, do="", patient=0)


def _success(visit: Appointment, *, is_told: bool) -> str:
    told = is_told and can_reach(visit.patient, Channel.EMAIL)
    news = gettext("The details are on their way by email.") if told else gettext("No email goes out now.")
    words = {
        "patient": visit.patient,
        "when": f"{day_as_of(visit.local_on, timezone.localdate())}, {span(visit)}",
        "person": visit.practitioner,
    }
    return f"{gettext('Booked: %(patient)s, %(when)s, with %(person)s.') % words} {news}"
