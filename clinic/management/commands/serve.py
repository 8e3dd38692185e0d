"""Run the site and its worker on this machine: everything that ``make run`` does after installing."""

import hashlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.management.commands import collectstatic
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from clinic.accounts import first_login
from clinic.ops.environment import MAIL_FILES
from clinic.ops.sample_data import real_rows
from clinic.ops.secret_key import prepare_keys

STAFF_NAME = "owner"


class Command(BaseCommand):
    help = "Prepare the database and files, then serve the site and send its messages until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="On which port of this machine.")
        parser.add_argument("--no-sample", action="store_true", help="Start empty, without the sample clinic.")

    def handle(self, *args: Any, **options: Any) -> None:
        port = options["port"]
        check_system()
        check_port(port)
        prepare_keys()
        self.log_step("Preparing the database ...")
        call_command("migrate", verbosity=0)
        self.log_step("Preparing styles, fonts and scripts ...")
        call_command("build_static", verbosity=0)
        collect_changed_files()
        if first_login.is_needed():
            # Only on the first start: a sample that was removed must not come back.
            if not options["no_sample"] and not real_rows():
                self.log_step("Loading the sample clinic ...")
                call_command("load_sample", stdout=self.stdout)
            self.create_login()
        self.log_step("Starting the site ...")
        sys.exit(run_site_and_worker(port, announce=lambda: self.print_addresses(port)))

    def log_step(self, step: str) -> None:
        """Print a step before it begins, flushed in case stdout is a pipe."""
        self.stdout.write(step)
        self.stdout.flush()

    def print_addresses(self, port: int) -> None:
        self.stdout.write(f"\n  The site:  http://127.0.0.1:{port}/")
        self.stdout.write(f"  Staff:     http://127.0.0.1:{port}/admin/")
        if settings.EMAIL_BACKEND == MAIL_FILES:
            self.stdout.write(f"  Emails:    {os.path.relpath(settings.EMAIL_FILE_PATH)}/")
        self.stdout.write("  Stop with Ctrl-C.\n")
        self.stdout.flush()

    def create_login(self) -> None:
        """Create the first staff login and print its password, which is not stored in clear text."""
        _owner, password = first_login.create_owner(STAFF_NAME)
        self.stdout.write(f"\n  Staff login, shown this once:  {STAFF_NAME}  /  {password}")


def collect_changed_files() -> None:
    """Run ``collectstatic``, unless no file has changed since the last time.

    Without compression, unlike in a deployment: it takes seconds, and saves nothing on one machine.
    """
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    command = collectstatic.Command()
    command.storage = ManifestStaticFilesStorage()
    call_command(command, interactive=False, clear=True, verbosity=0)
    stamp.write_text(digest.hexdigest())


def worker_command() -> list[str]:
    # This process has just run the system checks, which are slow because they import everything.
    return [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "work", "--skip-checks"]


def web_command(port: int) -> list[str]:
    # Preloaded, which starts faster: this one is never reloaded, and loading opens no connection.
    return [
        sys.executable, "-m", "gunicorn", "--config", str(Path(settings.BASE_DIR) / "clinic" / "ops" / "gunicorn.py"),
        "--bind", f"127.0.0.1:{port}", "--preload", "clinic.wsgi",
    ]  # fmt: skip


def check_system() -> None:
    if find_spec("fcntl") is None:
        raise CommandError(
            "The site cannot be served on Windows itself, because its web server, gunicorn, needs Linux or macOS. "
            "Install WSL (wsl --install) and run the project in it."
        )


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            raise CommandError(f"Port {port} is in use. Choose another: make run PORT={port + 1}") from problem
        except OverflowError as problem:
            raise CommandError("A port is a number from 1 to 65535, such as: make run PORT=8123") from problem


def is_up(port: int) -> bool:
    """Return whether the site answers, with any status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def run_site_and_worker(port: int, announce: Callable[[], None]) -> int:
    """Run the site and, once it answers, the worker, until one of them ends or a signal comes; then stop both.

    The worker starts second, because its first renditions would slow down the first page. Each process has its own
    session, so that Ctrl-C does not reach it a second time from the terminal.
    """
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    def start(command: list[str]) -> None:
        children.append(subprocess.Popen(command, cwd=settings.BASE_DIR, start_new_session=True))

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    children: list[subprocess.Popen[bytes]] = []
    start(web_command(port))
    try:
        while not stopping and all(child.poll() is None for child in children):
            if len(children) == 1 and is_up(port):
                announce()
                start(worker_command())
            time.sleep(0.2)
    finally:
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.wait(timeout=25)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
    return 0 if stopping else 1
