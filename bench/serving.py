"""Servers on the loopback, each started and stopped here: the site, bare applications, nginx."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"Nothing listens on port {port}.")


def new_database(folder: Path, name: str) -> str:
    """The address of an empty database: a file, or one more on the server that DATABASE_URL names."""
    server = os.environ["DATABASE_URL"]
    if not server.startswith("postgres"):
        return f"sqlite:///{folder}/{name}.sqlite3"
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return f"{server.rpartition('/')[0]}/{name}"


def town(folder: Path, *, people: int = 5, history: int = 0, pages: int = 0) -> str:
    """The sample clinic in a database of its own, its files beside it, with as much as is asked for; its address."""
    folder.mkdir(exist_ok=True)
    url = new_database(folder, f"town_{people}_{history}_{pages}_{secrets.token_hex(3)}")
    variables = {"DATABASE_URL": url, "VAR_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "clinic.settings"}
    print(f"{people} people, {history} visits of history, {pages} pages", file=sys.stderr, flush=True)
    if not (folder / "static" / "staticfiles.json").exists():
        for command in (["build_static"], ["collectstatic", "--noinput"]):
            run([sys.executable, "manage.py", *command, "--verbosity=0"], **variables)
    run([sys.executable, "-m", "bench.town", str(people), str(history), str(pages)], **variables)
    return url


def run(command: list[str], **variables: str) -> None:
    subprocess.run(command, cwd=ROOT, env=os.environ | variables, check=True, stdout=subprocess.DEVNULL)


def wait_for_answer(port: int) -> None:
    """gunicorn listens before its workers have read the application. Any status will do but a crash."""
    connection = HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request("GET", "/healthz/")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status == 500:
        raise RuntimeError(f"What serves port {port} crashes at /healthz/.")


@contextmanager
def gunicorn(application: str, port: int, **variables: str) -> Iterator[int]:
    """An application under the site's own gunicorn set-up; gives the main process's id."""
    variables = {"BIND": f"127.0.0.1:{port}", "DJANGO_SETTINGS_MODULE": "clinic.settings"} | variables
    command = [sys.executable, "-m", "gunicorn", "--config", "python:clinic.gunicorn", application]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables)
    try:
        wait_for(port)
        wait_for_answer(port)
        yield server.pid
    finally:
        server.terminate()
        server.wait(timeout=60)


@contextmanager
def nginx(folder: Path, port: int, server: str, http: str = "") -> Iterator[int]:
    """nginx with two processes, as the site has; ``server`` and ``http`` are what its blocks hold."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.chown(folder, user="nobody") if os.geteuid() == 0 else None
    folder.chmod(0o777)
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"worker_processes 2; pid {folder}/pid; error_log {folder}/error.log; daemon off;\n"
        f"events {{ worker_connections 512; }}\n"
        f"http {{ access_log off; types {{ text/html html; }} default_type application/octet-stream;\n"
        f"{temporary}\n{http}\nserver {{ listen 127.0.0.1:{port};\n{server}\n}} }}\n"
    )
    process = subprocess.Popen([shutil.which("nginx") or "nginx", "-p", str(folder), "-c", str(config)])
    try:
        wait_for(port)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def processor_seconds(pid: int) -> float:
    """What a server's processes have computed so far, those that have ended included (Linux)."""
    ticks = 0
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for process, upto in [(str(pid), 17), *((child, 15) for child in children)]:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11 : upto - 2]))
    return ticks / os.sysconf("SC_CLK_TCK")


def database_server() -> int | None:
    """The process that PostgreSQL's others are children of; None for SQLite, which has none."""
    server = os.environ["DATABASE_URL"]
    if not server.startswith("postgres"):
        return None
    import psycopg

    with psycopg.connect(server) as connection:
        child = connection.info.backend_pid
        return int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])


def resident_megabytes(pid: int) -> list[float]:
    """What each worker of a server holds in memory (Linux)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = []
    for child in children:
        status = Path(f"/proc/{child}/status").read_text()
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        found.append(int(kilobytes) / 1024)
    return found
