"""A database engine for settings: Django's own for PostgreSQL, which notices a server that has gone (``base.py``)."""
