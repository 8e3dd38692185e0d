from django.apps import AppConfig
from django.db.models.signals import post_migrate

# What no public page shows, or what it looks at again by itself (appointments: the next free time).
NOT_SHOWN = {
    "Allowance",
    "Appointment",
    "AppointmentEvent",
    "Message",
    "MessageWording",
    "Patient",
    "PatientMerge",
    "ShownVersion",
    "WaitlistEntry",
    "WaitlistOffer",
    "WorkerStep",
}


class BookingConfig(AppConfig):
    name = "booking"
    verbose_name = "Booking"

    def ready(self) -> None:
        from booking import checks  # noqa: F401  (registers them)
        from booking.models import watch_what_is_shown
        from booking.models.wording import make_missing_wordings

        post_migrate.connect(lambda using, **_: make_missing_wordings(using), sender=self, weak=False)
        watch_what_is_shown(self, but=NOT_SHOWN)
