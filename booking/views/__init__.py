"""The patient's journey: find, form, command, redirect. What decides lives in ``booking.scheduling``."""
