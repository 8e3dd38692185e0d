"""Run the site and its worker together: everything ``make run`` does after installing."""

import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from clinic.management.commands.load_sample import real_rows
from clinic.staff.roles import OWNER

STAFF_NAME = "owner"


class Command(BaseCommand):
    help = "Prepare the database and files, then serve the site and send its messages until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="On which port of this machine.")

    def handle(self, *args: Any, **options: Any) -> None:
        port = options["port"]
        refuse_a_taken_port(port)
        call_command("migrate", verbosity=0)
        call_command("build_static", verbosity=0)
        collect_changed_files()
        if not get_user_model().objects.exists():
            # Only ever the first time: who has taken the sample away does not want it back.
            if not real_rows():
                call_command("load_sample", stdout=self.stdout)
            self.give_a_login()
        self.stdout.write(f"\n  The site:  http://127.0.0.1:{port}/")
        self.stdout.write(f"  Staff:     http://127.0.0.1:{port}/admin/")
        if "mailfiles" in settings.EMAIL_BACKEND:
            self.stdout.write(f"  Mails:     {os.path.relpath(settings.EMAIL_FILE_PATH)}/")
        self.stdout.write("  Stop with Ctrl-C.\n")
        self.stdout.flush()
        sys.exit(run_together(web(port), [sys.executable, manage(), "work"]))

    def give_a_login(self) -> None:
        """Make the first staff login and print its password, once: it is stored nowhere in clear."""
        password = secrets.token_urlsafe(12)
        owner = get_user_model().objects.create_superuser(STAFF_NAME, password=password)
        owner.groups.add(*Group.objects.filter(shipped_as__key=OWNER))
        self.stdout.write(f"\n  Staff login, shown this once:  {STAFF_NAME}  /  {password}")


def collect_changed_files() -> None:
    """Collect and compress the static files, unless none has changed since the last time."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            seen.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    if stamp.exists() and stamp.read_text() == seen.hexdigest():
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(seen.hexdigest())


def manage() -> str:
    return str(Path(settings.BASE_DIR) / "manage.py")


def web(port: int) -> list[str]:
    return [
        sys.executable, "-m", "gunicorn", "--config", str(Path(settings.BASE_DIR) / "clinic" / "gunicorn.py"),
        "--bind", f"127.0.0.1:{port}", "--no-control-socket", "clinic.wsgi",
    ]  # fmt: skip


def refuse_a_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            raise CommandError(f"Port {port} is in use. Choose another: make run PORT={port + 1}") from problem
        except OverflowError as problem:
            raise CommandError("A port is a number from 1 to 65535, such as: make run PORT=8123") from problem


def run_together(*commands: list[str]) -> int:
    """Run the commands side by side; when one ends or we are told to stop, stop them all.

    Each gets a session of its own, so that Ctrl-C reaches it once, from us, and not twice.
    """
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    children = [subprocess.Popen(command, cwd=settings.BASE_DIR, start_new_session=True) for command in commands]
    try:
        while not stopping and all(child.poll() is None for child in children):
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
