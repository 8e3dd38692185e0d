"""One patient who stands wherever a patient can, by way of the pages and commands, with words that nobody else has."""

import csv
import io
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib.sessions.backends.db import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from booking import messages, scheduling, tokens
from booking.models import Appointment, Message, Patient, PatientMerge, Tag, WaitlistEntry
from booking.privacy.change_log import log_changed, values_of
from booking.scheduling import Actor, Exemption, StaffRule
from tests.support import factories, intake, journey

PATIENTS = "/desk/patients/"
NAME, OTHER_NAME = "Zebulon Quillfeather", "Zebulon Quilfether"
EMAIL, NEW_EMAIL, OLD_EMAIL = "zebulon@first.example", "zeb.q@second.example", "zq@imported.example"
WORDS = {
    NAME, OTHER_NAME, EMAIL, NEW_EMAIL, OLD_EMAIL, "4035550177", "4035550188", "4035550199", "1931-02-03",
    "Zebbywren", "xemwort", "Tarrasque", "axolotl", "bongo", "dugong", "gerenuk", "manatee", "narwhal", "numbat",
    "okapi", "pangolin", "quokka", "tapir", "wombat", "kakapo",
}  # fmt: skip


@dataclass
class PersonEverywhere:
    """``links``: the paths of links that were sent. ``words``: everything that only this person's rows hold."""

    patient: Patient
    merged: Patient
    visits: list[Appointment]
    entries: list[WaitlistEntry]
    links: list[str]
    words: set[str]


def make_person_everywhere(visitor: Client, office: Client, user: Any, now: datetime) -> PersonEverywhere:
    """``visitor``: a browser without a login; ``office``: one of the superuser ``user``. It is Monday, 8:00 a.m."""
    clinic, staff = journey.make_small_clinic(), Actor.staff(user)
    visit = _book_online(visitor)
    patient = visit.patient
    assert patient is not None
    first_reference = visit.reference
    messages.send_due(now=now + timedelta(minutes=5))
    visit = scheduling.reschedule(
        appointment=visit,
        starts_at=visit.starts_at - timedelta(hours=3),
        by=staff,
        now=now,
        exemption=Exemption("Asked for axolotl", set(StaffRule)),
    )
    cancelled = _cancelled_visit(clinic, patient, staff, now)
    _write_notes(office, patient, cancelled)
    merged = _import_duplicate(office)
    _merge(patient, merged, staff, now)
    office.post(f"{PATIENTS}{patient.pk}/contact/", {"phone": "403-555-0199", "email": NEW_EMAIL, "seen": EMAIL})
    link = tokens.manage_url(Appointment.objects.get(pk=visit.pk))
    visitor.get(_path(link))
    _fill_in_form(clinic, visit)
    entries = _wait(clinic, patient, staff, now)
    _edit(office, patient)
    _write_to_the_clinic(clinic, now)
    _log_change(patient, staff)
    _leave_technical_words(visit, cancelled)
    _leave_sessions(office, patient, cancelled)
    visits = [Appointment.objects.get(pk=row.pk) for row in (visit, cancelled)]
    references = {first_reference, *(row.reference for row in visits)}
    links = [_path(link), *(_path(tokens.waitlist_url(entry)) for entry in entries)]
    words = WORDS | references | {entry.uid.hex for entry in entries} | {entry.person_key for entry in entries}
    return PersonEverywhere(patient, merged, visits, entries, links, words)


def _path(url: str) -> str:
    return urlsplit(url).path


def _book_online(visitor: Client) -> Appointment:
    return journey.book(
        visitor,
        name=NAME,
        preferred_name="Zebbywren",
        pronouns="xe/xemwort",
        email=EMAIL,
        phone="403-555-0177",
        booking_for="other",
        contact_name="Wilhelmina Tarrasque",
    )


def _cancelled_visit(clinic: journey.SmallClinic, patient: Patient, staff: Actor, now: datetime) -> Appointment:
    visit = scheduling.book_by_staff(
        service=clinic.assessment,
        starts_at=journey.NINE + timedelta(days=1, hours=-3),
        practitioner=clinic.steve,
        location=clinic.location,
        patient=patient,
        by=staff,
        now=now,
        exemption=Exemption("Before hours for bongo", set(StaffRule)),
        note="Brings a quokka.",
    )
    return scheduling.cancel(appointment=visit, by=staff, now=now, reason="Has a wombat")


def _write_notes(office: Client, patient: Patient, visit: Appointment) -> None:
    for audience, text in (("desk", "Likes the numbat."), ("own", "Spoke of the dugong.")):
        response = office.post(f"{PATIENTS}{patient.pk}/note/", {"text": text, "audience": audience, "seen": ""})
        assert response.status_code == 302
    office.post(f"/desk/notes/visits/{visit.reference}/", {"text": "Own gerenuk.", "audience": "own", "seen": ""})
    patient.tags.add(Tag.objects.create(name="Interpreter"))


def _fill_in_form(clinic: journey.SmallClinic, visit: Appointment) -> None:
    clinic.assessment.intake_form = intake.make_form()
    clinic.assessment.save()
    intake.fill_in(Appointment.objects.get(pk=visit.pk))


def _edit(office: Client, patient: Patient) -> None:
    names = ("name", "preferred_name", "pronouns", "contact_name")
    values = {name: getattr(patient, name) for name in names}
    changes = {"date_of_birth": "1931-02-03", "books_by_phone_only": "on", "phone_only_note": "Because of the manatee."}
    response = office.post(f"{PATIENTS}{patient.pk}/edit/", values | changes)
    assert response.status_code == 302, response.context["form"].errors


def _import_duplicate(office: Client) -> Patient:
    out = io.StringIO()
    rows = [("Name", "Mobile", "Email"), (OTHER_NAME, "403-555-0188", OLD_EMAIL)]
    csv.writer(out).writerows(rows)
    file = SimpleUploadedFile("list.csv", out.getvalue().encode())
    page = office.post(f"{PATIENTS}import/", {"step": "upload", "file": file})
    for step in ("preview", "import"):
        fields = {field.html_name: field.value() or "" for field in page.context["form"]}
        data = {"table": page.context["table"], "step": step, "all_same": "2"} | fields
        page = office.post(f"{PATIENTS}import/", data)
    return Patient.objects.get(name=OTHER_NAME)


def _merge(patient: Patient, merged: Patient, staff: Actor, now: datetime) -> None:
    scheduling.merge(keep=patient, merged=merged, take=[], by=staff, now=now)
    assert PatientMerge.objects.get().merged_values["name"] == OTHER_NAME


def _wait(clinic: journey.SmallClinic, patient: Patient, staff: Actor, now: datetime) -> list[WaitlistEntry]:
    """An entry that staff made, and under the earlier name one with an open offer and one that has ended."""
    wish = factories.make_wish(
        clinic.assessment, clinic.location, name=NAME, email=NEW_EMAIL, phone="+14035550199", contact_name="A. Tapir"
    )
    known = scheduling.add_caller(wish=wish, by=staff, now=now, patient=patient)
    early = factories.make_wish(
        clinic.assessment, clinic.location, name=OTHER_NAME, email=OLD_EMAIL, phone="+14035550188",
        first_on=date(2026, 11, 24),
    )  # fmt: skip
    online = scheduling.join(wish=early, now=now, saw_free_times=False)
    offer = scheduling.offer_to(
        entry=online,
        starts_at=journey.NINE + timedelta(days=1),
        practitioner=clinic.steve,
        by=staff,
        now=now,
    )
    assert offer.appointment is not None
    messages.send_due(now=now + timedelta(minutes=5))
    ended = scheduling.join(wish=replace(early, practitioner=clinic.steve), now=now)
    WaitlistEntry.objects.filter(pk=ended.pk).update(unanswered=1)
    return [known, online, scheduling.leave(entry=ended, by=staff, now=now)]


def _write_to_the_clinic(clinic: journey.SmallClinic, now: datetime) -> None:
    messages.enqueue_contact_message(
        name=NAME, reply_to=OLD_EMAIL, phone="", body="About my okapi.", practitioner=clinic.steve, page="", now=now
    )
    messages.enqueue_link_request(EMAIL, now=now)


def _log_change(patient: Patient, staff: Actor) -> None:
    """As a correction writes it."""
    patient.refresh_from_db()
    before = values_of(patient)
    patient.preferred_name = "Zeb the kakapo"
    patient.save()
    log_changed(staff, patient, before, reason="Says it was pangolin")


def _leave_technical_words(visit: Appointment, cancelled: Appointment) -> None:
    """What a mail server, a gateway and a double booking leave behind."""
    Message.objects.filter(appointment=visit).update(last_error="550 narwhal", provider_id="SM-narwhal")
    Appointment.objects.filter(pk=visit.pk).update(source="tapir-net", source_site="tapir-site")
    Appointment.objects.filter(pk=cancelled.pk).update(overbooked_reason="Two at once for the numbat")


def _leave_sessions(office: Client, patient: Patient, visit: Appointment) -> None:
    """A session of the office that opened the record and can undo, and a visitor's with a form half filled in."""
    session = office.session
    session["opened_patients"] = {str(patient.pk): {"until": "2026-11-23T15:00:00+00:00", "reason": "For the okapi"}}
    session["desk_undo"] = {"sentence": "Zebbywren's visit was cancelled.", "url": f"/desk/{visit.reference}/"}
    session.save()
    half = SessionStore()
    half["booking"] = {"answers": {"name": NAME, "email": NEW_EMAIL}}
    half.save()
