"""The patient's addresses. Mails and search engines remember them: change none of them."""

from django.urls import path

from booking.views import choose, details, manage

app_name = "booking"
urlpatterns = [
    path("book/", choose.services, name="services"),
    path("book/safety/", details.safety, name="safety"),
    path("book/details/", details.details, name="details"),
    path("book/check/", details.check, name="check"),
    path("book/done/", details.done, name="done"),
    path("book/<slug:slug>/", choose.times, name="times"),
    path("appointment/", manage.appointment, name="appointment"),
    path("appointment/change/", manage.change, name="change"),
    path("appointment/cancel/", manage.cancel, name="cancel"),
    path("appointment/calendar.ics", manage.calendar_file, name="calendar_file"),
    path("appointment/<str:token>/", manage.link, name="link"),
]
