"""/desk/patients/import/: upload a file, match its columns, look at the result, import.

Between the steps the file's words travel in the form, signed: nothing of them is kept on the server.
"""

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from booking import scheduling
from booking.desk.patients.imports.columns import ColumnsForm
from booking.desk.patients.imports.rows import ImportRow, check_rows
from booking.desk.patients.imports.table import MAX_BYTES, MAX_ROWS, CsvTable, UnreadableFile, read_table
from booking.models import AccessLogEntry, PatientImport
from booking.privacy.access_log import log_view
from booking.scheduling import UNDO_FOR, Actor
from booking.staff.access import desk_page, staff_page
from booking.text_cleaning import is_plain_digits

SALT = "booking.desk.import"
VALID_FOR = timedelta(hours=2)  # Between upload and import.
SAMPLE = 5  # Rows that are shown as they will be imported.
ERRORS_SHOWN = 100
Kind = AccessLogEntry.Kind


class CsvUploadForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        max_length=255,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
    )


@staff_page("booking.import_patients")
def import_patients(request: HttpRequest) -> HttpResponse:
    """GET: the upload. POST: the step that the button names."""
    if request.method != "POST":
        return _show_upload(request, CsvUploadForm())
    step = request.POST.get("step", "")
    if step == "upload":
        return _upload(request)
    try:
        key, table = _read_signed_table(request)
    except signing.BadSignature:
        messages.warning(request, gettext("The file was chosen too long ago. Choose it again."))
        return redirect("desk:import_patients")
    form = ColumnsForm(request.POST, header=table.header)
    if step == "columns" or not form.is_valid():
        return _show_columns(request, form, table, status=200 if step == "columns" else 422)
    rows = check_rows(table, form.columns, form.date_order, today=timezone.localdate())
    chosen = _chosen(request, rows)
    if step != "import" or not chosen:
        if step == "import":
            messages.warning(request, gettext("There is nobody to import."))
        return _preview(request, form, rows)
    return _import(request, key, chosen)


def _upload(request: HttpRequest) -> HttpResponse:
    form = CsvUploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show_upload(request, form, status=422)
    try:
        table = read_table(form.cleaned_data["file"].read(MAX_BYTES + 1))
    except UnreadableFile as error:
        form.add_error("file", error.message)
        return _show_upload(request, form, status=422)
    signed = signing.dumps([str(uuid.uuid4()), table.header, table.rows], salt=SALT, compress=True)
    return _show_columns(request, ColumnsForm(header=table.header), table, signed=signed)


def _import(request: HttpRequest, key: uuid.UUID, chosen: list[ImportRow]) -> HttpResponse:
    values = [row.values for row in chosen]
    batch = scheduling.import_patients(key=key, rows=values, by=Actor.staff(request.user), now=timezone.now())
    log_view(request, Kind.LIST, batch.patients.all())
    sentence = ngettext("%(n)d patient was imported.", "%(n)d patients were imported.", batch.count)
    messages.success(request, sentence % {"n": batch.count})
    return redirect("desk:patient_import", batch.pk)


def _read_signed_table(request: HttpRequest) -> tuple[uuid.UUID, CsvTable]:
    """The upload's key and its table. Raises BadSignature."""
    key, header, rows = signing.loads(request.POST.get("table", ""), salt=SALT, max_age=VALID_FOR)
    return uuid.UUID(key), CsvTable(header, [(number, cells) for number, cells in rows])


def _chosen(request: HttpRequest, rows: list[ImportRow]) -> list[ImportRow]:
    """The rows without errors, of possible duplicates only those that were ticked."""
    ticked = {int(number) for number in request.POST.getlist("all_same") if is_plain_digits(number[:9])}
    return [row for row in rows if not row.errors and (not row.is_doubtful or row.number in ticked)]


def _show_upload(request: HttpRequest, form: CsvUploadForm, *, status: int = 200) -> HttpResponse:
    imports = PatientImport.objects.filter(created_at__gte=timezone.now() - UNDO_FOR).select_related("created_by")
    context = {"form": form, "imports": imports, "max_rows": MAX_ROWS, "max_kb": MAX_BYTES // 1024}
    return _show(request, "upload", context, status)


def _show_columns(
    request: HttpRequest, form: ColumnsForm, table: CsvTable, *, signed: str = "", status: int = 200
) -> HttpResponse:
    context = {"form": form, "table": signed or request.POST.get("table", ""), "count": len(table.rows)}
    return _show(request, "columns", context, status)


def _preview(request: HttpRequest, form: ColumnsForm, rows: list[ImportRow]) -> HttpResponse:
    doubtful = [row for row in rows if row.is_doubtful]
    wrong = [row for row in rows if row.errors]
    ready = [row for row in rows if not row.errors and not row.is_doubtful]
    log_view(request, Kind.LIST, [patient for row in doubtful for patient in row.duplicates])
    context: dict[str, Any] = {
        "form": form,
        "table": request.POST.get("table", ""),
        "ready_count": len(ready),
        "sample": ready[:SAMPLE],
        "doubtful": doubtful,
        "ticked": set(request.POST.getlist("all_same")),
        "wrong": wrong[:ERRORS_SHOWN],
        "wrong_count": len(wrong),
    }
    return _show(request, "preview", context)


def _show(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return desk_page(
        request, f"desk/patients/imports/{template}.html", {"section": "patients", **context}, status=status
    )
