"""Metrics for Prometheus, off unless METRICS_BIND is set. docs/decisions/metrics.md says why it is built like this.

Processes of the site and the worker count into files (prometheus_client's multiprocess mode); ``manage.py
serve_metrics`` adds them up and reads the rest from the database. No label holds a person, a token or a free text.
"""
