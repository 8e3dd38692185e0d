"""What a visitor has typed about the patient: put into the form, kept as typed, read for a booking."""

from datetime import date, datetime
from typing import Any

from django.urls import reverse
from phonenumber_field.phonenumber import to_python as read_phone

from booking.filling import stamp
from booking.forms import NO_REMINDERS, DetailsForm
from booking.messages import texting
from booking.models import Appointment, Channel, Clinic
from booking.scheduling import PatientDetails
from booking.views import asked as asking
from booking.views.visitor import Visitor
from booking.words import date_in_words

ME, OTHER = "me", "other"
FOR = (ME, OTHER)
_OF_THE_PATIENT = ("name", "preferred_name", "pronouns", "date_of_birth", "visit")


def details_form(
    hold: Appointment, now: datetime, booking_for: str, *, data: Any = None, initial: Any = None
) -> DetailsForm:
    kept = dict(initial or {})
    if kept.get("phone"):
        kept["phone"] = _phone_in_words(kept["phone"])
    if "reminders" in kept:
        kept["reminders"] = _reminders_to_show(kept["reminders"])
    first = kept | {"hold": hold.reference, "booking_for": booking_for}
    if data is None:  # What is sent back carries the stamp of the page that it was typed on.
        first["shown"] = fresh_stamp()
    return DetailsForm(
        data,
        initial=first,
        service=hold.service,
        today=now.astimezone(hold.location.zone).date(),
        for_other=booking_for == OTHER,
        asks_visit=hold.is_first_visit is None,
        ahead=hold.starts_at - now,
    )


def fresh_stamp() -> str:
    clinic = Clinic.objects.only("collection_notice_version").first()
    return stamp(clinic.collection_notice_version if clinic else "none")


def as_typed(form: DetailsForm) -> dict[str, Any]:
    """All that was typed, good or not, so that nobody types it twice."""
    typed = {
        name: str(form.data.get(name, ""))[:300] for name in form.fields if name not in {"hold", "shown", "homepage"}
    }
    whom = OTHER if form.for_other else ME
    return typed | {"booking_for": whom}


def turned_to(booking_for: str, answers: dict[str, Any]) -> dict[str, Any]:
    """The same answers when the visit is for somebody else after all, or for oneself.

    What was said about one person is not said about the other: the own name moves to its own
    field, and the rest is set aside until the visitor changes their mind again.
    """
    if answers.get("booking_for", ME) == booking_for:
        return answers
    aside = dict(answers.get("set_aside") or {})
    about = {name: answers.get(name, "") for name in _OF_THE_PATIENT}
    turned = answers | {name: aside.get(name, "") for name in _OF_THE_PATIENT}
    if booking_for == OTHER:
        turned["contact_name"] = about["name"]
    else:
        turned["name"] = answers.get("contact_name", "")
    return turned | {"booking_for": booking_for, "set_aside": about}


def details_from(visitor: Visitor, hold: Appointment) -> PatientDetails | None:
    """What was typed, as a booking takes it; None while something is missing for this visit."""
    answers = visitor.answers
    if not visitor.are_complete:
        return None
    is_first_visit = hold.is_first_visit
    if is_first_visit is None:
        is_first_visit = asking.VISITS.get(answers.get("visit") or "")
    born_on = date.fromisoformat(answers["date_of_birth"]) if answers.get("date_of_birth") else None
    if is_first_visit is None or (hold.service.needs_date_of_birth and born_on is None):
        return None
    for_other = answers.get("booking_for") == OTHER
    return PatientDetails(
        name=answers["name"],
        email=answers["email"],
        phone=answers["phone"],
        preferred_name=answers.get("preferred_name", ""),
        pronouns=answers.get("pronouns", ""),
        date_of_birth=born_on if hold.service.needs_date_of_birth else None,
        contact_name=answers.get("contact_name", "") if for_other else "",
        is_first_visit=is_first_visit,
        reminders=bool(answers.get("reminders")),
        reminders_by=Channel.TEXT if answers.get("reminders") == "text" else Channel.EMAIL,
        notice_version=answers.get("notice_version", ""),
    )


def rows_of(hold: Appointment, details: PatientDetails, change_visit: str) -> list[tuple[str, str, str]]:
    """What the check page lists about the patient: what it is, the answer, where to change it."""
    form = reverse("booking:details")
    visit = f"{form}#id_visit_0" if hold.is_first_visit is None else change_visit
    other = bool(details.contact_name)
    rows = [
        ("Patient" if other else "Name", details.name, f"{form}#id_name"),
        ("Likes to be called", details.preferred_name, f"{form}#id_preferred_name"),
        ("Pronouns", details.pronouns, f"{form}#id_pronouns"),
        ("Date of birth", details.date_of_birth and date_in_words(details.date_of_birth), f"{form}#id_date_of_birth"),
        ("First visit here", "Yes" if details.is_first_visit else "No", visit),
        ("Your name", details.contact_name, f"{form}#id_contact_name"),
        ("E-mail", details.email, f"{form}#id_email"),
        ("Phone", _phone_in_words(details.phone), f"{form}#id_phone"),
        ("Reminders", _reminders_in_words(details), f"{form}#id_reminders{'_0' if texting.is_on() else ''}"),
    ]
    return [(key, value, url) for key, value, url in rows if value]


def _reminders_to_show(said: str) -> str | bool:
    """What was said or typed, as the field on the page shows it: a tick, or one of three ways."""
    if not texting.is_on():
        return said not in {"", NO_REMINDERS}
    return said if said in {"email", "text"} else NO_REMINDERS


def _reminders_in_words(details: PatientDetails) -> str:
    if not details.reminders:
        return "None"
    return "By text message" if details.reminders_by == Channel.TEXT else "By e-mail"


def _phone_in_words(number: str) -> str:
    """(403) 555-0123; a number from abroad with its country; what is no number as it was typed."""
    phone = read_phone(number, region="CA")
    if not phone or not phone.is_valid():
        return number
    return str(phone.as_national if phone.country_code == 1 else phone.as_international)
