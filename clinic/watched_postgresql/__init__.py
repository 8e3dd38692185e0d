"""A database engine for settings: Django's own for PostgreSQL, asked in fewer steps, and with an eye on the server.

``base.py`` is what Django loads, ``cursor.py`` what queries go through, ``planned.py`` what the server keeps planned.
"""
