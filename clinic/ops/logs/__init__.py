"""Logs and error reports without personal data: formats, redaction, request ids."""
