"""What the processes count. Import it only where metrics are on: prometheus_client opens a file in each process.

Only counters and histograms, which stay right when the files of processes that have ended are added up. What a
process cannot count, the exporter reads from the database (``database_figures.py``).
"""

import os

from prometheus_client import Counter, Histogram

from clinic.ops.metrics.folders import prepare_folder

if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
    prepare_folder(os.environ["PROMETHEUS_MULTIPROC_DIR"])

REQUESTS = Histogram(
    "clinic_request_duration_seconds",
    "Requests by URL pattern, method and status, and how long they took.",
    ["route", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
DATABASE_SECONDS = Counter(
    "clinic_request_database_seconds", "Time that requests waited for the database, by URL pattern.", ["route"]
)
DATABASE_QUERIES = Counter(
    "clinic_request_database_queries", "Database queries of requests, by URL pattern.", ["route"]
)
PAGE_CACHE = Counter("clinic_page_cache_requests", "Requests for public pages, by what the page cache had.", ["result"])
EVENTS = Counter(
    "clinic_appointment_events", "What happened to appointments: held, booked, cancelled and so on.", ["kind", "by"]
)
REFUSALS = Counter("clinic_refusals", "Bookings and changes that a rule or a limit refused.", ["kind"])
TASK_FAILURES = Counter("clinic_worker_task_failures", "Runs of the worker's tasks that failed.", ["task"])
