"""Who changed what about the person, and who saw it."""

from collections.abc import Sequence

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.models import AccessLogEntry, AccessLogPerson, Appointment, ChangeLogEntry, Patient, WaitlistEntry
from booking.privacy.export.tables import ExportTable


def change_tables(identities: Sequence[Patient]) -> list[ExportTable]:
    changes = ChangeLogEntry.objects.filter(patient__in=identities).select_related("actor")
    return [
        ExportTable("changes", _("Change log"), ChangeLogEntry, changes.order_by("at", "pk")),
        ExportTable(
            "office_history",
            _("History in the office"),
            LogEntry,
            _office_history(identities),
            replaced={"change_message": lambda row: row.get_change_message()},
        ),
    ]


def access_tables(identities: Sequence[Patient], waiting: Sequence[WaitlistEntry]) -> list[ExportTable]:
    """The looks at this person's data, without how many others a page showed, and from where in the clinic."""
    people = AccessLogPerson.objects.filter(Q(patient__in=identities) | Q(waitlist_entry__in=waiting))
    entries = AccessLogEntry.objects.filter(pk__in=people.values("entry")).select_related("staff")
    return [
        ExportTable(
            "access_log",
            _("Who saw this person's data"),
            AccessLogEntry,
            entries.order_by("at", "pk"),
            without=("address", "count"),
        )
    ]


def _office_history(identities: Sequence[Patient]) -> list[LogEntry]:
    visits = Appointment.objects.filter(patient__in=identities).values_list("pk", flat=True)
    about = Q(pk__in=[])
    for model, keys in ((Patient, [row.pk for row in identities]), (Appointment, list(visits))):
        content_type = ContentType.objects.get_for_model(model)
        about |= Q(content_type=content_type, object_id__in=[str(key) for key in keys])
    return list(LogEntry.objects.filter(about).select_related("user", "content_type").order_by("action_time", "pk"))
