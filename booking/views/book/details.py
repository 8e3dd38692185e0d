"""/book/safety/ and /book/details/: emergency signs, then the patient's details."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from booking.forms.details import DetailsForm
from booking.models import Clinic
from booking.private_pages import private_page
from booking.text_cleaning import split_lines
from booking.views.book.details_data import (
    FOR,
    ME,
    OTHER,
    details_form,
    new_form_token,
    raw_input,
    switch_booking_for,
)
from booking.views.book.hold_context import CurrentHold, current_hold, extend_hold, hold_longer, shared_context
from booking.views.errors import invalid_params_page
from booking.views.query_params import InvalidParams, single_values


@private_page
@require_safe
def safety(request: HttpRequest) -> HttpResponse:
    """Signs that need an emergency department, before a first visit. Stores nothing."""
    current = current_hold(request, also_booked=True)
    if isinstance(current, HttpResponse):
        return current
    clinic = Clinic.objects.first()
    signs = split_lines(clinic.emergency_signs) if clinic else []
    if not signs or not current.hold.service.shows_signs_to(current.hold.is_first_visit):
        return redirect("booking:details")
    return render(request, "booking/book/safety.html", shared_context(current) | {"signs": signs})


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """Who the patient is, and how to reach them."""
    current = current_hold(request)
    if isinstance(current, HttpResponse):
        return current
    if request.method == "POST":
        return _submit(request, current)
    try:
        booking_for = single_values(request.GET, {"for"}).get("for", "")
        if booking_for and booking_for not in FOR:
            raise InvalidParams("This address does not say clearly whom the visit is for.")
    except InvalidParams as error:
        return invalid_params_page(request, error, current.hold.service)
    answers = current.session.answers
    answers = switch_booking_for(booking_for or answers.get("booking_for") or ME, answers)
    form = details_form(current.hold, current.now, answers.get("booking_for", ME), initial=answers)
    return _show(request, current, form)


def _submit(request: HttpRequest, current: CurrentHold) -> HttpResponse:
    session, hold, now = current.session, current.hold, current.now
    form = details_form(hold, now, OTHER if request.POST.get("booking_for") == OTHER else ME, data=request.POST)
    if request.POST.get("for") in FOR:
        answers = raw_input(form) | {"set_aside": session.answers.get("set_aside") or {}}
        session.save_answers(switch_booking_for(request.POST["for"], answers), complete=False)
        return redirect(reverse("booking:details") + "#for-whom")
    is_valid = form.is_valid()
    if "longer" in request.POST:
        session.save_answers(raw_input(form), complete=False)
        return hold_longer(request, current, back="booking:details")
    was_accepted_before = session.has_complete_answers and not form.cleaned_data.get("homepage")
    if is_valid and form.needs_a_second_look and not was_accepted_before:
        # Autofill can be as fast as a bot, so ask for confirmation instead of refusing.
        data = form.for_a_second_look(fresh_stamp=new_form_token())
        form = details_form(hold, now, OTHER if form.for_other else ME, data=data)
        return _show(request, current, form, was_quick=True, status=422)
    if not is_valid:
        return _show(request, current, form, status=422)
    session.save_answers(form.answers(), complete=True)
    # If the hold lapsed while typing, report a lost slot now rather than after the last step.
    gone = None if current.is_live else extend_hold(request, current)
    return gone or redirect("booking:check")


def _show(
    request: HttpRequest, current: CurrentHold, form: DetailsForm, *, was_quick: bool = False, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = shared_context(current) | {"form": form, "was_quick": was_quick}
    return render(request, "booking/book/details.html", context, status=status)
