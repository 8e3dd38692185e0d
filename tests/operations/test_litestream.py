"""Litestream copies SQLite continuously, as docs/operations/backup.md describes it: what was booked can be restored."""

import shutil
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from booking.models import Appointment
from tests.proofs import race_site
from tests.support.journey import NINE, book, make_small_clinic

LITESTREAM = shutil.which("litestream", path=str(Path(sys.executable).parent)) or shutil.which("litestream")

pytestmark = [
    pytest.mark.prove,
    pytest.mark.operations,
    pytest.mark.long,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("stopped_clock"),
    pytest.mark.skipif(LITESTREAM is None, reason="Litestream is not installed."),
]


def test_a_booking_survives_the_loss_of_the_disk(client, tmp_path, settings):
    if connection.vendor != "sqlite":
        pytest.skip("Litestream copies SQLite.")
    database, replica = tmp_path / "clinic.sqlite3", f"file://{tmp_path}/replica"
    with race_site.connected(f"sqlite:///{database}"):
        call_command("migrate", verbosity=0)
        make_small_clinic()
        process = subprocess.Popen([LITESTREAM, "replicate", str(database), replica])
        try:
            visit = book(client, NINE)
            wait_for_copies(tmp_path / "replica")
        finally:
            process.send_signal(signal.SIGTERM)  # It copies what is new, then ends.
            assert process.wait(timeout=30) == 0
    database.rename(tmp_path / "lost")

    restored = tmp_path / "restored.sqlite3"
    subprocess.run([LITESTREAM, "restore", "-o", str(restored), replica], check=True)

    with race_site.connected(f"sqlite:///{restored}"):
        assert Appointment.objects.get().reference == visit.reference
        output = StringIO()
        call_command("restore_check", stdout=output)
        assert "Nothing is missing" in output.getvalue()


def wait_for_copies(folder):
    for _ in range(100):
        if any(path.is_file() for path in folder.rglob("*")):
            return
        time.sleep(0.1)
    raise AssertionError("Litestream copied nothing within ten seconds.")
