"""Editing and publishing a page or snippet in the admin."""
