"""Patients at the desk: list, record, corrections, merge and import."""
