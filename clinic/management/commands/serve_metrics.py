"""Serve the metrics for Prometheus."""

import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from booking.worker.loop import stopped_by_signals


class Command(BaseCommand):
    help = "Serve metrics for Prometheus on METRICS_BIND until stopped: the counts of all processes of this machine."

    def handle(self, **options: Any) -> None:
        if not settings.METRICS_BIND:
            raise CommandError("METRICS_BIND is not set. Set it for the site, the worker and this command.")
        from prometheus_client import start_http_server

        from clinic.ops.metrics.exporter import make_registry

        host, port = settings.METRICS_BIND
        stop = threading.Event()
        try:
            server, thread = start_http_server(port, host, registry=make_registry())
        except OSError as problem:
            raise CommandError(f"METRICS_BIND {host}:{port} cannot be used ({problem.strerror}).") from problem
        self.stdout.write(f"Metrics are at http://{host}:{port}/metrics.")
        self.stdout.flush()
        with stopped_by_signals(stop.set):
            stop.wait()
        server.shutdown()
        thread.join()
