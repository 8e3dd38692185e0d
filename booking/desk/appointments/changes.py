"""Two people who change one visit: the second is told what the first has done."""

from django.http import HttpRequest
from django.utils.translation import gettext

from booking.formatting import at, clock, full_stop, short_day
from booking.models import Appointment, AppointmentEvent

Kind = AppointmentEvent.Kind
_CHANGES = (Kind.RESCHEDULED, Kind.CANCELLED, Kind.RESTORED)  # Each raises the appointment's sequence.


def has_changed(request: HttpRequest, visit: Appointment) -> bool:
    """Whether the visit was moved or cancelled after the form was shown (its field ``sequence``)."""
    return request.POST.getlist("sequence") != [str(visit.sequence)]


def last_change(visit: Appointment) -> str:
    """Who changed the visit last, when, and to what, in a sentence."""
    event = visit.events.filter(kind__in=_CHANGES).select_related("actor").last()
    if event is None:
        return gettext("This visit has changed since you opened it. Nothing was changed now.")
    words = {"who": _actor(event), "when": clock(at(event.at, visit.location)), "to": _time_of(visit)}
    sentences = {
        Kind.RESCHEDULED: gettext("%(who)s moved this visit to %(to)s. That was at %(when)s"),
        Kind.CANCELLED: gettext("%(who)s cancelled this visit at %(when)s"),
        Kind.RESTORED: gettext("%(who)s cancelled this visit and took that back at %(when)s"),
    }
    return f"{full_stop(sentences[Kind(event.kind)] % words)} {gettext('Nothing was changed now.')}"


def _actor(event: AppointmentEvent) -> str:
    if event.actor is not None:
        return str(event.actor.get_full_name() or event.actor.get_username())
    return gettext("The patient") if event.actor_kind == AppointmentEvent.ActorKind.PATIENT else gettext("The system")


def _time_of(visit: Appointment) -> str:
    words = {"day": short_day(visit.local_start), "time": clock(visit.local_start)}
    return gettext("%(day)s, %(time)s with %(person)s") % {**words, "person": visit.practitioner.given_names}
