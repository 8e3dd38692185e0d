"""Addresses under /desk/."""

from django.urls import path

from booking.desk import day
from booking.desk.appointments import status

app_name = "desk"
urlpatterns = [
    path("", day.day, name="day"),
    path("appointments/<str:reference>/status/", status.status, name="status"),
]
