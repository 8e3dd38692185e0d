from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ClinicConfig(AppConfig):
    name = "clinic"
    default = True

    def ready(self) -> None:
        from clinic import checks  # noqa: F401  (registers them)
        from clinic.staff import audit, sessions  # noqa: F401  (they listen)


class ClinicAdminConfig(admin_apps.AdminConfig):
    default_site = "clinic.admin_site.ClinicAdminSite"
    default = False
