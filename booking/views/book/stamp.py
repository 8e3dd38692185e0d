"""What a form is about: one hold, or all times of a basket."""

from collections.abc import Sequence

from booking.models import Appointment, reference_for


def stamp_of(holds: Sequence[Appointment]) -> str:
    """The reference of one hold; for several, a text of the same form that changes with each that comes or goes."""
    if len(holds) == 1:
        return holds[0].reference
    return reference_for(" ".join(sorted(hold.reference for hold in holds)))
