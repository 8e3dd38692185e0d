"""Shared by the pages for staff: form inputs, formats, durations, schedule conflicts and dashboard notes."""
