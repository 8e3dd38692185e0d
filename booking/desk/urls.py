"""Addresses under /desk/."""

from django.urls import path

from booking.desk.calendar import day, status

app_name = "desk"
urlpatterns = [
    path("", day.day, name="day"),
    path("appointments/<str:reference>/status/", status.status, name="status"),
]
