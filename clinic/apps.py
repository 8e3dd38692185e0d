from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ClinicConfig(AppConfig):
    name = "clinic"
    default = True

    def ready(self) -> None:
        from django.apps import apps
        from django.db.models.signals import post_migrate

        from clinic import checks  # noqa: F401  (registers them)
        from clinic.staff import audit, sessions  # noqa: F401  (they listen)
        from clinic.staff.roles import give

        # The last of the apps whose permissions the roles need.
        post_migrate.connect(give, sender=apps.get_app_config("auth"), dispatch_uid="clinic.staff.roles")


class ClinicAdminConfig(admin_apps.AdminConfig):
    default_site = "clinic.admin_site.ClinicAdminSite"
    default = False
