"""gunicorn settings, with the reason for each value.

The master process reads this file, so it imports nothing of the project: every forked worker would inherit the
imported modules, and a reload (SIGHUP) after an upgrade would mix old and new code.
"""

import logging
import os
import runpy
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any


class UtcFormatter(logging.Formatter):
    """Times in UTC, written like those of the site's own lines."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"


_workers = os.environ.get("WEB_WORKERS", "").strip() or "2"
if not (_workers.isascii() and _workers.isdecimal() and int(_workers) > 0):
    raise RuntimeError(f"WEB_WORKERS is {_workers!r}. Set it to a whole number of 1 or more, or leave it out for 2.")

bind = os.environ.get("BIND", "127.0.0.1:8000")
# Rendering is CPU-bound: one process for each core. Each takes up to 120 MB of memory.
workers = int(_workers)
# A thread is blocked until it has read the whole request. On the internet, nginx in front buffers slow clients
# (docs/operations/install.md, tested in tests/proofs/test_slow_clients.py).
worker_class = "gthread"
# While one thread computes, others wait for the database. More threads would only wait: on SQLite for the write lock,
# on PostgreSQL with a connection each (2 x 8 of its default 100).
threads = 8
# Seconds without a heartbeat of a process's main loop, which does not handle requests, before it is killed.
timeout = 30
# Seconds for requests in progress to finish when the site stops: more than any page takes.
graceful_timeout = 20
# Seconds. Above nginx's own keepalive timeout (60 s in deploy/), so that nginx closes idle connections. Without a
# reverse proxy, long enough for a page and its pictures over one connection.
keepalive = 75 if os.environ.get("TRUSTED_PROXIES") else 5
# Connections that may wait to be accepted while all processes are busy. Clients of a longer queue would time out.
backlog = 1024
# Restart a process now and then, and not both at once, in case a library leaks memory. Rarely, because a new process
# takes two seconds to start.
max_requests = 200_000
max_requests_jitter = 20_000
# Each process loads the application itself. Preloading would save some memory, but share open connections and locks
# between the processes, and keep the old code on a reload.
preload_app = False
# A link with a token has about 70 characters and a search about 200; browsers send about 20 headers. gunicorn rejects
# larger requests itself. (Bodies: DATA_UPLOAD_MAX_MEMORY_SIZE, one megabyte.)
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
# Forwarded headers are handled in clinic/web/proxies.py alone.
forwarded_allow_ips = ""
# Heartbeat files are in memory: on a slow disk, a healthy worker could miss its timeout.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = "warning"
# The master's own lines in the format of the site (LOG_FORMAT). They are about processes, never about requests. Those
# of the workers go through the site's own formatters (clinic/ops/environment/monitoring.py).
logconfig_dict = {
    "formatters": {
        "line": {"()": UtcFormatter, "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(levelname)s %(name)s %(message)s",
            "rename_fields": {"levelname": "level", "name": "logger", "exc_info": "exception"},
            "timestamp": "time",
            # run_path() leaves no module behind that a forked worker would inherit.
            "static_fields": {
                "request_id": None,
                "version": runpy.run_path(str(Path(__file__).with_name("version.py")))["site_version"](),
            },
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if os.environ.get("LOG_FORMAT", "").strip().lower() == "json" else "line",
        },
    },
    "root": {"level": "WARNING", "handlers": ["console"]},
    "loggers": {"gunicorn.error": {"level": "WARNING", "handlers": ["console"], "propagate": False}},
}


def on_starting(server: Any) -> None:
    """Refuse to listen on a unix socket whose peer is not trusted: all patients would count as one address.

    The socket may be named in BIND or on the command line, or passed by systemd (LISTEN_FDS). Then begin the metrics,
    if they are on, and end the draining that preceded the last stop (``manage.py drain``).
    """
    is_unix = any(address.startswith("unix:") for address in server.cfg.bind)
    if (is_unix or _has_passed_unix_socket()) and "unix" not in os.environ.get("TRUSTED_PROXIES", "").replace(
        ",", " "
    ).split():
        raise RuntimeError(
            "The site listens on a unix socket, where nobody has an address. Set TRUSTED_PROXIES=unix if your front "
            "server connects there and sets X-Forwarded-For and X-Forwarded-Proto itself; otherwise set BIND to an "
            "address such as 127.0.0.1:8000."
        )
    _begin_metrics()
    with suppress(OSError):  # There is none, or the disk is read-only.
        (_var_dir() / "draining").unlink()


def _begin_metrics() -> None:
    """Let the processes count into files (METRICS_BIND), and delete those of processes before this start.

    No hook for processes that end is needed: counters and histograms stay right when their files stay.
    """
    if not os.environ.get("METRICS_BIND", "").strip():
        return
    folder = Path(os.environ.get("METRICS_DIR", "").strip() or _var_dir() / "metrics") / "web"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # Inherited by the processes that are forked.


def _var_dir() -> Path:
    return Path(os.environ.get("VAR_DIR", "").strip() or Path(__file__).resolve().parents[2] / "var")


def _has_passed_unix_socket() -> bool:
    """Return whether systemd passed a unix socket to this process (sd_listen_fds(3))."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return False
    for descriptor in range(3, 3 + int(os.environ.get("LISTEN_FDS") or 0)):
        with socket.socket(fileno=os.dup(descriptor)) as passed:
            if passed.family == socket.AF_UNIX:
                return True
    return False
