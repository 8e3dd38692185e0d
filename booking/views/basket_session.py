"""The basket of one visitor's session: several appointments that are booked in one go.

The session stores its number only; its times are in the database. A basket of one time is an ordinary booking.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.http import HttpRequest

from booking.models import Appointment
from booking.scheduling import Basket, load_basket
from booking.views.session import BOOKING_KEY, MAX_OWN_VISITS, BookingSession

_BASKETS = UUID("8d0c1f6e-3a52-4a1c-9e64-6f2f4d6b7a10")  # Namespace of the baskets' numbers.


class BasketSession(BookingSession):
    """A booking session that may hold several times. Without a basket it makes no query more."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self._request = request

    def _stored(self, name: str) -> Any:
        return (self._request.session.get(BOOKING_KEY) or {}).get(name)

    @property
    def basket_id(self) -> UUID | None:
        return UUID(hex=self._stored("basket")) if self._stored("basket") else None

    def basket(self) -> Basket:
        """The basket; an empty one with a new number if the session has none.

        Two first presses at once must lead to one basket, so the number is computed from what both requests know.
        """
        if self.basket_id:
            return load_basket(self.basket_id, self.holder())
        return Basket(uuid5(_BASKETS, f"{self.holder()} {self._stored('done')} {self._stored('dropped') or 0}"))

    def live_visits(self, now: datetime) -> list[Appointment]:
        """The times of the basket that are held, or the one that the session holds on its own."""
        if self.basket_id is not None:
            return self.basket().live(now)
        hold = self.chosen_hold()
        return [hold] if hold is not None and hold.is_hold and not hold.has_ended(now) else []

    def chosen_holds(self) -> list[Appointment]:
        """The times that this session is booking, even if they have lapsed or have since been booked."""
        if self.basket_id is not None and (visits := list(self.basket().visits)):
            return visits
        hold = super().chosen_hold()  # A basket of one time that was booked is none any more.
        return [hold] if hold is not None else []

    def chosen_hold(self) -> Appointment | None:
        return next(iter(self.chosen_holds()), None)

    def choose(self, hold: Appointment, *, wants_this_person: bool, instead_of: Appointment | None = None) -> None:
        super().choose(hold, wants_this_person=wants_this_person, instead_of=instead_of)
        self.store(basket=None, dropped=(self._stored("dropped") or 0) + 1)

    def keep_basket(self, basket: Basket) -> None:
        """Store that the basket has changed: its form gets a new submission key."""
        only = basket.visits[0].uid.hex if len(basket.visits) == 1 else None
        self.store(basket=basket.id.hex, hold=only, wants_this_person=False, let_go=None, let_go_on="")
        self.store(submission_key=secrets.token_urlsafe(24))

    def drop_basket(self) -> None:
        self.store(basket=None, hold=None, dropped=(self._stored("dropped") or 0) + 1)

    def finish_all(self, appointments: Sequence[Appointment], *, now: datetime) -> None:
        """Like ``finish``, for the appointments of a basket."""
        self.finish(appointments[0], now=now)
        uids = [appointment.uid.hex for appointment in appointments]
        others = [uid for uid in (self._stored("own") or []) if uid not in uids]
        self.store(done_all=uids, own=[*others, *uids][-MAX_OWN_VISITS:])

    def show_booked_together(self, appointments: Sequence[Appointment]) -> None:
        """Like ``show_booked``, for the appointments of a basket that were confirmed by the link in its e-mail."""
        self.show_booked(appointments[0])
        uids = [appointment.uid.hex for appointment in appointments]
        others = [uid for uid in (self._stored("own") or []) if uid not in uids]
        self.store(done_all=uids if len(uids) > 1 else [], own=[*others, *uids][-MAX_OWN_VISITS:])

    def booked_together(self) -> list[Appointment]:
        """The appointments that were last booked in this session, if they were several; ordered by start."""
        uids = self._stored("done_all") or []
        if self._stored("done") not in uids:
            return []
        rows = Appointment.objects.filter(uid__in=uids).order_by("starts_at", "pk")
        return list(rows.select_related("service", "practitioner", "location", "patient"))
