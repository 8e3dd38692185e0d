"""Counts and measurements for the clinic's numbers. They name nobody."""

from booking.models.reports.first_free_times import FirstFreeTime
from booking.models.reports.step_counts import BookingStepCount

__all__ = ["BookingStepCount", "FirstFreeTime"]
