"""/book/safety/ and /book/details/: emergency signs, then the patient's details."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from booking.forms.details import DetailsForm
from booking.models import BookingStepCount, Clinic, is_reference
from booking.private_pages import private_page
from booking.statistics.steps import count_step
from booking.text_cleaning import split_lines
from booking.views.book.details_data import (
    FOR,
    details_form,
    new_form_token,
    raw_input,
    switch_booking_for,
)
from booking.views.book.hold_context import CurrentHold, current_hold, extend_hold, hold_longer, shared_context
from booking.views.book.remembered import (
    ME,
    OTHER,
    answers_to_change,
    booking_for,
    known_answers,
    masked_details,
    without_hidden,
)
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
    context = shared_context(current, "safety")
    if not signs or not context["shows_signs"]:
        return redirect("booking:details")
    return render(request, "booking/book/safety.html", context | {"signs": signs})


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """Who the patient is, and how to reach them."""
    current = current_hold(request, keep_typed=lambda current: _keep_typed(request, current))
    if isinstance(current, HttpResponse):
        return current
    if request.method == "POST":
        return _submit(request, current)
    try:
        for_whom = single_values(request.GET, {"for"}).get("for", "")
        if for_whom and for_whom not in FOR:
            raise InvalidParams("This link doesn't say who the appointment is for.")
    except InvalidParams as error:
        return invalid_params_page(request, error, current.hold.service)
    answers = without_hidden(current.session.answers)
    remembered = current.session.remembered(current.now)
    if remembered and remembered.is_used:
        for_whom = booking_for(remembered)
    answers = switch_booking_for(for_whom or answers.get("booking_for") or ME, answers)
    known = known_answers(remembered)
    form = details_form(current.holds, current.now, answers.get("booking_for", ME), initial=answers, known=known)
    return _show(request, current, form)


def _keep_typed(request: HttpRequest, current: CurrentHold) -> None:
    """Store what was typed in a form about another time of this visitor: it is about the same person."""
    session, for_whom = current.session, OTHER if request.POST.get("booking_for") == OTHER else ME
    if not session.has_complete_answers and is_reference(request.POST.get("hold", "")):
        known = known_answers(session.remembered(current.now))
        form = details_form(current.holds, current.now, for_whom, data=request.POST, known=known)
        session.save_answers(raw_input(form), complete=False)


def _submit(request: HttpRequest, current: CurrentHold) -> HttpResponse:
    session, now = current.session, current.now
    if "remembered" in request.POST:
        return _answer_about_remembered(request, current)
    for_whom = OTHER if request.POST.get("booking_for") == OTHER else ME
    known = known_answers(session.remembered(now))
    form = details_form(current.holds, now, for_whom, data=request.POST, known=known)
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
        form = details_form(current.holds, now, for_whom, data=data, known=known)
        return _show(request, current, form, was_quick=True, status=422)
    if not is_valid:
        return _show(request, current, form, status=422)
    if not session.has_complete_answers:
        _count_details(request, current)
    session.save_answers(form.answers(), complete=True)
    # If the hold lapsed while typing, report a lost slot now rather than after the last step.
    gone = None if current.is_live else extend_hold(request, current)
    return gone or redirect("booking:check")


def _count_details(request: HttpRequest, current: CurrentHold) -> None:
    hold, step = current.hold, BookingStepCount.Step.DETAILS
    count_step(request, step, service=hold.service, location=hold.location, now=current.now)


def _answer_about_remembered(request: HttpRequest, current: CurrentHold) -> HttpResponse:
    """Use the details of the earlier booking, change them in the form, or offer them no more."""
    session, deed = current.session, request.POST["remembered"]
    remembered = session.remembered(current.now)
    if remembered is None or deed not in {"use", "change", "forget"}:
        return redirect("booking:details")
    if deed == "use":
        was_complete = session.has_complete_answers
        session.use_remembered()
        used = session.remembered(current.now)
        form = details_form(
            current.holds, current.now, booking_for(remembered), data=request.POST, known=known_answers(used)
        )
        is_complete = form.is_valid() and not form.cleaned_data.get("homepage")
        session.save_answers(form.answers() if is_complete else raw_input(form), complete=is_complete)
        if is_complete and not was_complete:
            _count_details(request, current)
        return redirect("booking:check" if is_complete else "booking:details")
    session.forget_remembered()
    if deed == "change":
        session.save_answers(answers_to_change(remembered), complete=False)
    return redirect("booking:details")


def _show(
    request: HttpRequest, current: CurrentHold, form: DetailsForm, *, was_quick: bool = False, status: int = 200
) -> HttpResponse:
    remembered = current.session.remembered(current.now)
    context: dict[str, Any] = shared_context(current, "details") | {
        "form": form,
        "was_quick": was_quick,
        "remembered": remembered,
        "remembered_in_words": masked_details(remembered) if remembered else "",
    }
    return render(request, "booking/book/details.html", context, status=status)
