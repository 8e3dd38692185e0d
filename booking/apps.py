from django.apps import AppConfig
from django.db.models.signals import post_migrate

RETENTION_INTERVAL = 24 * 3600.0  # seconds

# Models whose changes do not bump the content version: no public page shows them, or the page queries
# them on each request (appointments: the next free slot).
UNVERSIONED_MODELS = {
    "AccessLogEntry",
    "AccessLogPerson",
    "ChangeLogEntry",
    "Disposal",
    "DisposalItem",
    "RetentionPeriods",
    "RateLimitBucket",
    "Appointment",
    "AppointmentEvent",
    "Message",
    "MessageWording",
    "PatientNote",
    "CancelReason",
    "RunningLate",
    "Tag",
    "Patient",
    "PatientImport",
    "PatientMerge",
    "ContentVersion",
    "WaitlistEntry",
    "WaitlistOffer",
    "TaskRun",
    "ClockReading",
    "SiteIdentity",
    "IntakeAnswers",
    "IntakeForm",
    "IntakeFormVersion",
    "IntakeQuestion",
}


class BookingConfig(AppConfig):
    name = "booking"
    verbose_name = "Booking"

    def ready(self) -> None:
        from booking import checks  # noqa: F401  (registers them)
        from booking.models import connect_version_signals, make_missing_site_identity, make_missing_wordings
        from booking.privacy import retention
        from booking.worker import periodic_tasks

        post_migrate.connect(lambda using, **_: make_missing_wordings(using), sender=self, weak=False)
        post_migrate.connect(lambda using, **_: make_missing_site_identity(using), sender=self, weak=False)
        connect_version_signals(self, but=UNVERSIONED_MODELS)
        periodic_tasks.register_periodic_task(
            RETENTION_INTERVAL, "retention periods", retention.run_daily, needs_clock=True, needs_site=True
        )
