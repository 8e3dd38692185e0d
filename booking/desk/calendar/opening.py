"""When the front desk closes on a day."""

from datetime import date, time

from django.db.models import Value

from booking.models import Closure, Location, OpeningHours, SpecialHours


def closes_at(location: Location, on: date, closures: list[Closure]) -> time | None:
    """The wall time at which the front desk closes for the day; None if it is not open. One query.

    Hours of one date replace the weekly ones, and reopen a closed day.
    """
    weekly = OpeningHours.objects.filter(location=location, weekday=on.weekday()).order_by()
    special = SpecialHours.objects.filter(location=location, on=on).order_by()
    rows = weekly.values_list(Value(0), "closes").union(special.values_list(Value(1), "closes"), all=True)
    rows = rows.order_by()  # Since Django 6, a union has the ordering of its model, which these columns lack.
    usual = [closes for is_special, closes in rows if not is_special]
    dated = [closes for is_special, closes in rows if is_special]
    if not dated and any(closure.location_id == location.pk for closure in closures):
        return None
    return max((closes for closes in dated or usual if closes), default=None)
