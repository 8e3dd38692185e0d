"""POST /desk/patients/<pk>/tags/: put a tag on a patient, or take one off."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from booking import scheduling
from booking.desk.calendar.page import back_url
from booking.desk.calendar.params import VIEWS
from booking.models import Patient, Tag
from booking.scheduling import Actor
from booking.staff.access import staff_page, treats_patient
from booking.staff.undo import offer_undo
from booking.text_cleaning import is_plain_digits


@require_POST
@staff_page("booking.change_patient", own="booking.keep_own_day")
def tags(request: HttpRequest, pk: int) -> HttpResponse:
    """Add or remove the tag that the button names, and go back to the calendar or the record."""
    patient = get_object_or_404(Patient.objects.current(), pk=pk)
    if not treats_patient(request, patient):
        return redirect("desk:patient", pk)
    add, remove = (_tag(request.POST.get(name, "")) for name in ("add", "remove"))
    if add is None and remove is None:
        return HttpResponseBadRequest(gettext("This tag no longer exists. Go back and reload the page."))
    scheduling.change_tags(patient=patient, add=add, remove=remove, by=Actor.staff(request.user))
    if remove is not None:
        sentence = gettext("“%(tag)s” removed from %(patient)s.") % {"tag": remove, "patient": patient}
        offer_undo(request, sentence, request.path, {"add": str(remove.pk)})
    else:
        sentence = gettext("%(patient)s is now tagged “%(tag)s”.") % {"tag": add, "patient": patient}
        messages.success(request, sentence)
    return redirect(url_behind(request, patient))


def url_behind(request: HttpRequest, patient: Patient) -> str:
    """The calendar from which the form was posted, else the patient's record."""
    path = urlsplit(request.POST.get("back", "")).path
    is_calendar = any(path == reverse(view) for view in VIEWS)
    return back_url(request) if is_calendar else reverse("desk:patient", args=[patient.pk])


def _tag(value: str) -> Tag | None:
    return Tag.objects.filter(pk=int(value)).first() if is_plain_digits(value) and len(value) < 10 else None
