"""/desk/patients/import/<pk>/: the patients of an import, and taking it back within a week."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from booking import scheduling
from booking.models import AccessLogEntry, PatientImport
from booking.privacy.access_log import log_view
from booking.scheduling import UNDO_FOR, Actor, SchedulingError
from booking.staff.access import desk_page, staff_page

SHOWN = 200  # patients


@require_safe
@staff_page("booking.import_patients")
def patient_import(request: HttpRequest, pk: int) -> HttpResponse:
    """The import's patients who are still here."""
    batch = get_object_or_404(PatientImport.objects.select_related("created_by"), pk=pk)
    patients = batch.patients.current().order_by("name", "pk")
    shown = list(patients[:SHOWN])
    log_view(request, AccessLogEntry.Kind.LIST, shown)
    until = batch.created_at + UNDO_FOR
    context = {
        "section": "patients",
        "batch": batch,
        "patients": shown,
        "count": patients.count(),
        "until": until if until > timezone.now() else None,
    }
    return desk_page(request, "desk/patients/imports/done.html", context)


@require_POST
@staff_page("booking.import_patients")
def undo_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove the import's patients who have nothing else, and show who stays."""
    batch = get_object_or_404(PatientImport, pk=pk)
    try:
        undone = scheduling.undo_import(batch=batch, by=Actor.staff(request.user), now=timezone.now())
    except SchedulingError as error:
        messages.error(request, error.message)
        return redirect("desk:patient_import", pk)
    sentence = ngettext("%(n)d patient was removed.", "%(n)d patients were removed.", undone.removed)
    messages.success(request, sentence % {"n": undone.removed})
    if not undone.staying:
        return redirect("desk:import_patients")
    messages.info(
        request, gettext("Those below stay: they have a visit, a note, a place on the waitlist or a merge by now.")
    )
    return redirect("desk:patient_import", pk)
