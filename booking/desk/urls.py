"""Addresses under /desk/."""

from django.urls import path

from booking.desk import day
from booking.desk.appointments import book, status
from booking.desk.find import views as find

app_name = "desk"
urlpatterns = [
    path("", day.day, name="day"),
    path("book/", book.book, name="book"),
    path("find/", find.find, name="find"),
    path("find/list/", find.find_list, name="find_list"),
    path("find/to-book/", find.find_to_book, name="find_to_book"),
    path("find/duplicates/", find.find_duplicates, name="find_duplicates"),
    path("appointments/<str:reference>/status/", status.status, name="status"),
]
