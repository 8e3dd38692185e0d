"""A database engine for settings: Django's own for SQLite, whose writers queue up (``base.py``)."""
