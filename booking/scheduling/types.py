"""Value types that the commands and queries take and return."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from booking.models import Appointment, Channel, Location, Practitioner, Service


class Provider(NamedTuple):
    """A practitioner who offers a service, with the fields that decide whether they are bookable."""

    id: int
    own_duration: timedelta | None
    own_price: Decimal | None
    is_active: bool
    authorised_for_needling: bool
    takes_new_patients: bool
    travel_time: timedelta
    reads_calendar: bool  # Whether they have given a calendar of their own.


@dataclass(frozen=True)
class SlotQuery:
    """Parameters of a search for slots.

    ``holder``: the browser session whose own hold does not occupy time. ``moving``: an appointment to
    reschedule; it keeps its duration and buffers, and its current time counts as free. ``new_patient``
    None: not known yet, so no practitioner is excluded for it.
    """

    service: Service
    now: datetime
    practitioner: Practitioner | None = None
    location: Location | None = None
    new_patient: bool | None = None
    holder: str = ""
    moving: Appointment | None = None
    lead_time: timedelta | None = None  # None: the lead time of the service.
    step: timedelta | None = None  # None: the step of the service.
    horizon_days: int | None = None  # None: the booking horizon of the service.
    has_buffers: bool = True  # False for what staff arrange by hand: buffers do not bind them.

    @property
    def not_before(self) -> datetime:
        """The earliest start that respects the lead time (R7)."""
        return self.now + (self.service.lead_time if self.lead_time is None else self.lead_time)

    @property
    def days_ahead(self) -> int:
        """How many days ahead can be booked (R8)."""
        return self.service.horizon_days if self.horizon_days is None else self.horizon_days

    def may_be_seen_by(self, person: Practitioner | Provider) -> bool:
        """Whether a practitioner who offers the service may see this patient (R11)."""
        return (
            person.is_active
            and (person.authorised_for_needling or not self.service.needs_needling_authorisation)
            and (person.takes_new_patients or not self.new_patient)
        )


@dataclass(frozen=True)
class Visitor:
    """Who books online: their network (``rate_limits.client_address``), and how far they are known.

    ``proved_email``: the address whose mailbox they have shown to own, by opening the link in an e-mail.
    """

    network: str = ""
    proved_email: str = ""
    is_staff: bool = False

    @property
    def is_verified(self) -> bool:
        return self.is_staff or bool(self.proved_email)

    def has_proved(self, email: str) -> bool:
        """Whether a booking with this e-mail address needs no confirmation by it."""
        return self.is_staff or (bool(self.proved_email) and self.proved_email.casefold() == email.casefold())


UNKNOWN_VISITOR = Visitor()


@dataclass(frozen=True)
class PatientDetails:
    """What a patient enters when booking; ``phone`` is in E.164 format."""

    name: str
    email: str
    phone: str
    preferred_name: str = ""
    pronouns: str = ""
    date_of_birth: date | None = None
    contact_name: str = ""
    is_first_visit: bool | None = None
    reminders: bool = True
    reminders_by: Channel = Channel.EMAIL
    notice_version: str = ""


class Slot(NamedTuple):
    """A start that can be booked, and the practitioners who are free, ordered by ``position``.

    ``ends_at`` is the end with the first of them. Where their lengths differ, ``lengths`` has that of each, else none.
    """

    starts_at: datetime
    ends_at: datetime
    location_id: int
    practitioner_ids: tuple[int, ...]
    lengths: tuple[timedelta, ...] = ()


@dataclass(frozen=True)
class WaitlistRequest:
    """The criteria and contact details of a new waitlist entry; ``phone`` is in E.164 format."""

    service: Service
    location: Location
    practitioner: Practitioner | None
    first_on: date
    last_on: date
    parts: frozenset[str]
    is_first_visit: bool
    name: str
    email: str
    phone: str
    contact_name: str = ""
    notice_version: str = ""
