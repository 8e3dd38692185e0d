"""The state of one visitor's booking, stored in ``request.session`` only.

The session starts when a slot is held or a link from an e-mail is opened, and expires two hours after its last change.
Booking the appointment deletes the form answers.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest

from booking import tokens
from booking.models import AGREED, Appointment, Status, WaitlistEntry
from booking.scheduling import KnownVisits
from booking.views.remembered_booking import RememberedBooking

BOOKING_KEY = "booking"  # Key in request.session: renaming it would lose bookings in progress.
LIFETIME = timedelta(hours=2)
MAX_OWN_VISITS = 20
REMEMBERED_FOR = timedelta(minutes=30)


class BookingSession:
    """The booking part of a request's session."""

    def __init__(self, request: HttpRequest) -> None:
        self._session = request.session
        self._data: dict[str, Any] = dict(request.session.get(BOOKING_KEY) or {})

    # Slot and answers

    def holder(self) -> str:
        """The random id under which this session holds slots; created on first use."""
        if "holder" not in self._data:
            self._update(holder=secrets.token_urlsafe(24))
        return str(self._data["holder"])

    @property
    def has_begun(self) -> bool:
        return "holder" in self._data

    def choose(self, hold: Appointment, *, wants_this_person: bool, instead_of: Appointment | None = None) -> None:
        """Make this the current hold, with a new submission key. ``instead_of``: the hold that it has replaced."""
        key = secrets.token_urlsafe(24)
        self._update(hold=hold.uid.hex, wants_this_person=wants_this_person, submission_key=key)
        self._update(let_go=instead_of.uid.hex if instead_of else None, let_go_on="")

    @property
    def came_from(self) -> str:
        """The page whose link led to this booking, or a ``BookedFrom``."""
        return str(self._data.get("came_from") or "")

    def come_from(self, origin: str) -> None:
        self._update(came_from=origin)

    @property
    def wants_this_person(self) -> bool:
        """Whether the visitor chose this practitioner, rather than anyone who was free."""
        return bool(self._data.get("wants_this_person"))

    def chosen_hold(self) -> Appointment | None:
        """The current hold, even if it has lapsed or has since been booked."""
        return _appointment(self._data.get("hold"))

    def let_go_hold(self, now: datetime) -> Appointment | None:
        """The hold that was released because another time was chosen, if it has not been booked and is still ahead."""
        hold = _appointment(self._data.get("let_go"))
        return hold if hold is not None and hold.is_hold and now < hold.starts_at else None

    def is_told_on(self, step: str) -> bool:
        """Whether this step names the hold that was let go: the first one does, and a page that is no step."""
        if step and not self._data.get("let_go_on"):
            self._update(let_go_on=step)
        return not step or self._data["let_go_on"] == step

    @property
    def answers(self) -> dict[str, Any]:
        """The raw answers to the details form; ``has_complete_answers`` says whether they were valid."""
        return dict(self._data.get("answers") or {})

    @property
    def has_complete_answers(self) -> bool:
        return bool(self._data.get("complete"))

    def save_answers(self, answers: dict[str, Any], *, complete: bool) -> None:
        self._update(answers=answers, complete=complete)

    def submission_key(self) -> str:
        """The idempotency key of the current hold: submitting its form repeatedly books one appointment."""
        if not self._data.get("submission_key"):
            self._update(submission_key=secrets.token_urlsafe(24))
        return str(self._data["submission_key"])

    def finish(self, appointment: Appointment, *, now: datetime) -> None:
        """Delete the answers and remember the appointment that was just booked."""
        masked = self.answers.get("masked") or []
        remembered = self.remembered(now)
        kept = {name: self._data[name] for name in ("holder", "own", "linked", "proved_email") if name in self._data}
        self._data = {}
        self._update(**kept, done=appointment.uid.hex, done_key=appointment.submission_key, done_masked=masked)
        self.open_appointment(appointment)
        # Whoever could not see the details that they booked with shall not see them the next time either.
        self.remember(appointment, now=now, by_link=bool(masked) and remembered is not None and remembered.by_link)

    def booked_appointment(self) -> Appointment | None:
        """The appointment that was last booked in this session."""
        return _appointment(self._data.get("done"))

    def was_submitted(self, submission_key: str) -> bool:
        """Whether the form with this submission key has been booked already."""
        return bool(submission_key) and submission_key == self._data.get("done_key")

    @property
    def masked_in_booking(self) -> list[str]:
        """The answers of the last booking that the visitor did not type, and shall not see."""
        return list(self._data.get("done_masked") or [])

    def name_booked_for(self, appointment: Appointment) -> str:
        """The given names of a patient whom somebody else booked for, if this visitor typed them or has the e-mail."""
        patient = appointment.patient
        has_typed = self.booked_appointment() == appointment and "name" not in self.masked_in_booking
        if patient is None or not patient.contact_name or not (has_typed or self.came_by_link_of(appointment)):
            return ""
        return patient.given_names

    # Details of a booking that the visitor may use again

    def remember(
        self, appointment: Appointment, *, now: datetime, by_link: bool = False, for_other: bool = False
    ) -> None:
        """Offer the details of this booking for the next 30 minutes. Stores which booking it is, not the details."""
        remembered = {
            "uid": appointment.uid.hex,
            "until": (now + REMEMBERED_FOR).isoformat(),
            "by_link": by_link,
            "for_other": for_other,
            "is_used": for_other,
        }
        self._update(remembered=remembered)

    def remembered(self, now: datetime) -> RememberedBooking | None:
        """The booking whose details are offered; None without one, or after 30 minutes."""
        stored = self._data.get("remembered")
        if not stored or datetime.fromisoformat(stored["until"]) <= now:
            return None
        appointment = _appointment(stored["uid"])
        if appointment is None or appointment.patient is None or appointment.patient.disposed_at is not None:
            return None
        return RememberedBooking(appointment, stored["by_link"], stored["for_other"], stored["is_used"])

    def use_remembered(self) -> None:
        self._update(remembered=self._data["remembered"] | {"is_used": True})

    def forget_remembered(self) -> None:
        """Offer the details no more, and delete the answers that were taken from them."""
        self._update(remembered=None)
        if self.answers.get("masked"):
            self.save_answers({}, complete=False)

    def clear(self) -> None:
        """Delete everything about bookings, their links and the waitlist from this session."""
        self._data = {}
        self._session.pop(BOOKING_KEY, None)

    @property
    def is_empty(self) -> bool:
        return not self._data

    # Managing an appointment by its link

    def open_appointment(self, appointment: Appointment, *, by_link: bool = False) -> None:
        """Let this session view and change the appointment while its link is valid.

        ``by_link``: the visitor has proved by the link in an e-mail that they are this patient.
        """
        own = [uid for uid in self._data.get("own", []) if uid != appointment.uid.hex]
        self._update(opened=appointment.uid.hex, generation=appointment.link_generation)
        self._update(own=[*own, appointment.uid.hex][-MAX_OWN_VISITS:])
        if by_link:
            email = appointment.patient.email if appointment.patient else ""
            self._update(linked=appointment.uid.hex, proved_email=email)

    def known_visits(self) -> KnownVisits:
        """The visits that this visitor may be asked about (R16): of this session, and of the patient of a link."""
        linked = _appointment(self._data.get("linked"))
        return KnownVisits(
            uids=[UUID(hex=uid) for uid in self._data.get("own", [])], patient=linked.patient_id if linked else None
        )

    def came_by_link_of(self, appointment: Appointment) -> bool:
        """Whether the last link in an e-mail that this visitor opened was that of this appointment."""
        return self._data.get("linked") == appointment.uid.hex

    @property
    def proved_email(self) -> str:
        """The e-mail address whose mailbox this visitor has shown to own, by opening the link in an e-mail; or ""."""
        return str(self._data.get("proved_email") or "")

    def unconfirmed_appointment(self, now: datetime) -> Appointment | None:
        """The booking that this visitor can confirm, or could until a while ago: opened by the link in its e-mail."""
        appointment = _appointment(self._data.get("opened"))
        if appointment is None or not self.came_by_link_of(appointment):
            return None
        if appointment.link_generation != self._data.get("generation"):
            return None
        is_pending = appointment.status == Status.UNCONFIRMED or appointment.has_lapsed
        return appointment if is_pending and now < appointment.ends_at + tokens.LINK_LIFETIME else None

    def opened_appointment(self, now: datetime) -> Appointment | None:
        """The appointment opened by its link; None if the link was revoked or has expired."""
        appointment = _appointment(self._data.get("opened"))
        if appointment is None or appointment.status not in AGREED:
            return None
        if appointment.link_generation != self._data.get("generation"):
            return None
        return None if appointment.ends_at + tokens.LINK_LIFETIME < now else appointment

    def past_appointment(self, now: datetime) -> Appointment | None:
        """The appointment opened by its link, after the link shows it no more: it can be booked again for 180 days."""
        appointment = _appointment(self._data.get("opened"))
        if appointment is None or appointment.link_generation != self._data.get("generation"):
            return None
        return appointment if tokens.is_past(appointment, now) else None

    def mark_moved(self, *, is_change: bool = True, before: str = "") -> None:
        """Make the next appointment page say that the appointment was moved, or that it was at that time already.

        ``before``: the slot that it was moved from, as ``slot_choices.format_start`` writes it.
        """
        if is_change or not self._data.get("moved"):  # The same form submitted twice has moved it.
            self._update(moved="moved" if is_change else "unchanged", moved_from=before)

    @property
    def moved_from(self) -> str:
        return str(self._data.get("moved_from") or "")

    def mark_confirmed(self) -> None:
        """Make the next appointment page say that the appointment is now booked."""
        self._update(moved="confirmed")

    def mark_attendance(self) -> None:
        """Make the next appointment page thank the patient for saying that they will come."""
        self._update(moved="attendance")

    def pop_moved(self) -> str:
        """Return and reset what the appointment page has to say: moved, unchanged, confirmed, attendance or ""."""
        moved = str(self._data.get("moved") or "")
        if moved:
            self._update(moved="")
        return moved

    # The waitlist

    def store_joined(self, summary: dict[str, Any]) -> None:
        """Store what the confirmation page shows: the submitted values only.

        The page must not reveal whether the person was on the waitlist already.
        """
        self._update(joined=summary)

    @property
    def joined(self) -> dict[str, Any]:
        return dict(self._data.get("joined") or {})

    def open_waitlist_entry(self, entry: WaitlistEntry) -> None:
        """Let this session view the waitlist entry and answer its offers."""
        self._update(waitlist=entry.uid.hex)

    def waitlist_entry(self) -> WaitlistEntry | None:
        uid = self._data.get("waitlist")
        rows = WaitlistEntry.objects.select_related("service", "practitioner", "location")
        return rows.filter(uid=uid).first() if uid else None

    def show_booked(self, appointment: Appointment) -> None:
        """Show an appointment booked from the waitlist, without touching a booking in progress."""
        masked = ["name", "email", "phone"]  # Typed when joining the waitlist, perhaps by somebody else.
        self._update(done=appointment.uid.hex, done_key=appointment.submission_key, done_masked=masked)
        self.open_appointment(appointment)

    def _update(self, **changes: Any) -> None:
        self._data |= changes
        self._session[BOOKING_KEY] = self._data
        if SESSION_KEY not in self._session:  # Do not shorten the session of a logged-in user.
            self._session.set_expiry(LIFETIME)

    store = _update  # For BasketSession.


def _appointment(uid: str | None) -> Appointment | None:
    rows = Appointment.objects.select_related("service", "practitioner", "location", "patient")
    return rows.filter(uid=uid).order_by().first() if uid else None
