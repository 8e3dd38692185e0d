"""The visits inside blocked time: what is possible for each, and the commands that staff choose for them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext

from booking import scheduling
from booking.models import Appointment, Practitioner, Status
from booking.scheduling import Actor, SchedulingError
from booking.staff.formats import format_phone


@dataclass(frozen=True)
class VisitInside:
    """One visit, who else is free at its time, and how its patient is reached."""

    visit: Appointment
    free: tuple[Practitioner, ...]
    why_nobody: str
    why: str = ""  # The rule that the visit breaks, in the list of visits outside hours.

    @property
    def is_fixed(self) -> bool:
        """Whether the patient is here already, so that nothing can be changed by a button."""
        return self.visit.status != Status.BOOKED

    @property
    def can_be_emailed(self) -> bool:
        patient = self.visit.patient
        return not self.is_fixed and patient is not None and bool(patient.email) and not patient.is_made_up

    @property
    def why_call(self) -> str:
        """Why the patient is called and not emailed; empty if they can be emailed."""
        patient = self.visit.patient
        if self.is_fixed or self.can_be_emailed or patient is None:
            return ""
        return (
            gettext("Sample patient: no email is sent.") if patient.email else gettext("No email address: please call.")
        )

    @property
    def can_be_asked(self) -> bool:
        return self.can_be_emailed and self.visit.asked_to_move_at is None

    @property
    def give_name(self) -> str:
        """The name of the form field that says to whom the visit is given."""
        return f"give-{self.visit.pk}"


def load_inside(
    visits: Iterable[Appointment],
    *,
    now: datetime,
    blocked: Collection[Practitioner] = (),
    reasons: dict[int, str] | None = None,
) -> list[VisitInside]:
    """``blocked``: who is about to be away. The number of queries does not grow with the visits."""
    visits = list(visits)
    if not visits:
        return []
    ahead = [visit for visit in visits if visit.status == Status.BOOKED and visit.starts_at > now]
    offers = scheduling.offered_by_active()
    free: dict[int, list[Practitioner]] = {}
    for practitioner, ids in scheduling.substitutes(ahead, now=now, offered=offers).items():
        if practitioner not in blocked:
            for pk in ids:
                free.setdefault(pk, []).append(practitioner)
    away = {practitioner.pk for practitioner in blocked}
    offered: dict[int, set[int]] = defaultdict(set)
    for person, service in offers:
        if person not in away:
            offered[service].add(person)
    return [
        VisitInside(
            visit,
            tuple(free.get(visit.pk, ())),
            _why_nobody(visit, is_offered=bool(offered[visit.service_id] - {visit.practitioner_id})),
            (reasons or {}).get(visit.pk, ""),
        )
        for visit in visits
    ]


def _why_nobody(visit: Appointment, *, is_offered: bool) -> str:
    if is_offered:
        return gettext("No one else is free then.")
    return gettext("No one else offers %(service)s.") % {"service": visit.service.name}


def give(request: HttpRequest, visit: Appointment, to: Practitioner, *, now: datetime) -> bool:
    """Move the visit to another practitioner at the same time. Says so if it is refused."""
    by = Actor.staff(request.user)
    try:
        scheduling.reschedule(appointment=visit, starts_at=visit.starts_at, practitioner=to, by=by, now=now)
    except SchedulingError as error:
        messages.error(request, f"{visit.patient}: {error.message}")
        return False
    return True


def ask(request: HttpRequest, rows: Iterable[VisitInside], *, now: datetime) -> int:
    """Email these patients a link to choose another time, as far as they can be emailed. Returns their number."""
    count = 0
    for row in rows:
        if row.can_be_asked:
            try:
                scheduling.ask_to_move(appointment=row.visit, by=Actor.staff(request.user), now=now)
            except SchedulingError as error:
                messages.error(request, f"{row.visit.patient}: {error.message}")
            else:
                count += 1
    return count


def cancel(request: HttpRequest, rows: Iterable[VisitInside], reason: str, *, now: datetime) -> int:
    count = 0
    for row in rows:
        try:
            scheduling.cancel(appointment=row.visit, by=Actor.staff(request.user), now=now, reason=reason)
        except SchedulingError as error:
            messages.error(request, f"{row.visit.patient}: {error.message}")
        else:
            count += 1
    return count


def report(request: HttpRequest, *, given: int = 0, asked: int = 0, cancelled: int = 0) -> None:
    """Say what was done. Only who gets an email is said to get one."""
    sentences = []
    if given:
        sentences.append(ngettext("%(n)d visit given away.", "%(n)d visits given away.", given) % {"n": given})
    if asked:
        text = ngettext(
            "%(n)d patient will get an email with a link to choose a new time.",
            "%(n)d patients will get an email with a link to choose a new time.",
            asked,
        )
        sentences.append(text % {"n": asked})
    if cancelled:
        sentences.append(ngettext("%(n)d visit cancelled.", "%(n)d visits cancelled.", cancelled) % {"n": cancelled})
    if sentences:
        messages.success(request, " ".join(sentences))


def call_list(rows: Iterable[VisitInside]) -> str:
    """Who has no email address, with the phone numbers; "" if nobody."""
    visits = [row.visit for row in rows if row.why_call and not (row.visit.patient and row.visit.patient.email)]
    return "; ".join(f"{visit.patient}, {format_phone(visit.patient.phone)}" for visit in visits if visit.patient)
