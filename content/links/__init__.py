"""Redirects, link checks and usage of content."""
