"""Retention periods: what is kept for how long, and the daily run that applies them."""

from booking.privacy.retention.expiry import apply_periods, run_daily
from booking.privacy.retention.periods import PERIODS, Period, current_periods, save_periods

__all__ = ["PERIODS", "Period", "apply_periods", "current_periods", "run_daily", "save_periods"]
