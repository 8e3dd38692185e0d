"""Start and stop gunicorn and nginx on the loopback interface, and measure them with wrk."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

HOST = "127.0.0.1"
SITE_HOST = f"{HOST}:8000"  # the Host header of every request, whatever the server's port
ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 8  # wrk's


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def gunicorn(application: str, port: int, **variables: str) -> Iterator[int]:
    """Serve an application with the site's gunicorn settings; yields the master's process id."""
    variables = {
        "BIND": f"{HOST}:{port}",
        "DJANGO_SETTINGS_MODULE": "clinic.settings",
        "MALLOC_ARENA_MAX": "2",  # As in deploy/systemd/.
    } | variables
    command = [sys.executable, "-m", "gunicorn", "--config", "clinic/ops/gunicorn.py", application]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables)
    try:
        _wait_for(port)
        _wait_for_answer(port)
        yield server.pid
    finally:
        server.terminate()
        server.wait(timeout=60)


@contextmanager
def nginx(folder: Path, port: int, server: str, http: str = "") -> Iterator[int]:
    """Run nginx with two workers; ``server`` and ``http`` are the content of these blocks of its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, user="nobody")
    folder.chmod(0o777)
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"worker_processes 2; pid {folder}/pid; error_log {folder}/error.log; daemon off;\n"
        f"events {{ worker_connections 512; }}\n"
        f"http {{ access_log off; types {{ text/html html; }} default_type application/octet-stream;\n"
        f"{temporary}\n{http}\nserver {{ listen {HOST}:{port};\n{server}\n}} }}\n"
    )
    process = subprocess.Popen([shutil.which("nginx") or "nginx", "-p", str(folder), "-c", str(config)])
    try:
        _wait_for(port)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def shipped_nginx_config(site_port: int, folder: Path) -> tuple[str, str]:
    """The server and http blocks in ``deploy/``, with this run's port and folder."""
    server = (ROOT / "deploy" / "nginx-server.conf").read_text()
    http = (ROOT / "deploy" / "nginx-http.conf").read_text()
    http = http.replace("127.0.0.1:8000", f"{HOST}:{site_port}")
    return server, http.replace("/var/cache/nginx-clinic", f"{folder}/cache")


def requests_a_second(port: int, path: str, headers: Mapping[str, str] | None = None) -> float:
    """Run wrk for a second with persistent connections. Raises RuntimeError on failed responses."""
    named = [f"-H{name}: {value}" for name, value in {"Host": SITE_HOST, **(headers or {})}.items()]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", "-d1s", *named, f"http://{HOST}:{port}{path}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"{path}: {output}")
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", output)[0])


def worker_megabytes(master: int) -> float:
    """Return the resident memory of a server's largest worker (Linux)."""
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    status = [Path(f"/proc/{worker}/status").read_text() for worker in workers]
    return max(int(re.findall(r"VmRSS:\s+(\d+) kB", text)[0]) for text in status) / 1024


def _wait_for(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"Nothing listens on port {port}.")


def _wait_for_answer(port: int) -> None:
    """gunicorn listens before its workers have loaded the application."""
    connection = HTTPConnection(HOST, port, timeout=300)
    connection.request("GET", "/healthz/")
    response = connection.getresponse()
    response.read()
    connection.close()
    if response.status == 500:
        raise RuntimeError(f"The server on port {port} answers 500.")
