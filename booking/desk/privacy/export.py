"""/desk/privacy/patients/<pk>/export/: everything held about one person, as a file for them."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from booking.models import Patient
from booking.privacy.access_log import Kind, log_view
from booking.privacy.export.archive import archive, file_name
from booking.privacy.export.collect import collect
from booking.privacy.identities import identities_of, name_in_words
from booking.staff.access import desk_page, staff_page
from booking.staff.formats import staff_name


class ExportForm(forms.Form):
    access_log = forms.BooleanField(label=_("Include who saw this person's data"), required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page("booking.export_patient")
def export_patient(request: HttpRequest, pk: int) -> HttpResponse:
    """GET says what is in the file; POST makes it, for this response only."""
    identities = identities_of(get_object_or_404(Patient, pk=pk))
    form = ExportForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        log_view(request, Kind.RECORD, identities)
        heading = gettext("Everything held about %(name)s") % {"name": name_in_words(identities[0])}
        context: dict[str, Any] = {"patient": identities[0], "merged": identities[1:], "form": form, "heading": heading}
        return desk_page(request, "desk/privacy/export.html", {"section": "privacy", **context})
    log_view(request, Kind.EXPORT, identities)
    export = collect(
        identities[0],
        made_by=staff_name(request.user),
        now=timezone.now(),
        with_access_log=form.cleaned_data["access_log"],
    )
    response = HttpResponse(archive(export), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name(export)}"'
    response.headers["Cache-Control"] = "no-store"
    return response
