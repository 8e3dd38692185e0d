"""Details of an earlier booking of this session, used again without showing them."""

from typing import Any

from booking.models import Appointment, Channel
from booking.views.remembered_booking import RememberedBooking

ME, OTHER = "me", "other"


def known_answers(remembered: RememberedBooking | None) -> dict[str, str]:
    """The answers that the form need not ask for, because the visitor uses these details again."""
    if remembered is None or not remembered.is_used:
        return {}
    patient = remembered.appointment.patient
    assert patient is not None
    answers = {"contact_name": patient.contact_name, "email": patient.email, "phone": str(patient.phone)}
    if remembered.for_other:
        answers["contact_name"] = patient.contact_name or patient.name
    else:
        born_on = patient.date_of_birth.isoformat() if patient.date_of_birth else ""
        answers |= {"name": patient.name, "date_of_birth": born_on}
        answers |= {"preferred_name": patient.preferred_name, "pronouns": patient.pronouns}
    may_be_empty = {"preferred_name", "pronouns"}
    return {name: value for name, value in answers.items() if value or name in may_be_empty}


def answers_to_change(remembered: RememberedBooking) -> dict[str, Any]:
    """The details as answers that the form shows; none for somebody who did not type them."""
    if remembered.by_link:
        return {}
    used = RememberedBooking(remembered.appointment, for_other=remembered.for_other, is_used=True)
    return known_answers(used) | {"booking_for": booking_for(remembered)}


def typed_answers(appointment: Appointment) -> dict[str, Any]:
    """The answers that an appointment was booked with, for whoever typed them."""
    used = RememberedBooking(appointment, is_used=True)
    by_text = appointment.reminders_by == Channel.TEXT
    reminders = ("text" if by_text else "email") if appointment.reminders else ""
    return known_answers(used) | {"booking_for": booking_for(used), "reminders": reminders}


def booking_for(remembered: RememberedBooking) -> str:
    patient = remembered.appointment.patient
    return OTHER if remembered.for_other or (patient and patient.contact_name) else ME


def without_hidden(answers: dict[str, Any]) -> dict[str, Any]:
    """Answers for the form: what the visitor did not type is not shown."""
    return {name: value for name, value in answers.items() if name not in (answers.get("masked") or ())}


def masked_details(remembered: RememberedBooking) -> str:
    """M. O., m...@example.com, ...0171."""
    patient = remembered.appointment.patient
    assert patient is not None
    names = [patient.contact_name or patient.name] if remembered.for_other else [patient.name]
    if patient.contact_name and not remembered.for_other:
        names.append(patient.contact_name)
    shown = [*map(mask_name, names), mask_email(patient.email), mask_phone(str(patient.phone))]
    return ", ".join(filter(None, shown))


def mask_name(name: str) -> str:
    """M. O.: the initials of the first and the last word."""
    words = name.split()
    return " ".join(f"{word[0]}." for word in ([words[0], words[-1]] if len(words) > 1 else words))


def mask_email(email: str) -> str:
    """m...@example.com."""
    local, _, domain = email.rpartition("@")
    return f"{local[0]}...@{domain}" if local else ""


def mask_phone(number: str) -> str:
    """...0171."""
    return f"...{number[-4:]}" if number else ""
