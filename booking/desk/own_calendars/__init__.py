"""Practitioners' own calendars: add one, see whether it is read, remove it."""
