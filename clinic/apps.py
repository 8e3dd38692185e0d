from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps

ERROR_PAGE_INTERVAL = 60.0  # seconds


class ClinicConfig(AppConfig):
    name = "clinic"
    default = True

    def ready(self) -> None:
        from django.apps import apps
        from django.conf import settings
        from django.db.models.signals import post_migrate

        from booking.worker import periodic_tasks
        from clinic import checks  # noqa: F401  (registers them)
        from clinic.accounts import audit, idle_sessions, second_step  # noqa: F401  (connects their signal receivers)
        from clinic.accounts.password_links import send_requested_links
        from clinic.accounts.roles import sync_roles
        from clinic.ops import error_page, private_files  # noqa: F401  (connects its signal receiver)
        from clinic.ops.logs.error_reports import start_error_reports
        from clinic.ops.metrics.receivers import connect_receivers

        # Django creates permissions app by app. "sessions" comes after all apps whose permissions the roles need.
        periodic_tasks.register_periodic_task(
            0, "password links", send_requested_links, with_messages=True, needs_clock=True, needs_site=True
        )
        periodic_tasks.register_periodic_task(
            ERROR_PAGE_INTERVAL, "error page", error_page.keep_error_page_current, with_messages=True
        )
        if settings.METRICS_BIND:
            connect_receivers()
        if settings.SENTRY_DSN:
            start_error_reports(settings.SENTRY_DSN)
        post_migrate.connect(sync_roles, sender=apps.get_app_config("sessions"), dispatch_uid="clinic.staff.roles")


class ClinicAdminConfig(admin_apps.AdminConfig):
    default_site = "clinic.admin_site.ClinicAdminSite"
    default = False
