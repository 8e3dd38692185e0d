"""Editing pages, snippets and pictures in the Django admin; see each file for its subject."""

from content.admin import external_links, maps, menus, notices, pages, pictures  # noqa: F401  (importing them registers them)
