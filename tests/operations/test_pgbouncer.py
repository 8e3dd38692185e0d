"""The site and its worker behind PgBouncer in transaction mode, with fewer connections than threads."""

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from django.utils import timezone

from booking.models import Appointment, Message
from tests.conftest import IN_CI
from tests.operations.database import PostgresServer, database_server
from tests.proofs import race_site
from tests.proofs.race_people import Ledger, Visitor, Wish
from tests.support.content_factories import make_page
from tests.support.journey import make_small_clinic
from tests.support.postgresql import find_programs, free_port, unprivileged_prefix

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
pytestmark = [
    pytest.mark.prove,
    pytest.mark.operations,
    pytest.mark.long,
    pytest.mark.once,
    pytest.mark.usefixtures("running_clock"),
    pytest.mark.skipif(
        not IN_CI and (PGBOUNCER is None or find_programs() is None),
        reason="PgBouncer or PostgreSQL is not installed. Get them with: apt-get install pgbouncer postgresql",
    ),
]
VISITORS = 6
POOL = 2  # Connections to PostgreSQL, for 16 threads and the worker.


@contextmanager
def pooled(server: PostgresServer) -> Iterator[str]:
    """Run PgBouncer before a PostgreSQL server, and yield its DATABASE_URL."""
    assert PGBOUNCER is not None
    folder, port = Path(tempfile.mkdtemp(prefix="clinic-pgbouncer-")), free_port()
    folder.chmod(0o755)
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\nclinic = host=127.0.0.1 port={server.port} dbname=clinic user=clinic\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = transaction\ndefault_pool_size = {POOL}\nmax_client_conn = 100\n"
    )
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*unprivileged_prefix(), PGBOUNCER, config], stdout=log, stderr=log)
    try:
        url = f"postgres://clinic@127.0.0.1:{port}/clinic"
        for _ in range(100):
            if "process up" in (folder / "log").read_text():
                break
            time.sleep(0.1)
        yield url
        assert process.poll() is None, (folder / "log").read_text()
    finally:
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def run(command: list[str], url: str, folder: Path) -> None:
    environ = race_site.site_environment(folder) | {"DATABASE_URL": url}
    ran = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=race_site.ROOT, env=environ, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr


def test_pages_bookings_the_worker_and_migrations_work_behind_a_pooler(tmp_path, monkeypatch, django_db_blocker):
    monkeypatch.setenv("DATABASE_POOLER", "transaction")
    monkeypatch.setenv("CONFIRMATION_DELAY_SECONDS", "0")
    with django_db_blocker.unblock(), database_server() as server, pooled(server) as url:
        run(["migrate", "-v0"], url, tmp_path)
        race_site.build_files(tmp_path)
        with race_site.connected(url):
            make_small_clinic()
            make_page(kind="home")
            nine = (timezone.now() + timedelta(days=1)).replace(hour=15, minute=0, second=0, microsecond=0)
        ledger = Ledger()
        with race_site.served(url, tmp_path, "clinic.wsgi") as port:
            visitors = [Visitor(number, port, ledger, Random(number)) for number in range(VISITORS)]
            for path in ("/", "/book/", "/book/assessment/", "/search/?q=back", "/sitemap.xml", "/healthz/"):
                assert visitors[0].browser.get(path).status == 200, path
            wishes = [Wish("assessment", slug, nine + timedelta(minutes=45 * n)) for n in range(3) for slug in
                      ("steve-hansen", "amara-okafor")]  # fmt: skip
            threads = [
                threading.Thread(target=visitor.book, args=[wish])
                for visitor, wish in zip(visitors, wishes, strict=True)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=120)
        assert len(ledger.booked) == VISITORS, ledger.table()
        run(["work", "--once"], url, tmp_path)
        run(["migrate", "--check"], url, tmp_path)
        run(["retime", "--dry-run"], url, tmp_path)
        with race_site.connected(url):
            assert Appointment.objects.count() == VISITORS
            confirmations = Message.objects.filter(appointment__isnull=False, state=Message.State.SENT)
            assert confirmations.count() >= VISITORS
