"""How a patient is reached: mend an address or phone that was mistyped, and send again what went astray."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from booking import messages
from booking.models import Appointment, AppointmentEvent, Patient
from booking.scheduling.actors import Actor
from booking.scheduling.patients import carry_waitlist, upcoming_visits
from booking.scheduling.record import add_event, snapshot
from booking.scheduling.refusals import WrongState


@dataclass(frozen=True)
class Mended:
    """``renewed``: how many visits got new links; ``sent``: how many confirmations are on their way."""

    patient: Patient
    renewed: int
    sent: int


def mend_contact(
    *, patient: Patient, email: str, phone: str, by: Actor, now: datetime, send: bool, seen_email: str | None = None
) -> Mended:
    """Correct where a patient is reached; ``send`` the confirmations of upcoming visits there, too.

    Whoever reads the wrong address may have got links that open visits: with another address, every
    upcoming visit's link is a new one, and the old ones open nothing. ``seen_email`` is the address
    that stood on the page. Raises WrongState.
    """
    if not by.is_staff:
        raise WrongState("Only staff can do this.")
    with transaction.atomic():
        patient = Patient.objects.select_for_update().get(pk=patient.pk)
        if patient.merged_into_id is not None:
            raise WrongState("This patient has been merged. Look for the one who stands.")
        if seen_email is not None and seen_email != patient.email:
            raise WrongState("Somebody has changed the e-mail address meanwhile. Look at it again.")
        is_new, old_email = email.lower() != patient.email.lower(), patient.email
        patient.email = email
        patient.phone = phone  # type: ignore[assignment]
        patient.save(update_fields=["email", "phone"])
        carry_waitlist(name=patient.name, email=old_email, to=patient)
        visits = upcoming_visits(patient, now=now)
        if is_new:
            renew_links(visits, by=by, now=now, send=send)
        elif send:
            messages.confirm_again(visits, now=now)
        return Mended(patient, len(visits) if is_new else 0, len(visits) if send and email else 0)


def renew_links(visits: Sequence[Appointment], *, by: Actor, now: datetime, send: bool = True) -> None:
    """Make all links sent so far to these visits useless; ``send`` confirmations with new ones.

    In a transaction that has locked the visits.
    """
    for visit in visits:
        before = snapshot(visit)
        visit.link_generation += 1
        visit.save(update_fields=["link_generation", "updated_at"])
        add_event(visit, AppointmentEvent.Kind.LINK_RENEWED, by=by, now=now, before=before)
    if send:
        messages.confirm_again(visits, now=now)
