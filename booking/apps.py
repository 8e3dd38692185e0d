from django.apps import AppConfig
from django.db.models.signals import post_migrate

RETENTION_INTERVAL = 24 * 3600.0  # seconds
FIRST_FREE_INTERVAL = 6 * 3600.0  # seconds: the first run of a day counts

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
    "ExternalCalendar",
    "BusyTime",
    "BookingStepCount",
    "FirstFreeTime",
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
        from booking.calendars import due
        from booking.models import connect_version_signals, make_missing_site_identity, make_missing_wordings
        from booking.privacy import retention
        from booking.reports import first_free
        from booking.worker import periodic_tasks

        post_migrate.connect(lambda using, **_: make_missing_wordings(using), sender=self, weak=False)
        post_migrate.connect(lambda using, **_: make_missing_site_identity(using), sender=self, weak=False)
        connect_version_signals(self, but=UNVERSIONED_MODELS)
        periodic_tasks.register_periodic_task(
            RETENTION_INTERVAL, "retention periods", retention.run_daily, needs_clock=True, needs_site=True
        )
        periodic_tasks.register_periodic_task(
            due.CHECK_INTERVAL, "own calendars", due.read_due_calendars, has_own_thread=True, needs_site=True
        )
        periodic_tasks.register_periodic_task(
            FIRST_FREE_INTERVAL, "first free times", first_free.measure_daily, needs_clock=True
        )
