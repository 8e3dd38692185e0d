"""Backups: one file with the database, the pictures and a manifest of both; how it is restored and checked."""
