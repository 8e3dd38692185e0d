"""The commands in docs/operations/ run as written: in a folder of their own, as a user without rights, on PostgreSQL.

A block marked ``console`` or ``sh`` is run. Paths such as /srv/clinic and names such as PASSWORD are replaced, "sudo"
is left out, and what would run in a container or a transient unit runs here. What cannot run here is in NOT_RUN, with
the reason. Each page has an entry in PAGES or in NOT_TRIED_YET.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.operations.database import database_server
from tests.support.console_blocks import RUN, blocks_of, command_within
from tests.support.dockerfile import ROOT, as_user
from tests.support.postgresql import find_programs, free_port

pytestmark = [pytest.mark.prove, pytest.mark.operations]

DOCS = ROOT / "docs" / "operations"
USER = 10003
# Pages whose commands run here, and whether they expect a site that answers at /run/clinic/web.sock.
PAGES = {"README.md": False, "containers.md": False, "systemd.md": True}
# Pages that others write at the same time: move them to PAGES when they are there.
NOT_TRIED_YET = {
    "backup.md", "configuration.md", "incident.md", "install.md", "media.md", "monitoring.md", "restore.md",
    "several-hosts.md", "upgrade.md",
}  # fmt: skip
NOT_RUN = {
    r"docker compose (build|up|stop|ps|logs|down|run --rm migrate)\b": "needs a container engine",
    r"docker compose exec nginx\b": "needs a container engine",
    r"docker (run|image)\b": "needs a container engine",
    r"useradd\b": "needs root",
    r"systemctl\b": "needs systemd as the first process",
    r"journalctl\b": "needs systemd's journal",
    r"nginx -t$": "run on the files that the page leaves, by test_the_configuration_of_nginx_is_valid",
    r"\.venv/bin/python manage\.py setup$": "asks questions: the tests of setup answer them",
    r"/srv/clinic/\.venv/bin/python manage\.py setup$": "asks questions: the tests of setup answer them",
    r"git pull\b": "needs the repository that the clinic fetches from",
    r"\.venv/bin/python manage\.py write_error_page\b": "needs the clinic that setup makes; tests/clinic/ops/ has it",
}
NAMES = {
    "USER:PASSWORD": "user:password",
    "PASSWORD@127.0.0.1:5432": "secret@127.0.0.1:5432",
    "EARLIER_COMMIT": "abc1234",
}
FOLDERS = ["etc/nginx/sites-enabled", "etc/systemd/system", "var/lib/clinic/media", "var/www/clinic", "run/clinic"]
PATHS = re.compile(
    r"(?<![\w./}])/(?=(?:srv/clinic|etc/clinic|etc/nginx|etc/systemd|var/lib/clinic|var/www|run/clinic)\b)"
)


class Machine:
    """A folder that stands for the root of a machine, with the project in /srv/clinic and a database."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database
        self.project = folder / "srv/clinic"
        for name in FOLDERS:
            (folder / name).mkdir(parents=True)
        self._copy_project()
        self.own()
        self._make_venv()
        self.environment = {
            "PATH": f"{find_programs()}:/usr/local/bin:/usr/bin:/bin:/usr/sbin",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "VAR_DIR": str(folder / "var/lib/clinic"),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DATABASE_URL": database,
            "PGHOST": "127.0.0.1",
            "PGPORT": re.search(r":(\d+)/", database)[1],
        }

    def own(self) -> None:
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{USER}:{USER}", self.folder], check=True)

    def _copy_project(self) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        for name in filter(None, listed.split("\0")):
            if not name.startswith("tests/") and (ROOT / name).is_file():
                (self.project / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, self.project / name)
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.ca"]
        for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "the release"]):
            subprocess.run(["git", *words], cwd=self.project, check=True)

    def _make_venv(self) -> None:
        """A .venv that this user may run, with the packages of the tests'.

        The tests' own Python may lie in root's home: then another one of the same version is found in the PATH.
        """
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        candidates = [sys.executable, f"/usr/local/bin/{version}", f"/usr/bin/{version}"]
        for python in candidates:
            made = subprocess.run(
                # Through a shell: a program that setpriv itself starts may still be found with root's rights.
                [*as_user(USER), "sh", "-c", '"$0" "$@"', python, "-m", "venv", "--clear", "--without-pip", ".venv"],
                cwd=self.project,
                capture_output=True, check=False, env={"HOME": str(self.folder)},
            )  # fmt: skip
            if made.returncode == 0:
                break
        else:
            pytest.skip(f"no {version} that another user may run")
        packages = next(path for path in map(Path, sys.path) if path.name == "site-packages")
        links = [str(packages), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        target = next((self.project / ".venv/lib").glob("python*/site-packages"))
        (target / "tests.pth").write_text("\n".join(links) + "\n")

    def local(self, command: str) -> str:
        """Replace the machine's paths and the page's names."""
        for name, value in NAMES.items():
            command = command.replace(name, value)
        return PATHS.sub(f"{self.folder}/", command)

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*as_user(USER), "bash", "-c", f"set -eu -o pipefail\n{script}"],
            cwd=self.project, env=self.environment, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    @contextmanager
    def site(self) -> Iterator[None]:
        """Serve the site at /run/clinic/web.sock."""
        path = self.folder / "run/clinic/web.sock"
        variables = {"BIND": f"unix:{path}", "TRUSTED_PROXIES": "unix", "WEB_WORKERS": "1"}
        process = subprocess.Popen(
            [*as_user(USER), ".venv/bin/python", "-m", "gunicorn", "--config", "clinic/ops/gunicorn.py", "clinic.wsgi"],
            cwd=self.project, env=self.environment | variables,
        )  # fmt: skip
        try:
            for _ in range(300):
                assert process.poll() is None
                if path.exists():
                    break
                time.sleep(0.1)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=40)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The URL of a PostgreSQL server of this module's own, which ends with it."""
    if find_programs() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed. Get it with: apt-get install postgresql")
    with database_server() as server:
        yield server.plain_url()


@pytest.fixture(scope="module")
def machine(database: str) -> Iterator[Machine]:
    folder = Path(tempfile.mkdtemp(prefix="clinic-docs-"))
    folder.chmod(0o755)
    try:
        machine = Machine(folder, database)
        migrated = machine.run(".venv/bin/python manage.py migrate --verbosity 0")
        assert migrated.returncode == 0, migrated.stderr
        yield machine
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_left_out(command: str) -> bool:
    return any(re.match(pattern, command) for pattern in NOT_RUN)


def run_page(machine: Machine, page: Path) -> None:
    """Run a page's blocks in their order, each as one script."""
    for block in blocks_of(page):
        if block.mark in RUN:
            commands = [command for command in map(command_within, block.commands) if not is_left_out(command)]
            done = machine.run("\n".join(map(machine.local, commands)))
            assert done.returncode == 0, f"{page.name}, line {block.line}: {commands}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_of_a_page_run_as_written(machine, name):
    if PAGES[name]:
        with machine.site():
            run_page(machine, DOCS / name)
    else:
        run_page(machine, DOCS / name)


def test_the_configuration_of_nginx_is_valid(machine):
    """With what the page on systemd leaves in /etc/nginx, and a certificate."""
    if shutil.which("nginx", path=machine.environment["PATH"]) is None:
        if os.environ.get("CI") == "true":
            pytest.fail("nginx is not installed")
        pytest.skip("nginx is not installed. Get it with: apt-get install nginx-light")
    with machine.site():
        run_page(machine, DOCS / "systemd.md")
    made = machine.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout privkey.pem -out fullchain.pem"
    )
    assert made.returncode == 0, made.stderr
    site = (machine.folder / "etc/nginx/sites-enabled/clinic.conf").read_text()
    http = (machine.folder / "etc/nginx/clinic/nginx-http.conf").read_text()
    assert f"server unix:{machine.folder}/run/clinic/web.sock;" in http
    (machine.folder / "etc/nginx/clinic/nginx-http.conf").write_text(local_nginx(machine, http))
    here = re.sub(r"listen \[::\]:.*", "", local_nginx(machine, site)).replace("PATH/TO/", f"{machine.project}/")
    for port in ("80", "443"):  # Ports that need no root.
        here = re.sub(rf"listen {port}\b", f"listen 127.0.0.1:{free_port()}", here)
    here = re.sub(r"listen \S+ default_server;", f"listen 127.0.0.1:{free_port()} default_server;", here)
    (machine.folder / "etc/nginx/sites-enabled/clinic.conf").write_text(here)
    (machine.folder / "nginx.conf").write_text(
        f"pid {machine.folder}/nginx.pid; error_log stderr; events {{}}\n"
        f"http {{ include {machine.folder}/etc/nginx/sites-enabled/clinic.conf; }}\n"
    )
    checked = machine.run(f"nginx -t -p {machine.folder} -c {machine.folder}/nginx.conf -e stderr")
    assert "syntax is ok" in checked.stderr, checked.stderr
    assert "PATH/TO" not in local_nginx(machine, site).replace("PATH/TO/fullchain", "").replace("PATH/TO/privkey", "")


def local_nginx(machine: Machine, text: str) -> str:
    text = machine.local(text).replace("/var/log/nginx", str(machine.folder))
    return text.replace("/var/cache/nginx-clinic", f"{machine.folder}/cache")


def test_every_page_has_an_entry():
    assert {page.name for page in DOCS.glob("*.md")} - set(PAGES) - NOT_TRIED_YET == set()


def test_every_block_says_what_it_is():
    """Without a mark nobody knows whether a block is a command."""
    unmarked = {name: [block.line for block in blocks_of(DOCS / name) if not block.mark] for name in PAGES}
    assert {name: lines for name, lines in unmarked.items() if lines} == {}


def test_every_exception_is_needed():
    commands = [
        command_within(command)
        for name in PAGES
        for block in blocks_of(DOCS / name)
        if block.mark in RUN
        for command in block.commands
    ]
    assert [pattern for pattern in NOT_RUN if not any(re.match(pattern, command) for command in commands)] == []


def test_a_command_that_fails_is_noticed(machine, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Text.\n\n```console\ntrue\nsudo false | cat\n```\n")
    with pytest.raises(AssertionError, match=r"page\.md, line 3"):
        run_page(machine, page)
