"""Addresses under /desk/reports/."""

from django.urls import path

from booking.reports import views

urlpatterns = [
    path("", views.reports, name="reports"),
    path("<slug:name>.csv", views.table, name="report_table"),
]
