"""Addresses under /desk/privacy/, in the namespace of the desk."""

from django.urls import path

from booking.desk.privacy import correct, home

urlpatterns = [
    path("", home.home, name="privacy"),
    path("patients/<int:pk>/correct/", correct.correct_patient, name="correct_patient"),
]
