"""Addresses under /desk/privacy/, in the namespace of the desk."""

from django.urls import path

from booking.desk.privacy import certificates, correct, dispose_patient, due, home, retention

urlpatterns = [
    path("", home.home, name="privacy"),
    path("retention/", retention.retention, name="retention"),
    path("due/", due.due, name="due"),
    path("due/review/", due.review_due, name="review_due"),
    path("due/dispose/", due.dispose_due, name="dispose_due"),
    path("patients/<int:pk>/dispose/", dispose_patient.dispose_patient, name="dispose_patient"),
    path("certificates/", certificates.certificates, name="disposals"),
    path("certificates/<uuid:pk>/", certificates.certificate, name="disposal"),
    path("patients/<int:pk>/correct/", correct.correct_patient, name="correct_patient"),
]
