"""Render an outbox row to an e-mail or a text message (SMS)."""
