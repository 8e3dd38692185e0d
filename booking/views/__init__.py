"""Public booking views: load, form, command, redirect. The rules are in ``booking.scheduling``."""
