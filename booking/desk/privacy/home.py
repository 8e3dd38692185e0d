"""/desk/privacy/: the privacy officer's first page, with a search for a patient."""

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from booking.forms.fields import LineField
from booking.models import Patient
from booking.privacy.access_log import Kind, log_view
from booking.staff.access import desk_page, shows_no_times, staff_page
from booking.staff.search import find_patients

SHOWN = 20


class FindPersonForm(forms.Form):
    """Posted, so that the words stand in no address and no log."""

    use_required_attribute = False

    words = LineField(
        label=_("A patient's name, phone or email"),
        max_length=100,
        min_length=2,
        error_messages={
            "required": _("Enter a name, a phone number or an email address."),
            "min_length": _("Enter at least two characters."),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page("booking.view_accesslogentry")
@shows_no_times
def home(request: HttpRequest) -> HttpResponse:
    form = FindPersonForm(request.POST if request.method == "POST" else None, auto_id="person_%s", label_suffix="")
    found: list[Patient] | None = None
    if form.is_valid():
        found = list(_people(form.cleaned_data["words"])[: SHOWN + 1])
        log_view(request, Kind.SEARCH, found[:SHOWN])
    context = {
        "section": "privacy",
        "form": form,
        "found": found[:SHOWN] if found is not None else None,
        "is_cut": found is not None and len(found) > SHOWN,
    }
    return desk_page(request, "desk/privacy/home.html", context, status=422 if form.errors else 200)


def _people(words: str) -> QuerySet[Patient]:
    """Everyone who is named in the database, so also those who were merged into another patient."""
    patients = Patient.objects.filter(disposed_at__isnull=True).select_related("merged_into")
    return find_patients(patients, words).order_by("name", "pk")
