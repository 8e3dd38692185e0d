"""Responses of every booking page in every state, and of a draft's preview, for tests of markup and layout.

They are reached by the steps of a patient, with a frozen clock. ``PUBLIC`` lists the URLs of public pages.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import time_machine
from django.conf import settings
from django.test import Client, override_settings

from booking import scheduling, tokens
from booking.models import Appointment, Clinic, Closure, Service, WaitlistOffer, WorkingHours
from booking.scheduling import Actor
from tests.conftest import NOW
from tests.support import content_factories, factories, intake
from tests.support.journey import (
    NINE,
    QUARTER_TO_TEN,
    SmallClinic,
    as_shown,
    choose,
    confirmation,
    instant,
    make_small_clinic,
    type_details,
)

PUBLIC = [
    "/",
    "/treatments/",
    "/treatments/dry-needling/",
    "/treatments/dry-needling-for-back-pain/",
    "/treatments/trans-non-binary-intersex-pelvic-health/",
    "/team/",
    "/team/steve-hansen/",
    "/fees/",
    "/about-us/",
    "/contact/",
    "/contact/?page=/treatments/dry-needling/",
    "/contact/?to=steve-hansen",
    "/privacy/",
    "/accessibility/",
    "/search/",
    "/search/?q=chest+pain",
    "/search/?q=physiotherapy&page=2",
    "/search/?q=neddling",
    "/search/?q=zzzz",
    "/search/?q=i+want+to+die",
    "/styleguide/",
    "/no-such-page/",
    "/book/",
    "/book/?visit=new",
    "/book/back-assessment/",
    "/book/back-assessment/?visit=new",
    "/book/dry-needling/",
    "/book/dry-needling/?visit=new",
]
LATE = timedelta(minutes=11)  # After this, a hold has expired.


def collect() -> dict[str, Any]:
    """Return the response of each state, by name. Needs an empty database; freezes the clock itself."""
    with time_machine.travel(NOW, tick=False):
        clinic = make_small_clinic()
        clinic.assessment.shows_emergency_signs = True
        clinic.assessment.needs_date_of_birth = True
        clinic.assessment.save()
        Closure.objects.create(location=clinic.location, on=date(2026, 11, 26), name="Founders Day")
        responses: dict[str, Any] = {}
        groups = (
            *(_choosing, _details, _checking, _managing, _several, _confirming, _filling_in),
            *(_waiting, _lost_link, _previews, _refusals),
        )
        for group in groups:
            for name, response in group(clinic):
                if response.status_code in {301, 302}:
                    raise AssertionError(f"{name} leads to {response['Location']}")
                responses[name] = response
        return responses


def _choosing(clinic: SmallClinic) -> Iterator[tuple[str, Any]]:
    client = Client()
    get = client.get
    yield "services", get("/book/")
    yield "services for new patients", get("/book/?visit=new")
    yield "times", get("/book/assessment/")
    yield "times of a part of the day", get("/book/assessment/?part=morning")
    yield "a day without times", get("/book/assessment/?visit=new&day=2026-11-28")
    yield "times with a person", get("/book/assessment/?visit=new&practitioner=steve-hansen")
    yield "times without a choice", client.post("/book/assessment/", {})
    yield "no choice after the answer", client.post("/book/assessment/?visit=new", {})
    yield "times with one chosen by the address", get(f"/book/assessment/?visit=new&start={instant(NINE)}")
    yield "times of the first visit instead", get("/book/dry-needling/")
    yield "times for returning patients", get("/book/dry-needling/?visit=returning")
    with _updated(Service.objects.filter(pk=clinic.assessment.pk), audience="new"):
        yield "not for returning patients", get("/book/assessment/?visit=returning")
    yield "a bad address", get("/book/assessment/?day=banana")
    yield "a day too far ahead", get("/book/assessment/?day=2031-01-01")
    yield "a link to a time that is taken (410)", get("/book/assessment/?visit=new&start=2026-11-24T15:01Z")
    with _updated(WorkingHours.objects.all(), starts_on=date(2026, 12, 9)):
        yield "an empty day", get("/book/assessment/?visit=new&day=2026-11-23")
    with _updated(WorkingHours.objects.all(), starts_on=date(2030, 1, 1)):
        yield "no times at all", get("/book/assessment/?visit=new")
        yield "no times with one person", get("/book/assessment/?visit=new&practitioner=steve-hansen")
    with _updated(Service.objects.filter(pk=clinic.needling.pk), booked_by="staff"):
        yield "only by phone", get("/book/dry-needling/")
    calgary = factories.make_location(name="Calgary", slug="calgary", position=1)
    yield "two places", get("/book/assessment/?visit=new")
    calgary.delete()


def _details(clinic: SmallClinic) -> Iterator[tuple[str, Any]]:
    client = Client()
    yield "nothing chosen (410)", client.get("/book/details/")
    choose(client)
    yield "times while one is held", client.get("/book/assessment/?visit=new")
    yield "emergency signs", client.get("/book/safety/")
    yield "details", client.get("/book/details/")
    yield "details for somebody else", client.get("/book/details/?for=other")
    yield "details in error", type_details(client, name="", email="x", phone="1", date_of_birth="")
    other = {"booking_for": "other", "contact_name": "", "name": "\u202e", "email": ""}
    yield "details for somebody else in error", type_details(client, **other)
    yield "details sent too quickly", type_details(client, seconds=0, date_of_birth="1980-11-24")
    yield "the form of another tab (409)", type_details(client, hold="ABCD2345")
    with time_machine.travel(NOW + LATE, tick=False):
        yield "details after the hold ran out", client.get("/book/details/")
    hold = Appointment.objects.get(status="held")
    for _ in range(scheduling.extensions_left(hold)):
        scheduling.extend(hold=hold, by=Actor.patient(), now=NOW)
    yield "details of a hold that lasts no longer", client.get("/book/details/")
    choose(client, query="?visit=returning")
    yield "details of a returning patient", client.get("/book/details/")
    old = client.get("/book/details/").context["form"]["hold"].value()
    choose(client, QUARTER_TO_TEN)
    yield "details after another time was let go", client.get("/book/details/")
    yield "the form of an older tab (409)", client.post("/book/details/", {"hold": old})
    scheduling.release(appointment=Appointment.objects.get(status="held"), by=Actor.patient(), now=NOW)


def _checking(clinic: SmallClinic) -> Iterator[tuple[str, Any]]:
    client = Client()
    born = {"date_of_birth": "1980-11-24"}
    choose(client)
    everything = {"preferred_name": "Ali", "pronouns": "she/her"} | born
    type_details(client, booking_for="other", contact_name="Bea Martin", **everything)
    yield "check for somebody else", client.get("/book/check/")
    type_details(client, **everything)
    yield "check", client.get("/book/check/")
    form = confirmation(client)
    yield "an old key (409)", client.post("/book/check/", form | {"submission_key": "old"})
    with time_machine.travel(NOW + LATE, tick=False):
        yield "check after the hold ran out", client.get("/book/check/")
        scheduling.expire_holds(now=NOW + LATE)
        rivals = [
            factories.make_appointment(
                service=clinic.assessment, practitioner=person, location=clinic.location, starts_at=NINE
            )
            for person in (clinic.steve, clinic.amara)
        ]
        yield "a lost race (409)", client.post("/book/check/", form)
        yield "a time taken while choosing (409)", choose(Client())
    Appointment.objects.filter(pk__in=[rival.pk for rival in rivals]).update(status="cancelled")
    choose(client)
    client.post("/book/check/", confirmation(client))
    yield "done", client.get("/book/done/")
    yield "done, and no other time chosen", client.post("/book/details/", {})
    yield "done, in another browser (410)", Client().get("/book/done/")
    other = Client()
    choose(other, QUARTER_TO_TEN)
    type_details(other, booking_for="other", name="Ben Martin", contact_name="Alice Martin", **born)
    other.post("/book/check/", confirmation(other))
    yield "done for somebody else", other.get("/book/done/")
    choose(other, QUARTER_TO_TEN + timedelta(minutes=90))
    yield "details of an earlier booking, masked", other.get("/book/details/")
    booked = other.get("/book/done/").context["appointment"]
    other.post("/appointment/again/", {"reference": booked.reference, "for": "other"})
    yield "details for someone else, with the same contact", other.get("/book/details/")
    other.post("/appointment/forget/")
    yield "details cleared", other.get("/appointment/forget/")


def _managing(clinic: SmallClinic) -> Iterator[tuple[str, Any]]:
    client = Client()
    at = NINE + timedelta(days=1)
    visit = factories.make_appointment(
        service=clinic.assessment, practitioner=clinic.steve, location=clinic.location, starts_at=at
    )
    yield "no visit is open", client.get("/appointment/")
    yield "a link that opens nothing", client.get("/appointment/not-a-link/")
    yield "a link that has ended (410)", client.get(f"/appointment/{'A' * 43}/")
    client.get(f"/appointment/{tokens.manage_token(visit)}/")
    yield "the visit", client.get("/appointment/")
    client.post("/appointment/attend/", as_shown(visit))
    yield "the patient will be there", client.get("/appointment/")
    yield "change the time", client.get("/appointment/change/")
    yield "change without a choice", client.post("/appointment/change/", as_shown(visit))
    taken = as_shown(visit) | {"start": "2026-11-25T15:01Z"}
    yield "change to a time that is taken (409)", client.post("/appointment/change/", taken)
    yield "cancel", client.get("/appointment/cancel/")
    yield "cancel in error", client.post("/appointment/cancel/", as_shown(visit) | {"reason": "x" * 201})
    yield "another visit (409)", client.post("/appointment/cancel/", {"reference": "ABCD2345"})
    yield "changed since (409)", client.post("/appointment/cancel/", as_shown(visit) | {"sequence": "9"})
    with _updated(Appointment.objects.filter(pk=visit.pk), asked_to_move_at=NOW):
        yield "the clinic asks to move", client.get("/appointment/")
    with time_machine.travel(at - timedelta(hours=3), tick=False):
        client.get(f"/appointment/{tokens.manage_token(visit)}/")
        yield "too late to change", client.get("/appointment/")
        yield "too late to move", client.get("/appointment/change/")
        yield "too late to cancel", client.get("/appointment/cancel/")
    with time_machine.travel(at + timedelta(hours=3), tick=False):
        client.get(f"/appointment/{tokens.manage_token(visit)}/")
        yield "the visit is over", client.get("/appointment/")
    with time_machine.travel(at + timedelta(days=3), tick=False):
        client.get(f"/appointment/{tokens.manage_token(visit)}/")
        yield "the visit is long over: book again", client.get("/appointment/")
    client.get(f"/appointment/{tokens.manage_token(visit)}/")
    client.post("/appointment/change/", as_shown(visit) | {"start": instant(at + timedelta(days=2))})
    yield "just moved", client.get("/appointment/")
    visit.refresh_from_db()
    client.post("/appointment/cancel/", as_shown(visit))
    yield "cancelled", client.get("/appointment/")
    yield "already cancelled", client.get("/appointment/cancel/")
    yield "nothing to change any more", client.get("/appointment/change/")


def _several(clinic: SmallClinic) -> Iterator[tuple[str, Any]]:
    """Several appointments in one go: all of it but the emergency signs and the form, which stand above."""
    Clinic.objects.update(own_networks="127.0.0.1")
    client, taken, week = Client(), NINE + timedelta(weeks=2), timedelta(weeks=1)
    address = "/book/assessment/?visit=new&several=1&practitioner=amara-okafor"
    yield "several times, none chosen yet", client.get(address)
    client.post(address, {"start": instant(NINE + week)})
    yield "several times, one chosen", client.get(f"{address}&day=2026-12-01")
    other = {"service": clinic.assessment, "practitioner": clinic.amara, "location": clinic.location}
    visit = factories.make_appointment(starts_at=taken, **other)
    yield "every week, one of them full", client.get(f"{address}&weeks=4")
    yield "several times, one of them taken (409)", client.post(address, {"start": instant(taken)})
    starts = [instant(NINE + number * week) for number in (3, 4)]
    yield "more times than allowed (422)", client.post(address, {"start": [*starts, *starts, *starts, *starts]})
    client.post(address, {"start": starts})
    yield "several times chosen", client.get(address)
    yield "emergency signs before several", client.get("/book/safety/")
    yield "details of several", client.get("/book/details/")
    third = Appointment.objects.get(status="held", starts_at=NINE + 4 * week)
    names = {f"who_{third.reference}": "Lea Martin"}
    yield "details of several, a date of birth missing", type_details(client, date_of_birth="1980-11-24", **names)
    born = {f"born_{third.reference}": "2016-02-29"}
    type_details(client, date_of_birth="1980-11-24", **names, **born)
    yield "check of several", client.get("/book/check/")
    context = client.get("/book/check/").context
    form = {"hold": context["stamp"], "submission_key": context["submission_key"]}
    yield "form of another basket (409)", client.post("/book/check/", form | {"hold": "22222222"})
    with time_machine.travel(NOW + timedelta(minutes=50), tick=False):
        yield "several times that ran out", client.get(address)
    client.post("/book/check/", form)
    yield "several booked", client.get("/book/done/")
    rows = Appointment.objects.filter(status="booked", submission_key__startswith=form["submission_key"])
    until = NOW + timedelta(hours=1)
    with _updated(rows, status="unconfirmed", hold_expires_at=until):
        yield "several waiting for the email", client.get("/book/done/")
        patient, first = Client(), rows.model.objects.filter(status="unconfirmed").order_by("starts_at")[0]
        patient.get(f"/appointment/{tokens.manage_token(first)}/")
        yield "several to be confirmed", patient.get("/appointment/confirm/")
        in_the_way = factories.make_appointment(starts_at=first.starts_at, **other)
        yield (
            "several, one of them taken meanwhile (409)",
            patient.post("/appointment/confirm/", {"reference": first.reference}),
        )
        in_the_way.delete()
    visit.delete()
    Clinic.objects.update(own_networks="")
    Appointment.objects.filter(series=first.series).update(status="cancelled")


def _confirming(clinic: SmallClinic) -> Iterator[tuple[str, Any]]:
    client, patient = Client(), Client()
    at = NINE + timedelta(days=6)
    two = Client(), Client()
    for index, other in enumerate(two):
        choose(other, at + index * timedelta(minutes=90), query="?visit=new&practitioner=steve-hansen")
    with _updated(Clinic.objects.all(), unverified_share=1):
        choose(client, at + timedelta(minutes=45), query="?visit=new&practitioner=steve-hansen")
        yield "details of a time that is not held", client.get("/book/details/")
        type_details(client, date_of_birth="1980-11-24")
        yield "check of a time that is not held", client.get("/book/check/")
        client.post("/book/check/", confirmation(client))
    yield "waiting for the email", client.get("/book/done/")
    waiting = Appointment.objects.get(status="unconfirmed")
    patient.get(f"/appointment/{tokens.manage_token(waiting)}/")
    yield "to be confirmed", patient.get("/appointment/confirm/")
    with _updated(Appointment.objects.filter(pk=waiting.pk), starts_at=NINE, ends_at=NINE + timedelta(minutes=45)):
        form = {"reference": waiting.reference}
        yield "confirmed too late for its time (409)", patient.post("/appointment/confirm/", form)
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        yield "not confirmed in time (410)", patient.get("/appointment/confirm/")
    patient.post("/appointment/confirm/", {"reference": waiting.reference})
    yield "confirmed", patient.get("/appointment/")
    Appointment.objects.filter(pk=waiting.pk).update(is_unverified=True)
    yield "the visit, whose email nobody has confirmed", patient.get("/appointment/")
    Appointment.objects.filter(starts_at__range=(at, at + timedelta(hours=3))).exclude(status="expired").update(
        status="cancelled", patient=waiting.patient
    )


def _filling_in(clinic: SmallClinic) -> Iterator[tuple[str, Any]]:
    """A health form, of a service and a visit of its own."""
    client, form = Client(), "/appointment/form/"
    visit = intake.make_asked_visit(location=clinic.location)
    client.get(f"/appointment/{tokens.page_token(visit)}/")
    yield "a visit with a form, not by its link", client.get("/appointment/")
    yield "a form, not by its link (403)", client.get(form)
    intake.open_link(client, visit)
    yield "a visit with a form to fill in", client.get("/appointment/")
    yield "the start of a form", client.get(form)
    yield "a page of a form", client.get(f"{form}1/")
    page = {"reference": visit.reference, "shown": "1"}
    wrong = {intake.key_of("How strong"): "11", intake.key_of("Where"): "tail"}
    yield "a page of a form in error", client.post(f"{form}1/", page | wrong)
    client.post(f"{form}1/", page | intake.first_page())
    yield "a visit with a form in part", client.get("/appointment/")
    second = client.get(f"{form}2/")
    yield "another page of a form", second
    yield "a form that was changed on another page (409)", client.post(f"{form}2/", page | intake.second_page())
    client.post(f"{form}2/", page | {"seen": second.context["form"]["seen"].value()} | intake.second_page())
    yield "a form to check", client.get(f"{form}review/")
    client.post(f"{form}review/", page)
    yield "a form that was sent", client.get(f"{form}review/")
    yield "a visit with a form that was sent", client.get("/appointment/")
    with override_settings(FORMS_KEYS=[]):
        yield "a form without its key (503)", client.get(form)
    with time_machine.travel(visit.starts_at, tick=False):
        intake.open_link(client, visit)
        yield "a form after the start (410)", client.get(form)
    with _updated(Appointment.objects.filter(pk=visit.pk), status="cancelled"):
        yield "a form of a cancelled visit (410)", client.get(form)
    visit.delete()


def _waiting(clinic: SmallClinic) -> Iterator[tuple[str, Any]]:
    client, friday = Client(), {"first_on": date(2026, 11, 27), "last_on": date(2026, 11, 27)}
    page = "/book/assessment/waitlist/"
    yield "whether one is new, before waiting", client.get(page)
    form = client.get(f"{page}?visit=new")
    yield "joining the waitlist", form
    yield "joining the waitlist in error", client.post(f"{page}?visit=new", {"first_on": "2020-01-01", "email": "x"})
    wish = {"shown": form.context["form"]["shown"].value(), "practitioner": "anyone", "parts": ["morning"], **friday}
    wish |= {"name": "Cleo Roy", "email": "cleo@patients.example", "phone": "403-555-0123"}
    with time_machine.travel(NOW + timedelta(seconds=30), tick=False):
        yield "who waits is told", client.post(f"{page}?visit=new", wish, follow=True)
    yield "a list joined in another browser", Client().get("/waitlist/joined/")
    yield "nobody's waitlist is open", client.get("/waitlist/")
    yield "a waitlist's link that has ended (410)", client.get(f"/waitlist/{'A' * 43}/")
    waits, leaves = (
        scheduling.join(wish=factories.make_wish(clinic.assessment, clinic.location, **friday, **who), now=NOW)
        for who in ({}, {"name": "Bob Roy", "email": "bob@patients.example"})
    )
    client.get(f"/waitlist/{tokens.waitlist_token(waits)}/")
    yield "on the waitlist", client.get("/waitlist/")
    yield "another entry of the waitlist (409)", client.post("/waitlist/leave/", {"entry": "other"})
    scheduling.leave(entry=leaves, by=Actor.patient(), now=NOW)
    other = Client()
    other.get(f"/waitlist/{tokens.waitlist_token(leaves)}/")
    yield "off the waitlist", other.get("/waitlist/")
    scheduling.offer_available_slots(now=NOW)
    offer = WaitlistOffer.objects.get(entry=waits)
    yield "a time on offer", client.get("/waitlist/offer/")
    yield "emergency signs before a time on offer", client.get("/waitlist/safety/")
    yield "taking a time on offer", client.get("/waitlist/accept/")
    yield "taking a time on offer in error", client.post("/waitlist/accept/", {"offer": offer.uid.hex, "shown": ""})
    with _updated(WaitlistOffer.objects.filter(pk=offer.pk), offered_at=NOW - timedelta(hours=1), expires_at=NOW):
        yield "an offer that has ended (410)", client.get("/waitlist/offer/")


def _lost_link(clinic: SmallClinic) -> Iterator[tuple[str, Any]]:
    page = "/appointment/lost-link/"
    yield "a lost link", Client().get(page)
    yield "a lost link in error", Client().post(page, {"email": "x"})
    yield "a lost link, asked for", Client().post(page, {"email": "nobody@patients.example"}, follow=True)


def _previews(clinic: SmallClinic) -> Iterator[tuple[str, Any]]:
    draft = content_factories.make_page(is_published=False, title="Cupping", service=clinic.assessment)
    content_factories.make_section(draft, heading="What it is", body="<p>A small glass [1].</p>")
    content_factories.make_sources(draft, "George 2021")
    yield "the preview of a draft", Client().get(content_factories.preview_link(draft))
    content_factories.make_revision(draft)
    yield "the preview of a public page's draft", Client().get(content_factories.preview_link(draft))
    for kind in ("home", "contact"):
        special = content_factories.make_page(kind=kind, title=kind.capitalize())
        yield f"the preview of {kind}", Client().get(content_factories.preview_link(special))
    ended = content_factories.preview_link(draft)
    draft.preview_generation += 1
    draft.save()
    yield "a preview that has ended (410)", Client().get(ended)


def _refusals(clinic: SmallClinic) -> Iterator[tuple[str, Any]]:
    client = Client()
    yield "a form without its token (403)", Client(enforce_csrf_checks=True).post("/book/assessment/", {"start": "x"})
    yield "a page that is not there (404)", client.get("/book/no-such-visit/")
    none_left = {kind: (0, window) for kind, (_amount, window) in settings.BOOKING_LIMITS.items()}
    with override_settings(BOOKING_LIMITS=none_left):
        yield "too often (429)", choose(client)
    by_phone = {"name": "Dana Roy", "email": "dana@patients.example"}
    factories.make_patient(**by_phone, books_by_phone_only=True)
    choose(client)
    type_details(client, date_of_birth="1980-11-24", **by_phone)
    yield "who books by phone only (429)", client.post("/book/check/", confirmation(client))
    visit = factories.make_appointment(service=clinic.assessment, location=clinic.location, practitioner=clinic.amara)
    client.get(f"/appointment/{tokens.manage_token(visit)}/")
    video = {"by_video": True, "needs_room": False, "meeting_link": "https://meet.example/room"}
    with _updated(Service.objects.filter(pk=clinic.assessment.pk), **video):
        yield "a visit by video", client.get("/appointment/")
    yield "another host's name (400)", client.get("/book/", headers={"host": "other.example"})


@contextmanager
def _updated(rows: Any, **fields: Any) -> Iterator[None]:
    """Update fields of rows within the block, and restore them afterwards."""
    before = list(rows.values("pk", *fields))
    rows.update(**fields)
    try:
        yield
    finally:
        for row in before:
            rows.model.objects.filter(pk=row.pop("pk")).update(**row)
