"""Views of the waitlist: join, one entry, one offer."""
