"""The clinic office: everything that can be edited, and the diary. One file a subject."""

from booking.admin import clinic, diary, hours, outbox, patients, people, waitlist, wording

__all__ = ["clinic", "diary", "hours", "outbox", "patients", "people", "waitlist", "wording"]
