"""The person's appointments, and what happened to each."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from booking.models import Appointment, AppointmentEvent, Patient
from booking.privacy.event_states import names_in, with_names
from booking.privacy.export.tables import ExportTable


def visit_tables(identities: Sequence[Patient]) -> list[ExportTable]:
    visits = Appointment.objects.filter(patient__in=identities)
    events = AppointmentEvent.objects.filter(appointment__patient__in=identities)
    named_events = list(events.select_related("appointment", "actor").order_by("at", "pk"))
    names = names_in(named_events)
    named = visits.select_related("practitioner", "service", "location", "room", "cancel_category")
    return [
        ExportTable("appointments", _("Appointments"), Appointment, named.order_by("starts_at", "pk")),
        ExportTable(
            "appointment_events",
            _("History of the appointments"),
            AppointmentEvent,
            named_events,
            replaced={
                "before": lambda event: with_names(event.before, names),
                "after": lambda event: with_names(event.after, names),
            },
            states_of="booking.appointment",
        ),
    ]
