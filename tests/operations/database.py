"""A PostgreSQL server of one test's own, which it may stop hard, freeze and start again."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.operations.network import Service, wait_until
from tests.support.postgresql import find_programs, free_port, unprivileged_prefix

# As docs/operations/several-hosts.md says: what a machine that is cut off leaves open must not block the others.
SETTINGS = {
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "15s",
}


class PostgresServer:
    """One new cluster, which listens on 127.0.0.1 and ``address``, in a folder of its own.

    Not in pytest's folder, which the server's user may not enter. ``close()`` removes it.
    """

    def __init__(self, *, address: str = "127.0.0.1", clients: str = "127.0.0.0/8", parent: Path | None = None) -> None:
        programs = find_programs()
        assert programs is not None, "PostgreSQL is not installed."
        folder = Path(tempfile.mkdtemp(prefix="clinic-operations-", dir=parent))
        self.programs, self.folder, self.address, self.port = programs, folder, address, free_port()
        self.prefix = unprivileged_prefix()
        self.data, self.log = folder / "data", folder / "postgresql.log"
        self.log.touch()
        if self.prefix:
            user = self.prefix[1].removeprefix("--reuid=")
            shutil.chown(folder, user)
            shutil.chown(self.log, user)
        self._run("initdb", "-D", self.data, "-U", "clinic", "-A", "trust", "-E", "UTF8", "--locale=C")
        with (self.data / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {clients} trust\n")
        self.service: Service | None = None

    def start(self) -> None:
        settings = SETTINGS | {
            "port": str(self.port),
            "listen_addresses": ",".join(dict.fromkeys(["127.0.0.1", self.address])),
            "unix_socket_directories": str(self.folder),
            "max_connections": "150",
        }
        # A change of user clears the first setting of the signal (network.py).
        prefix = [*self.prefix, "--pdeathsig", "KILL"] if self.prefix else []
        command = [*prefix, str(self.programs / "postgres"), "-D", str(self.data)]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.service = Service(command, env={"PATH": "/usr/bin:/bin"}, log=self.log, cwd=self.folder)
        wait_until(self.is_ready, seconds=60, what=f"PostgreSQL accepts connections, see {self.log}")

    def is_ready(self) -> bool:
        command = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"]
        return subprocess.run(command, check=False).returncode == 0

    def stop_hard(self) -> None:
        """Stop without a checkpoint: the next start recovers from the write-ahead log, as after a crash."""
        self._run("pg_ctl", "stop", "-D", self.data, "-m", "immediate", "-s")
        assert self.service is not None
        self.service.process.wait(timeout=30)

    def freeze(self) -> None:
        """Accept connections and answer none. Connections that are open are cut."""
        assert self.service is not None
        self.service.process.send_signal(signal.SIGSTOP)
        for child in self.service.children():
            if b"clinic clinic" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGTERM)

    def thaw(self) -> None:
        assert self.service is not None
        self.service.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        if self.service is not None and self.service.is_running:
            self.service.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create(self, name: str) -> None:
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "clinic", name)

    def copy(self, name: str, new: str) -> str:
        """Make a new database with what another has, and return its URL."""
        self.create(new)
        dump = subprocess.Popen([self.programs / "pg_dump", self._local(name)], stdout=subprocess.PIPE)
        load = [self.programs / "psql", "--quiet", "--set=ON_ERROR_STOP=1", self._local(new)]
        subprocess.run(load, stdin=dump.stdout, check=True, stdout=subprocess.DEVNULL)
        assert dump.wait() == 0
        return self.url(new)

    def _local(self, name: str) -> str:
        return self.plain_url(name, address="127.0.0.1")

    def url(self, name: str, *, address: str | None = None) -> str:
        """The URL of a database, with the limits on waiting from docs/operations/several-hosts.md."""
        limits = "connect_timeout=3&keepalives_idle=10&keepalives_interval=5&keepalives_count=2&tcp_user_timeout=15000"
        return f"{self.plain_url(name, address=address)}?{limits}"

    def plain_url(self, name: str = "clinic", *, address: str | None = None) -> str:
        return f"postgres://clinic@{address or self.address}:{self.port}/{name}"

    def _run(self, program: str, *words: object) -> None:
        command = [*self.prefix, self.programs / program, *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)


@contextmanager
def database_server() -> Iterator[PostgresServer]:
    """A running server with an empty database named clinic."""
    server = PostgresServer()
    try:
        server.start()
        server.create("clinic")
        yield server
    finally:
        server.close()
