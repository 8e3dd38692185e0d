"""The details form: initial values, raw input for the session, and PatientDetails for the booking."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from booking import scheduling
from booking.formatting import date_in_words, phone_in_words
from booking.forms.antispam import sign_form_token
from booking.forms.basket import BasketDetailsForm, birth_date_field, name_field
from booking.forms.details import NO_REMINDERS, DetailsForm
from booking.messages.sms import gateway
from booking.models import Appointment, Channel, Clinic
from booking.scheduling import PatientDetails
from booking.views.book.remembered import ME, OTHER, mask_email, mask_name, mask_phone
from booking.views.book.stamp import stamp_of
from booking.views.query_params import VISITS
from booking.views.session import BookingSession

FOR = (ME, OTHER)
_PATIENT_FIELDS = ("name", "preferred_name", "pronouns", "date_of_birth", "visit")


def details_form(
    holds: Sequence[Appointment],
    now: datetime,
    booking_for: str,
    *,
    data: Any = None,
    initial: Any = None,
    known: Mapping[str, str] | None = None,
) -> DetailsForm:
    """The form for one time, or for those of a basket: then it also asks who each is for."""
    hold, values = holds[0], dict(initial or {})
    if values.get("phone"):
        values["phone"] = phone_in_words(values["phone"])
    if "reminders" in values:
        values["reminders"] = _reminders_initial(values["reminders"])
    values |= {"hold": stamp_of(holds), "booking_for": booking_for}
    if data is None:  # A bound form keeps the token of the page that it was rendered on.
        values["shown"] = new_form_token()
    options: dict[str, Any] = {
        "initial": values,
        "service": hold.service,
        "today": now.astimezone(hold.location.zone).date(),
        "for_other": booking_for == OTHER,
        "asks_visit": any(one.is_first_visit is None for one in holds),
        "ahead": hold.starts_at - now,
        "known": known,
    }
    return BasketDetailsForm(data, visits=holds, **options) if len(holds) > 1 else DetailsForm(data, **options)


def new_form_token() -> str:
    clinic = Clinic.objects.only("collection_notice_version").first()
    return sign_form_token(clinic.collection_notice_version if clinic else "none")


def raw_input(form: DetailsForm) -> dict[str, Any]:
    """The submitted values, valid or not, each cut to 300 characters."""
    typed = {
        name: str(form.data.get(name, ""))[:300] for name in form.fields if name not in {"hold", "shown", "homepage"}
    }
    booking_for = OTHER if form.for_other else ME
    return typed | {"booking_for": booking_for}


def switch_booking_for(booking_for: str, answers: dict[str, Any]) -> dict[str, Any]:
    """The answers after switching between booking for oneself and for somebody else.

    Answers about one person do not apply to the other: the visitor's own name moves to or from ``contact_name``, and
    the other answers about the patient are set aside, to be restored by switching back.
    """
    if answers.get("booking_for", ME) == booking_for:
        return answers
    set_aside = dict(answers.get("set_aside") or {})
    patient_answers = {name: answers.get(name, "") for name in _PATIENT_FIELDS}
    switched = answers | {name: set_aside.get(name, "") for name in _PATIENT_FIELDS}
    if booking_for == OTHER:
        switched["contact_name"] = patient_answers["name"]
    else:
        switched["name"] = answers.get("contact_name", "")
    return switched | {"booking_for": booking_for, "set_aside": patient_answers}


def details_from(session: BookingSession, hold: Appointment) -> PatientDetails | None:
    """The session's answers as PatientDetails; None while an answer that this service needs is missing.

    Of a basket, those about the person of the form.
    """
    answers = session.answers
    if not session.has_complete_answers:
        return None
    is_first_visit = hold.is_first_visit
    if is_first_visit is None:
        is_first_visit = VISITS.get(answers.get("visit") or "")
    born_on = date.fromisoformat(answers["date_of_birth"]) if answers.get("date_of_birth") else None
    if is_first_visit is None or (hold.service.needs_date_of_birth and born_on is None):
        return None
    for_other = answers.get("booking_for") == OTHER
    masked = answers.get("masked") or ()
    return PatientDetails(
        name=answers["name"],
        email=answers["email"],
        phone=answers["phone"],
        preferred_name=answers.get("preferred_name", ""),
        pronouns=answers.get("pronouns", ""),
        date_of_birth=born_on if hold.service.needs_date_of_birth or "date_of_birth" in masked else None,
        contact_name=answers.get("contact_name", "") if for_other else "",
        is_first_visit=is_first_visit,
        reminders=bool(answers.get("reminders")),
        reminders_by=Channel.TEXT if answers.get("reminders") == "text" else Channel.EMAIL,
        notice_version=answers.get("notice_version", ""),
    )


def basket_details(session: BookingSession, holds: Sequence[Appointment]) -> dict[str, PatientDetails] | None:
    """Who each time is for, by its reference; None while an answer is missing."""
    people, answers = {}, session.answers
    for hold in holds:
        details = details_from(session, hold)
        if details is None:
            return None
        name = answers.get(name_field(hold)) or ""
        if name and not _is_same_name(name, details.name):
            born = answers.get(birth_date_field(hold))
            if hold.service.needs_date_of_birth and not born:
                return None
            details = scheduling.with_name(details, name, date.fromisoformat(born) if born else None)
        people[hold.reference] = details
    return people


def _is_same_name(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


@dataclass(frozen=True)
class ReviewRow:
    """A row of the review page: its icon, the answers, and where to change them."""

    icon: str
    main: str
    lines: list[str]
    change: str
    what: str


def review_rows(hold: Appointment, details: PatientDetails, masked: Collection[str]) -> list[ReviewRow]:
    """The answers, as rows about the patient and about the person to contact; ``masked`` names those to hide."""
    form = reverse("booking:details")
    if not details.contact_name:
        for_whom = _("You're booking for yourself")
    elif "name" in masked:
        for_whom = _("You're booking for someone else")
    else:
        for_whom = _("You're booking for %(name)s") % {"name": details.preferred_name or details.name}
    email, phone = details.email, phone_in_words(details.phone)
    email = mask_email(email) if "email" in masked else email
    phone = mask_phone(details.phone) if "phone" in masked else phone
    name = mask_name(details.name) if "name" in masked else details.name
    about = [*_about_patient(hold, details, masked), for_whom]
    reach = [phone, _("The details you used before") if "email" in masked else "", _reminders_in_words(details, hold)]
    return [
        ReviewRow("person", name, about, f"{form}#id_name", _("who it is for")),
        ReviewRow("email", email, [*filter(None, reach)], f"{form}#id_email", _("the contact details")),
    ]


def _about_patient(hold: Appointment, details: PatientDetails, masked: Collection[str]) -> list[str]:
    lines = []
    if "name" not in masked:
        if details.preferred_name:
            lines.append(_("Preferred name: %(name)s") % {"name": details.preferred_name})
        lines.append(details.pronouns)
    if details.date_of_birth and "date_of_birth" not in masked:
        lines.append(_("Born %(date)s") % {"date": date_in_words(details.date_of_birth)})
    if hold.is_first_visit is None:
        lines.append(_("New patient") if details.is_first_visit else _("I've been here before"))
    return [*filter(None, lines)]


def _reminders_initial(value: str) -> str | bool:
    """Initial value of the reminders field: a boolean, or a channel where SMS is configured."""
    if not gateway.is_enabled():
        return value not in {"", NO_REMINDERS}
    return value if value in {"email", "text"} else NO_REMINDERS


def _reminders_in_words(details: PatientDetails, hold: Appointment) -> str:
    if not hold.service.reminders_before:
        return ""
    if not details.reminders:
        return _("No reminders")
    return _("Reminders by text message") if details.reminders_by == Channel.TEXT else _("Reminders by email")
