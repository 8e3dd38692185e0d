"""Queries: which slots can be booked, and why others cannot."""
