"""Addresses under /desk/privacy/, in the namespace of the desk."""

from django.urls import path

from booking.desk.privacy import (
    access_log,
    certificates,
    changes,
    correct,
    dispose_patient,
    due,
    export,
    home,
    people_shown,
    retention,
    unusual,
)

urlpatterns = [
    path("", home.home, name="privacy"),
    path("log/", access_log.by_date, name="access_log"),
    path("log/<int:pk>/", access_log.entry, name="access_log_entry"),
    path("unusual/", unusual.unusual, name="unusual_looks"),
    path("changes/", changes.by_date, name="change_log"),
    path("staff/", access_log.staff_list, name="privacy_staff_list"),
    path("staff/<int:pk>/", access_log.by_staff, name="privacy_staff"),
    path("staff/<int:pk>/people/", people_shown.by_staff, name="staff_people"),
    path("staff/<int:pk>/changes/", changes.by_staff, name="staff_changes"),
    path("patients/<int:pk>/", access_log.by_patient, name="privacy_patient"),
    path("patients/<int:pk>/changes/", changes.by_patient, name="patient_changes"),
    path("patients/<int:pk>/export/", export.export_patient, name="export_patient"),
    path("retention/", retention.retention, name="retention"),
    path("due/", due.due, name="due"),
    path("due/review/", due.review_due, name="review_due"),
    path("due/dispose/", due.dispose_due, name="dispose_due"),
    path("patients/<int:pk>/dispose/", dispose_patient.dispose_patient, name="dispose_patient"),
    path("certificates/", certificates.certificates, name="disposals"),
    path("certificates/<uuid:key>/", certificates.certificate, name="disposal"),
    path("patients/<int:pk>/correct/", correct.correct_patient, name="correct_patient"),
]
