"""A PostgreSQL server of one test's own, which the test may stop, freeze and start again."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgresql import find_programs, free_port, unprivileged_prefix, wait_until_ready


class DatabaseServer:
    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs, self.port = folder, programs, free_port()
        self._prefix = unprivileged_prefix()
        if self._prefix:
            folder.chmod(0o711)
            shutil.chown(folder, self._prefix[1].removeprefix("--reuid="))
        self._run("initdb", "-D", folder / "data", "-U", "clinic", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "clinic", "clinic")

    @property
    def url(self) -> str:
        return f"postgres://clinic@127.0.0.1:{self.port}/clinic"

    def start(self) -> None:
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder}
        self.process = subprocess.Popen(
            [*self._prefix, self.programs / "postgres", "-D", self.folder / "data"]
            + [word for name, value in options.items() for word in ("-c", f"{name}={value}")],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("a"),
            cwd=self.folder,
        )
        wait_until_ready(self.programs, self.port, self.process, self.folder / "log")

    def stop_hard(self) -> None:
        """As a crash: nothing is written, all connections are cut."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(timeout=30)

    def freeze(self) -> None:
        """Accept connections and answer none. Connections that are open are cut."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.process.send_signal(signal.SIGSTOP)
        for child in children:
            if b"clinic clinic" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGTERM)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [*self._prefix, self.programs / program, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
        )


@contextmanager
def database_server() -> Iterator[DatabaseServer]:
    programs = find_programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="clinic-postgresql-"))  # Not below pytest's folders, which are root's alone.
    server = DatabaseServer(folder, programs)
    try:
        yield server
    finally:
        server.process.send_signal(signal.SIGCONT)
        server.stop_hard()
        shutil.rmtree(folder, ignore_errors=True)
