"""gunicorn settings: they import nothing of the project, so that a reload after an upgrade runs the new code."""

import ast
import json
import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "clinic" / "ops" / "gunicorn.py"


def test_the_settings_import_only_the_standard_library():
    imported = set()
    for node in ast.walk(ast.parse(CONFIG.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or ".")
    assert {name.split(".")[0] for name in imported} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize(("value", "workers"), [(None, 2), ("", 2), ("5", 5)])
def test_the_number_of_workers_is_read(monkeypatch, value, workers):
    monkeypatch.delenv("WEB_WORKERS", raising=False)
    if value is not None:
        monkeypatch.setenv("WEB_WORKERS", value)
    assert runpy.run_path(str(CONFIG))["workers"] == workers


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "²"])
def test_an_invalid_number_of_workers_is_refused_with_a_message(monkeypatch, value):
    monkeypatch.setenv("WEB_WORKERS", value)
    with pytest.raises(RuntimeError, match="whole number of 1 or more"):
        runpy.run_path(str(CONFIG))


# Unix sockets


@pytest.mark.parametrize(
    ("bind", "trusted", "starts"),
    [
        ("127.0.0.1:8000", "", True),
        ("unix:/run/clinic.sock", "unix", True),
        ("unix:/run/clinic.sock", "127.0.0.1,unix", True),
        ("unix:/run/clinic.sock", "", False),
        ("unix:/run/clinic.sock", "127.0.0.1", False),
    ],
)
def test_a_unix_socket_needs_a_trusted_front_server(monkeypatch, bind, trusted, starts):
    monkeypatch.setenv("TRUSTED_PROXIES", trusted)
    server = SimpleNamespace(cfg=SimpleNamespace(bind=[bind]))
    with nullcontext() if starts else pytest.raises(RuntimeError, match="TRUSTED_PROXIES=unix"):
        runpy.run_path(str(CONFIG))["on_starting"](server)


@pytest.mark.parametrize("arguments", [["--bind", "unix:{}"], []], ids=["on the command line", "from systemd"])
def test_gunicorn_does_not_start_on_an_untrusted_unix_socket(tmp_path, arguments):
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", str(CONFIG), "tests.support.echo_client"]
    gunicorn += [argument.format(tmp_path / "s") for argument in arguments]
    environ = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "BIND": "127.0.0.1:0"}
    with socket.socket(socket.AF_UNIX) as passed:
        passed.bind(str(tmp_path / "passed"))
        passed.listen()
        if not arguments:  # sd_listen_fds(3): descriptor 3, and the process id of the one that it is for.
            script = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ |= {'LISTEN_FDS': '1', "
            script += "'LISTEN_PID': str(os.getpid())}; os.execv(sys.argv[2], sys.argv[2:])"
            gunicorn = [sys.executable, "-c", script, str(passed.fileno()), *gunicorn]
        run = subprocess.run(
            gunicorn, cwd=ROOT, env=environ, pass_fds=[passed.fileno()], capture_output=True, text=True, timeout=60
        )
    assert run.returncode != 0
    assert "TRUSTED_PROXIES=unix" in run.stderr


# Log lines


EXITED = r"Worker \(pid:\d+\) exited with code 3\."  # Always logged; what follows depends on the timing.


@pytest.mark.once
@pytest.mark.parametrize("log_format", ["json", "line"])
def test_gunicorn_s_own_lines_have_the_site_s_format(log_format, tmp_path):
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", str(CONFIG), "tests.support.no_such_application"]
    environ = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "BIND": "127.0.0.1:0", "LOG_FORMAT": log_format}
    run = subprocess.run(gunicorn, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)
    if log_format == "json":
        # gunicorn also prints the error of an import by itself.
        entries = [json.loads(line) for line in run.stderr.splitlines() if line.startswith("{")]
        assert all({"time", "level", "logger", "message", "request_id", "version"} <= set(entry) for entry in entries)
        assert any(re.fullmatch(EXITED, entry["message"]) for entry in entries)
    else:
        line = rf"[\d-]+T[\d:]+\.\d{{3}}Z ERROR gunicorn\.error {EXITED}"
        assert any(re.fullmatch(line, written) for written in run.stderr.splitlines())


# Upgrade with a reload


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(port, path):
    """Return status and body, or None if the connection fails."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.read().decode()
    except OSError:
        return None


def poll_until(port, path, text, seconds=60):
    """Return the statuses of all responses up to the first whose body contains ``text``."""
    statuses, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        status, body = fetch(port, path) or (0, "")
        statuses.append(status)
        if text in body:
            return statuses
        time.sleep(0.05)
    raise AssertionError(f"{text!r} did not come: {statuses[-5:]}")


@pytest.mark.prove
@pytest.mark.once
def test_a_reload_after_an_upgrade_serves_the_new_code_without_errors(tmp_path):
    """The upgrade adds a name to clinic.ops.environment, and another module that uses it."""
    for name in ("booking", "clinic", "content", "templates", "static", "manage.py"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy2)(ROOT / name, tmp_path / name)
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "EMAIL_URL", "CI"}}
    environ = inherited | {
        "VAR_DIR": str(tmp_path / "var"),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "BIND": f"127.0.0.1:{port}",
        "WEB_WORKERS": "1",  # With one worker, the first response means that the server has started.
    }
    for command in (["migrate"], ["build_static"], ["collectstatic", "--no-input"]):
        subprocess.run([sys.executable, "manage.py", *command, "-v0"], cwd=tmp_path, env=environ, check=True)
    log = tmp_path / "log"
    with log.open("w") as out:
        gunicorn = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "clinic/ops/gunicorn.py", "clinic.wsgi"],
            cwd=tmp_path, env=environ, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        assert set(poll_until(port, "/healthz/", "ok")) <= {0, 200}

        with (tmp_path / "clinic" / "ops" / "environment" / "__init__.py").open("a") as module:
            module.write('\n\nRELEASE = "the new release"\n')
        health = tmp_path / "clinic" / "web" / "health" / "healthz.py"
        changed = health.read_text().replace('plain_response("ok")', "plain_response(environment.RELEASE)")
        health.write_text(
            changed.replace(
                "from booking import messages", "from booking import messages\nfrom clinic.ops import environment"
            )
        )
        gunicorn.send_signal(signal.SIGHUP)

        assert set(poll_until(port, "/healthz/", "the new release")) == {200}
        assert {fetch(port, "/healthz/") for _ in range(20)} <= {(200, "the new release\n"), (200, "ok\n")}
        status, page = fetch(port, "/")
        assert (status, "setting up this website" in page) == (503, True)
    finally:
        gunicorn.terminate()
        gunicorn.wait(timeout=60)
    assert "Traceback" not in log.read_text()
