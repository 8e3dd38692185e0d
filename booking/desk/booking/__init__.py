"""Booking for a caller or a walk-in: the panel, its form, and what is asked before it."""
