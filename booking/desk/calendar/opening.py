"""When the front desk closes on a day."""

from datetime import date, time

from booking.models import Closure, Location, OpeningHours, SpecialHours


def closes_at(location: Location, on: date, closures: list[Closure]) -> time | None:
    """The wall time at which the front desk closes for the day; None if it is not open. Two queries.

    Hours of one date replace the weekly ones, and reopen a closed day.
    """
    special = list(SpecialHours.objects.filter(location=location, on=on).values_list("closes", flat=True))
    weekly = OpeningHours.objects.filter(location=location, weekday=on.weekday()).values_list("closes", flat=True)
    if not special and any(closure.location_id == location.pk for closure in closures):
        return None
    return max((closes for closes in special or weekly if closes), default=None)
