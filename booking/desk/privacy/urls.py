"""Addresses under /desk/privacy/, in the namespace of the desk."""

from django.urls import path

from booking.desk.privacy import home

urlpatterns = [
    path("", home.home, name="privacy"),
]
