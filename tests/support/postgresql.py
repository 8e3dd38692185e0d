"""Run a command with a temporary PostgreSQL server, whose URL is in DATABASE_URL.

    python tests/support/postgresql.py pytest -m "not browser"

If PostgreSQL is not installed, this prints how to install it and succeeds; with CI=true it fails.
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOW_TO_GET_IT = "PostgreSQL is not installed, so nothing was run on it. Get it with: apt-get install postgresql"


def find_programs() -> Path | None:
    """Return the folder that contains initdb and postgres, of the newest version."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name)):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def unprivileged_prefix() -> list[str]:
    """Return a command prefix that drops root privileges, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    name = "postgres" if any(user.pw_name == "postgres" for user in pwd.getpwall()) else "nobody"
    return ["setpriv", f"--reuid={name}", f"--regid={pwd.getpwnam(name).pw_gid}", "--clear-groups"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(command: list[str]) -> int:
    programs = find_programs()
    if programs is None:
        print(HOW_TO_GET_IT)
        return 1 if os.environ.get("CI") == "true" else 0
    folder = Path(tempfile.mkdtemp(prefix="clinic-postgresql-"))
    prefix = unprivileged_prefix()
    if prefix:
        shutil.chown(folder, prefix[1].removeprefix("--reuid="))
    data, port = folder / "data", free_port()
    try:
        subprocess.run(
            [*prefix, programs / "initdb", "-D", data, "-U", "clinic", "-A", "trust", "-E", "UTF8", "--locale=C"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        options = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": folder,
            "max_connections": 200,
        }
        if "SURVIVES_POWER_CUTS" not in os.environ:  # Only the benchmark needs durability.
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        server = subprocess.Popen(
            [*prefix, programs / "postgres", "-D", data]
            + [word for name, value in options.items() for word in ("-c", f"{name}={value}")],
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("w"),
            cwd=folder,
        )
        try:
            wait_until_ready(programs, port, server, folder / "log")
            subprocess.run(
                [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "clinic", "clinic"], check=True
            )
            url = f"postgres://clinic@127.0.0.1:{port}/clinic"
            return subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=False).returncode
        finally:
            server.terminate()
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_until_ready(programs: Path, port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for pg_isready: a server that is starting accepts connections and then rejects them."""
    for _ in range(300):
        if server.poll() is not None:
            sys.exit(f"PostgreSQL stopped at once:\n{log.read_text()}")
        command = [programs / "pg_isready", "--quiet", "--host=127.0.0.1", f"--port={port}", "--timeout=1"]
        if subprocess.run(command, check=False).returncode == 0:
            return
        time.sleep(0.1)
    sys.exit("PostgreSQL did not come up within 30 seconds.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
