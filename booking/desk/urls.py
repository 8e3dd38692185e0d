"""Addresses under /desk/."""

from django.urls import include, path

from booking.desk import day
from booking.desk.appointments import status
from booking.desk.notes import on_visit

app_name = "desk"
urlpatterns = [
    path("", day.day, name="day"),
    path("appointments/<str:reference>/status/", status.status, name="status"),
    path("notes/visits/<str:reference>/", on_visit.visit_note, name="visit_note"),
    path("patients/", include("booking.desk.patients.urls")),
]
