"""Autosave of drafts in the page editor: its answers, and what the script asks for besides."""
