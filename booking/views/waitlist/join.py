"""/book/<service>/waitlist/: join the waitlist."""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from booking import rate_limits, scheduling
from booking.formatting import day_as_of, parts_of_day
from booking.forms.antispam import sign_form_token
from booking.forms.waitlist import ANYONE, WaitlistForm
from booking.models import BookingStepCount, Clinic, Location, Service
from booking.private_pages import private_page
from booking.scheduling import WaitlistRequest
from booking.statistics.steps import count_step
from booking.views.errors import invalid_params_page, not_bookable_page
from booking.views.query_params import VISITS, InvalidParams, SearchParams, check_day, parse_search_params, times_url
from booking.views.session import BookingSession
from booking.views.waitlist.entry import emergency_signs_for, not_found_page

DEFAULT_WAIT = timedelta(days=28)  # Initial length of the range of dates in the form.


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Join the waitlist. The response does not reveal whether the person is on it already."""
    service = Service.objects.bookable().filter(slug=slug).first()
    if service is None:
        return not_bookable_page(request, slug)
    now = timezone.now()
    locations = list(Location.objects.all())
    people = [offer.practitioner for offer in scheduling.offers_of_service(service=service, now=now)]
    try:
        params = parse_search_params(request.GET, people=people, locations=locations)
        if params.day:
            today = _today(params.location, locations, now)
            check_day(params.day, today=today, horizon_days=service.horizon_days)
    except InvalidParams as error:
        return invalid_params_page(request, error, service)
    if not service.is_open_to(params.new_patient) or not locations:
        return redirect(times_url(service, SearchParams(new_patient=params.new_patient)))
    data = request.POST if request.method == "POST" else None
    form = _form(service, params, locations, now, data=data)
    if request.method == "POST":
        return _submit(request, service, params, form, locations, now)
    return _show(request, service, params, form)


def _today(location: Location | None, locations: list[Location], now: datetime) -> date:
    location = location or (locations[0] if locations else None)
    return timezone.localdate(now, location.zone if location else None)


def _form(
    service: Service,
    params: SearchParams,
    locations: list[Location],
    now: datetime,
    *,
    data: Any = None,
) -> WaitlistForm:
    offers = scheduling.offers_of_service(service=service, now=now, new_patient=params.new_patient)
    people = [offer.practitioner for offer in offers]
    today = _today(params.location, locations, now)
    last = today + timedelta(days=service.horizon_days)
    first_on = params.day or today
    initial = {
        "practitioner": params.practitioner.slug if params.practitioner in people else ANYONE,
        "location": (params.location or locations[0]).slug,
        "first_on": first_on.isoformat(),
        "last_on": min(first_on + DEFAULT_WAIT, last).isoformat(),
        "shown": _form_token(),
    }
    return WaitlistForm(
        data,
        initial=initial,
        people=people,
        locations=locations,
        first=today,
        last=last,
        asks_visit=params.new_patient is None,
    )


def _form_token() -> str:
    clinic = Clinic.objects.only("collection_notice_version").first()
    return sign_form_token(clinic.collection_notice_version if clinic else "none")


def _submit(
    request: HttpRequest,
    service: Service,
    params: SearchParams,
    form: WaitlistForm,
    locations: list[Location],
    now: datetime,
) -> HttpResponse:
    if not form.is_valid():
        return _show(request, service, params, form, status=422)
    if form.needs_a_second_look:
        # Autofill can be as fast as a bot, so ask for confirmation instead of refusing.
        data = form.for_a_second_look(fresh_stamp=_form_token())
        form = _form(service, params, locations, now, data=data)
        return _show(request, service, params, form, was_quick=True, status=422)
    waitlist_request = _build_request(service, params, form, locations, now)
    try:
        with rate_limits.consuming(request, "waitlist", email=waitlist_request.email, now=now):
            scheduling.join(wish=waitlist_request, now=now, saw_free_times=True)
    except scheduling.NotBookable as error:
        form.add_error(None, error.message)
        return _show(request, service, params, form, status=422)
    step = BookingStepCount.Step.WAITLIST
    count_step(request, step, service=service, location=waitlist_request.location, now=now)
    BookingSession(request).store_joined(_summary(waitlist_request))
    return redirect("booking:waitlist_joined")


def _build_request(
    service: Service, params: SearchParams, form: WaitlistForm, locations: list[Location], now: datetime
) -> WaitlistRequest:
    data = form.cleaned_data
    is_first_visit = VISITS[data["visit"]] if params.new_patient is None else params.new_patient
    people = {
        offer.practitioner.slug: offer.practitioner for offer in scheduling.offers_of_service(service=service, now=now)
    }
    locations_by_slug = {location.slug: location for location in locations}
    return WaitlistRequest(
        service=service,
        location=locations_by_slug.get(data.get("location", ""), locations[0]),
        practitioner=people.get(data.get("practitioner", ANYONE)),
        first_on=data["first_on"],
        last_on=data["last_on"],
        parts=frozenset(data["parts"]),
        is_first_visit=is_first_visit,
        name=data["name"],
        contact_name=data["contact_name"],
        email=data["email"],
        phone=data["phone"],
        notice_version=form.notice_version,
    )


def _summary(waitlist_request: WaitlistRequest) -> dict[str, Any]:
    today = timezone.localdate(timezone=waitlist_request.location.zone)
    first_on, last_on = (day_as_of(on, today) for on in (waitlist_request.first_on, waitlist_request.last_on))
    return {
        "email": waitlist_request.email,
        "rows": [
            ("Appointment", waitlist_request.service.name),
            ("With", waitlist_request.practitioner.name if waitlist_request.practitioner else "Anyone"),
            ("Days", f"{first_on} to {last_on}"),
            (
                "Times",
                parts_of_day(waitlist_request.parts).capitalize(),
            ),
            ("Where", waitlist_request.service.where(waitlist_request.location)),
        ],
    }


def waitlist_form_context(
    service: Service, params: SearchParams, locations: list[Location], now: datetime
) -> dict[str, Any]:
    """What ``booking/waitlist/_form.html`` needs on another page. It posts to ``join``, which answers."""
    return {
        "waitlist_form": _form(service, params, locations, now),
        "signs": emergency_signs_for(service, params.new_patient),
    }


def _show(
    request: HttpRequest,
    service: Service,
    params: SearchParams,
    form: WaitlistForm,
    *,
    was_quick: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "service": service,
        "form": form,
        "was_quick": was_quick,
        "times": times_url(service, params),
        "post_to": request.get_full_path(),
        "signs": emergency_signs_for(service, params.new_patient),
    }
    return render(request, "booking/waitlist/join.html", context, status=status)


@private_page
@require_safe
def joined(request: HttpRequest) -> HttpResponse:
    """Confirm the entry, showing only the submitted values."""
    summary = BookingSession(request).joined
    if not summary:
        return not_found_page(request)
    return render(request, "booking/waitlist/joined.html", summary)
