"""Addresses under /desk/."""

from django.urls import path

from booking.desk import day
from booking.desk.appointments import status
from booking.desk.my_day import day as my_day
from booking.desk.my_day import feed, late, me, own_page

app_name = "desk"
urlpatterns = [
    path("", day.day, name="day"),
    path("appointments/<str:reference>/status/", status.status, name="status"),
    path("my-day/", my_day.my_day, name="my_day"),
    path("my-day/late/", late.running_late, name="running_late"),
    path("my-day/quiet/", my_day.quiet, name="quiet"),
    path("me/", me.me, name="me"),
    path("me/feed/", feed.feed, name="own_feed"),
    path("me/page/", own_page.own_page, name="own_page"),
]
