"""Addresses under /desk/."""

from django.urls import path

from booking.desk import day, live, print_view, settings, week
from booking.desk.appointments import status

app_name = "desk"
urlpatterns = [
    path("", day.day, name="day"),
    path("week/", week.week, name="week"),
    path("print/", print_view.print_page, name="print"),
    path("settings/", settings.settings, name="settings"),
    path("version/", live.version, name="version"),
    path("appointments/<str:reference>/status/", status.status, name="status"),
]
