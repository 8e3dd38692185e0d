from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BookingConfig(AppConfig):
    name = "booking"
    verbose_name = "Booking"

    def ready(self) -> None:
        from booking import checks  # noqa: F401  (registers them)
        from booking.models.wording import make_missing_wordings

        post_migrate.connect(lambda using, **_: make_missing_wordings(using), sender=self, weak=False)
