"""The Django admin under the clinic's name."""

from django.contrib import admin


class ClinicAdminSite(admin.AdminSite):
    site_header = "Clinic office"
    site_title = "Clinic office"
    index_title = "Today and everything else"
    enable_nav_sidebar = True
