"""Addresses under /desk/patients/, in the namespace of the desk."""

from django.urls import path

from booking.desk.notes import on_patient, tags
from booking.desk.patients import contact, edit, merge, patient_list, record
from booking.desk.patients.imports import undo, upload

urlpatterns = [
    path("", patient_list.patients, name="patients"),
    path("new/", edit.new_patient, name="new_patient"),
    path("merge/", merge.merge_patients, name="merge_patients"),
    path("import/", upload.import_patients, name="import_patients"),
    path("import/<int:pk>/", undo.patient_import, name="patient_import"),
    path("import/<int:pk>/undo/", undo.undo_import, name="undo_import"),
    path("<int:pk>/", record.patient, name="patient"),
    path("<int:pk>/open/", record.open_patient, name="open_patient"),
    path("<int:pk>/edit/", edit.edit_patient, name="edit_patient"),
    path("<int:pk>/contact/", contact.correct_contact, name="correct_contact"),
    path("<int:pk>/tags/", tags.tags, name="tags"),
    path("<int:pk>/note/", on_patient.patient_note, name="patient_note"),
]
