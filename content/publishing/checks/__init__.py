"""Checks before a page is published."""
