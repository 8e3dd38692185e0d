"""A booking of this session whose details may be used again."""

from dataclasses import dataclass

from booking.models import Appointment


@dataclass(frozen=True)
class RememberedBooking:
    """A booking whose details the visitor may use again, without seeing them.

    ``by_link``: they came by the link in its e-mail, so they may not see the details at all. ``for_other``: for
    another person, with the same contact details. ``is_used``: they have said so.
    """

    appointment: Appointment
    by_link: bool = False
    for_other: bool = False
    is_used: bool = False
