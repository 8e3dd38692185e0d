"""/desk/find/: look for a patient. The words come by POST, so that they stand in no address and no log."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from booking.desk.find.duplicates import possible_duplicates
from booking.desk.find.search import SHORTEST, SearchResult, search_patients
from booking.forms.fields import EmailLineField, LineField, PhoneField
from booking.models import AccessLogEntry
from booking.privacy.access_log import log_view
from booking.staff.access import desk_page, staff_page

SEARCH = AccessLogEntry.Kind.SEARCH


class FindForm(forms.Form):
    words = LineField(
        label=_("Find a patient"),
        max_length=100,
        required=False,
        help_text=_("A name, the last digits of a phone number, an email address, or a visit's reference."),
    )


class TypedPatientForm(forms.Form):
    """What has been typed of a new patient so far; what is not valid yet is left out."""

    name = LineField(max_length=120, required=False)
    phone = PhoneField(max_length=40, required=False)
    email = EmailLineField(max_length=254, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page("booking.view_patient", "booking.change_patient", own="booking.view_own_day")
def find(request: HttpRequest) -> HttpResponse:
    """The page of results, for browsers without JavaScript."""
    if request.method != "POST":
        return desk_page(request, "desk/find/results.html", {"form": FindForm(auto_id="find_%s", label_suffix="")})
    form = FindForm(request.POST, auto_id="find_%s", label_suffix="")
    result = _search(request, form)
    return desk_page(
        request, "desk/find/results.html", {"form": form, "result": result}, status=422 if form.errors else 200
    )


@require_POST
@staff_page("booking.view_patient", "booking.change_patient", own="booking.view_own_day")
def find_list(request: HttpRequest) -> HttpResponse:
    """The results under the box in the bar, while typing."""
    return render(request, "desk/find/_list.html", {"result": _search(request, FindForm(request.POST))})


@require_POST
@staff_page("booking.view_patient", "booking.change_patient")
def find_to_book(request: HttpRequest) -> HttpResponse:
    """The results under the box of the booking panel, while typing: buttons that choose a patient."""
    return render(request, "desk/find/_choices.html", {"result": _search(request, FindForm(request.POST))})


@require_POST
@staff_page("booking.view_patient", "booking.change_patient")
def find_duplicates(request: HttpRequest) -> HttpResponse:
    """Patients who may be the new one, while their name and phone are typed."""
    form = TypedPatientForm(request.POST)
    form.is_valid()
    typed = {name: form.cleaned_data.get(name, "") for name in form.fields}
    duplicates = possible_duplicates(**typed)
    log_view(request, SEARCH, [duplicate.patient for duplicate in duplicates])
    return render(request, "desk/find/_duplicates.html", {"duplicates": duplicates})


def _search(request: HttpRequest, form: FindForm) -> SearchResult | None:
    """Search and record whom it shows; None without words."""
    words = form.cleaned_data["words"] if form.is_valid() else ""
    if len(words) < SHORTEST:
        return None
    result = search_patients(request, words)
    log_view(request, SEARCH, result.patients)
    return result
