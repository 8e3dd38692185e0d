"""What one visitor has chosen and typed so far, kept in their own session and nowhere else.

A session begins when a time is chosen, or when the link in a mail is opened, and ends two hours
after its last change. Once the visit is booked, what was typed is dropped.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest

from booking import tokens
from booking.models import AGREED, Appointment, WaitlistEntry
from booking.models.prepared import Prepared

KEY = "booking"
LASTS = timedelta(hours=2)


class Visitor:
    """The booking part of a request's session."""

    def __init__(self, request: HttpRequest) -> None:
        self._session = request.session
        self._kept: dict[str, Any] = dict(request.session.get(KEY) or {})

    # Choosing and typing

    def holder(self) -> str:
        """The name under which this browser session holds a time; made up when first needed."""
        if "holder" not in self._kept:
            self._keep(holder=secrets.token_urlsafe(24))
        return str(self._kept["holder"])

    @property
    def has_begun(self) -> bool:
        return "holder" in self._kept

    def choose(self, hold: Appointment, *, wants_this_person: bool) -> None:
        """From now on it is about this hold. Confirming it needs a submission key of its own."""
        key = secrets.token_urlsafe(24)
        self._keep(hold=hold.uid.hex, wants_this_person=wants_this_person, submission_key=key)

    @property
    def wants_this_person(self) -> bool:
        """Whether the practitioner was asked for by name, and did not just happen to be free."""
        return bool(self._kept.get("wants_this_person"))

    def chosen(self) -> Appointment | None:
        """The hold of this session, also when it has lapsed, or has just become an appointment."""
        return _appointment(self._kept.get("hold"))

    @property
    def answers(self) -> dict[str, Any]:
        """The details form's answers as typed; ``are_complete`` says whether the form took them."""
        return dict(self._kept.get("answers") or {})

    @property
    def are_complete(self) -> bool:
        return bool(self._kept.get("complete"))

    def keep_answers(self, answers: dict[str, Any], *, complete: bool) -> None:
        self._keep(answers=answers, complete=complete)

    def submission_key(self) -> str:
        """One key for one hold: however often its form is sent, there is one appointment."""
        if not self._kept.get("submission_key"):
            self._keep(submission_key=secrets.token_urlsafe(24))
        return str(self._kept["submission_key"])

    def finish(self, appointment: Appointment) -> None:
        """It is booked: forget what was typed, remember which visit to show."""
        holder = self._kept.get("holder")
        self._kept = {}
        self._keep(holder=holder, done=appointment.uid.hex, done_key=appointment.submission_key)
        self.open(appointment)

    def done(self) -> Appointment | None:
        """The visit booked last in this session."""
        return _appointment(self._kept.get("done"))

    def is_done_with(self, submission_key: str) -> bool:
        """Whether a form with this key has been dealt with already."""
        return bool(submission_key) and submission_key == self._kept.get("done_key")

    # Managing a visit by its link

    def open(self, appointment: Appointment) -> None:
        """Let this session see and change the appointment, as long as its link is good."""
        self._keep(opened=appointment.uid.hex, generation=appointment.link_generation)

    def opened(self, now: datetime) -> Appointment | None:
        appointment = _appointment(self._kept.get("opened"))
        if appointment is None or appointment.status not in AGREED:
            return None
        if appointment.link_generation != self._kept.get("generation"):
            return None
        return None if appointment.ends_at + tokens.DIES_AFTER < now else appointment

    def say_moved(self) -> None:
        """Let the next page that shows the visit tell that it has just been moved."""
        self._keep(moved=True)

    def has_just_moved(self) -> bool:
        """Whether to tell so; said once."""
        moved = bool(self._kept.get("moved"))
        if moved:
            self._keep(moved=False)
        return moved

    # The waitlist

    def say_joined(self, told: dict[str, Any]) -> None:
        """What the page after joining tells: exactly what was typed, whoever waits already."""
        self._keep(joined=told)

    @property
    def joined(self) -> dict[str, Any]:
        return dict(self._kept.get("joined") or {})

    def open_waitlist(self, entry: WaitlistEntry) -> None:
        """Let this session see and answer what one entry waits for."""
        self._keep(waitlist=entry.uid.hex)

    def waitlisted(self) -> WaitlistEntry | None:
        uid = self._kept.get("waitlist")
        rows = WaitlistEntry.objects.select_related("service", "practitioner", "location")
        return rows.filter(uid=uid).first() if uid else None

    def show_done(self, appointment: Appointment) -> None:
        """It was booked from the waitlist: show it, and leave alone what is being booked beside it."""
        self._keep(done=appointment.uid.hex, done_key=appointment.submission_key)
        self.open(appointment)

    def _keep(self, **changes: Any) -> None:
        self._kept |= changes
        self._session[KEY] = self._kept
        if SESSION_KEY not in self._session:  # Somebody logged in keeps the length of their login.
            self._session.set_expiry(LASTS)


_appointments = Prepared(
    lambda: Appointment.objects.select_related("service", "practitioner", "location", "patient"), by="uid"
)


def _appointment(uid: str | None) -> Appointment | None:
    return _appointments.find(uid) if uid else None
