"""Blocked time at the desk: block an hour or days, and resolve the visits inside."""
