"""Addresses under /desk/."""

from django.urls import path

from booking.desk import day
from booking.desk.appointments import cancel, late, resend, status
from booking.desk.visit_times import move, rebook, repeat

app_name = "desk"
urlpatterns = [
    path("", day.day, name="day"),
    path("appointments/<str:reference>/status/", status.status, name="status"),
    path("appointments/<str:reference>/late/", late.late, name="late"),
    path("appointments/<str:reference>/move/", move.move, name="move"),
    path("appointments/<str:reference>/move/undo/", move.undo_move, name="undo_move"),
    path("appointments/<str:reference>/cancel/", cancel.cancel, name="cancel"),
    path("appointments/<str:reference>/restore/", cancel.restore, name="restore"),
    path("appointments/<str:reference>/rebook/", rebook.rebook, name="rebook"),
    path("appointments/<str:reference>/series/", repeat.series, name="series"),
    path("appointments/<str:reference>/messages/<int:message>/", resend.resend, name="resend"),
]
