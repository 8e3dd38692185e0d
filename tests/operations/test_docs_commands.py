"""The commands in docs/operations/ run as written: in a folder of their own, as a user without rights, on PostgreSQL.

A block marked ``console`` or ``sh`` is run. install.md is followed on a machine that has nothing, and the other pages
on what it leaves, in the order of PAGES. Paths such as /srv/clinic and names such as PASSWORD are replaced, "sudo" is
left out, tests/support/systemd.py is in systemd's place, and what would run in a container runs here. What cannot run
here is in NOT_RUN, with the reason. tests/clinic/ops/test_operations_docs.py sees to it that both lists are complete.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import time_machine

from tests.support import systemd
from tests.support.console_blocks import RUN, blocks_of, command_within
from tests.support.dockerfile import ROOT, as_user
from tests.support.object_store import WEED, object_store
from tests.support.postgresql import find_programs, free_port

pytestmark = [pytest.mark.prove, pytest.mark.operations, pytest.mark.long]

DOCS = ROOT / "docs" / "operations"
USER = 10003
# In the order in which they are followed on one machine.
PAGES = [
    "README.md", "install.md", "systemd.md", "configuration.md", "worker.md", "mail-and-texts.md", "calendars.md",
    "limits.md", "logins.md", "keys.md", "maintenance.md", "monitoring.md", "incident.md", "media.md", "backup.md",
    "upgrade.md", "restore.md", "several-hosts.md", "containers.md",
]  # fmt: skip
NOT_RUN = {
    r"docker compose (build|up|cp|stop|ps|logs|down|run --rm migrate)\b": "needs a container engine",
    r"docker compose exec nginx\b": "needs a container engine",
    r"docker (run|image)\b": "needs a container engine",
    r"apt-get\b": "needs root",
    r"useradd\b": "needs root",
    r"chown\b": "needs root",
    r"journalctl\b": "needs systemd's journal",
    r"(clinic|\.venv/bin/python manage\.py) setup$": "asks questions: the tests of setup answer them",
    r"\.venv/bin/python manage\.py restore(_check)? /backups/": "restore.md has the same without containers",
    r"clinic changepassword\b": "asks questions of Django's own command",
    r"git pull\b": "needs the repository that the clinic fetches from",
    r"clinic take_over --sent-until now\b": "needs a promoted standby: tests/booking/worker/test_take_over.py",
    r"litestream\b": "runs until it is stopped: tests/operations/test_litestream.py has both commands",
}
# What stands in a program's place, in the PATH before it. {folder}: the machine's root.
STAND_INS = {
    "systemctl": 'exec python3 {folder}/systemd.py {folder} systemctl "$@"',
    "systemd-run": 'exec python3 {folder}/systemd.py {folder} systemd-run "$@"',
    "certbot": 'exec python3 {folder}/systemd.py {folder} certbot "$@"',
    "nginx": 'python3 {folder}/systemd.py {folder} nginx && exec /usr/sbin/nginx "$@" -p {folder} '
    "-c {folder}/nginx/main.conf -e stderr",
    "runuser": 'shift 3; PGUSER=postgres exec "$@"',
    # The packages of the tests, in place of those from a registry.
    "pip": 'venv=$1; shift; for last; do :; done; test -s "$last"; '
    'cp {folder}/tests.pth "$venv"/lib/python3*/site-packages/; '
    'printf \'#!/bin/sh\\nexec %s/bin/python -m gunicorn "$@"\\n\' "$venv" > "$venv/bin/gunicorn"; '
    'chmod +x "$venv/bin/gunicorn"',
}
PIP = re.compile(r"(\S+)/bin/pip (?=install)")


class Machine:
    """A folder that stands for the root of a machine, with the project's files in the administrator's home."""

    def __init__(self, folder: Path, database: str, store: str) -> None:
        self.folder = folder
        self.said: dict[str, str] = {}  # What the commands of each page printed.
        host, self.port = database.rsplit(":", 1)
        self.web, self.metrics = free_port(), free_port()
        ports = {"80": free_port(), "443": free_port()}
        self.names = {
            "USER:PASSWORD": "user:password",
            "EARLIER_COMMIT": "abc1234",
            "THE-ID": "''",
            "2026-11-30T14:30": "2020-11-30T14:30",  # Not in the future, whatever this machine's clock says.
            "--wait 15": "--wait 1",
            "--wait 10": "--wait 1",
            "pg_terminate_backend(4711)": "pg_terminate_backend(1)",
            "s3://KEY:SECRET@s3.ca-central-1.amazonaws.com/BUCKET?region=ca-central-1": store,
            "clinic@%2Fvar%2Frun%2Fpostgresql/": f"clinic@{quote(host, safe='')}:{self.port}/",
            "10.0.0.11:8000": f"127.0.0.1:{self.web}",
            "127.0.0.1:9464": f"127.0.0.1:{self.metrics}",
        }
        for name in ("bin", "srv", "etc/nginx/sites-enabled", "etc/systemd/system", "etc/haproxy", "usr/local/bin",
                     "var/lib/clinic", "var/www", "var/log/nginx", "var/cache", "run/clinic"):  # fmt: skip
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "ports.json").write_text(json.dumps(ports))
        (folder / ".curlrc").write_text(
            "insecure\n"
            + "".join(f'connect-to = "www.yourclinic.ca:{port}:127.0.0.1:{real}"\n' for port, real in ports.items())
        )
        shutil.copyfile(ROOT / "tests/support/systemd.py", folder / "systemd.py")
        self._copy_project(folder / "clinic-website")
        self._add_programs()
        self.environment = {
            "PATH": f"{folder}/bin:{folder}/usr/local/bin:{find_programs()}:/usr/local/bin:/usr/bin:/bin:/usr/sbin",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PGHOST": host,
            "PGPORT": self.port,
        }
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{USER}:{USER}", folder], check=True)

    def _copy_project(self, target: Path) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        for name in filter(None, listed.split("\0")):
            if not name.startswith("tests/") and (ROOT / name).is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target / name)
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.ca"]
        for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "the release"]):
            subprocess.run(["git", *words], cwd=target, check=True)

    def _add_programs(self) -> None:
        """Stand-ins, and a python3 of the tests' version that this user may run."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        for python in (sys.executable, f"/usr/local/bin/{version}", f"/usr/bin/{version}"):
            # Through a shell: a program that setpriv itself starts may still be found with root's rights.
            tried = [*as_user(USER), "sh", "-c", '"$0" "$@"', python, "-m", "venv", "--help"]
            if subprocess.run(tried, capture_output=True, check=False, cwd="/").returncode == 0:
                break
        else:
            pytest.skip(f"no {version} that another user may run")
        venv = f'if [ "$1 $2" = "-m venv" ]; then shift 2; set -- -m venv --without-pip "$@"; fi; exec {python} "$@"'
        for name, script in {**STAND_INS, "python3": venv}.items():
            path = self.folder / "bin" / name
            path.write_text(f"#!/bin/sh -e\n{script.replace('{folder}', str(self.folder))}\n")
            path.chmod(0o755)
        packages = next(path for path in map(Path, sys.path) if path.name == "site-packages")
        links = [str(packages), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        (self.folder / "tests.pth").write_text("\n".join(links) + "\n")

    def local(self, command: str) -> str:
        """Replace the machine's paths and the page's names."""
        for name, value in self.names.items():
            command = command.replace(name, value)
        return PIP.sub(r"pip \1 ", systemd.local(command, self.folder))

    def run(self, script: str, cwd: str = ".") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*as_user(USER), "bash", "-c", f"set -eu -o pipefail\n{script}"], cwd=self.folder / cwd,
            env=self.environment, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    def prepare(self, name: str) -> None:
        """Bring the machine into the state that a page begins with."""
        before = {
            "upgrade.md": "cp -r clinic-website clinic-website-0.2.0; "
            "sed -i 's/^version = .*/version = \"0.2.0\"/' clinic-website-0.2.0/pyproject.toml",
            # A new machine, with the key of the one before.
            "restore.md": "rm etc/systemd/system/clinic-backup.service.d/encrypt.conf; systemctl start clinic-backup; "
            "systemctl stop clinic-web clinic-worker clinic-metrics; "
            "mv $(ls var/lib/clinic-backups/clinic-*.tar | tail -1) clinic-20261201T093000Z.tar; "
            "rm -r var/lib/clinic var/lib/clinic-backups; mkdir -m 700 var/lib/clinic; "
            "PGUSER=postgres dropdb clinic; PGUSER=postgres createdb --owner=clinic clinic",
            "several-hosts.md": "cd etc/letsencrypt/live/www.yourclinic.ca; "
            "cat fullchain.pem privkey.pem > ../../../haproxy/site.pem; "
            "cp ../../../../var/www/clinic/clinic-down.html ../../../haproxy/",
            "containers.md": "mkdir -p var/lib/clinic/media",
        }
        if name == "containers.md":
            database = (self.folder / "etc/clinic/database_url").read_text().strip()
            key = (self.folder / "etc/clinic/secret_key").read_text().strip()
            self.environment |= {
                "VAR_DIR": f"{self.folder}/var/lib/clinic", "DATABASE_URL": database, "SECRET_KEY": key,
            }  # fmt: skip
        done = self.run(before.get(name, "true"))
        assert done.returncode == 0, done.stdout + done.stderr

    def stop(self) -> None:
        self.run("systemctl stop clinic-web clinic-worker clinic-metrics; kill $(cat nginx.pid)")


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """Folder and port of a PostgreSQL server of this module's own, whose superuser is "postgres"."""
    if find_programs() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed. Get it with: apt-get install postgresql")
    server = subprocess.Popen(
        [sys.executable, ROOT / "tests/support/postgresql.py", "sh", "-c", 'echo "$DATABASE_URL"; read -r end'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        port = re.search(r":(\d+)/", server.stdout.readline())[1]
        psql = [find_programs() / "psql", "-h", "127.0.0.1", "-p", port, "-d", "postgres", "-Atq", "-c"]
        subprocess.run([*psql, "CREATE ROLE postgres SUPERUSER LOGIN", "-U", "clinic"], check=True)
        subprocess.run([*psql, "DROP DATABASE IF EXISTS clinic", "-U", "postgres"], check=True)
        subprocess.run([*psql, "ALTER ROLE clinic RENAME TO first", "-U", "postgres"], check=True)
        where = [*psql, "SHOW unix_socket_directories", "-U", "postgres"]
        folder = subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip()
        os.chmod(folder, 0o755)
        yield f"{folder}:{port}"
    finally:
        server.communicate("end\n", timeout=60)


@pytest.fixture(scope="module")
def machine(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if not WEED.exists() or shutil.which("nginx") is None or shutil.which("age") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("nginx, age or SeaweedFS is not installed")
        pytest.skip("Get what is missing: tests/support/install_operations_tools.sh")
    # Programs read the machine's clock, and the store refuses whoever has another time.
    now = time_machine.escape_hatch.time.time()
    with time_machine.travel(now), object_store(tmp_path_factory.mktemp("store")) as store:
        folder = Path(tempfile.mkdtemp(prefix="clinic-docs-"))
        folder.chmod(0o755)
        try:
            machine = Machine(folder, database, store)
            yield machine
            machine.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def is_left_out(command: str) -> bool:
    return any(re.match(pattern, command) for pattern in NOT_RUN)


def commands_of(page: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the line and the commands of each block that is run."""
    for block in blocks_of(page):
        if block.mark in RUN:
            yield block.line, [command_within(command) for command in block.commands]


def run_page(machine: Machine, page: Path) -> None:
    """Run a page's blocks in their order, each as one script."""
    for line, commands in commands_of(page):
        kept = [command for command in commands if not is_left_out(command)]
        if "AGE_PUBLIC_KEY" in "".join(kept):
            machine.names["AGE_PUBLIC_KEY"] = machine.run("age-keygen -y backup-key.txt").stdout.strip()
        done = machine.run("\n".join(map(machine.local, kept)), "srv/clinic" if page.name == "containers.md" else ".")
        machine.said[page.name] = machine.said.get(page.name, "") + done.stdout
        assert done.returncode == 0, f"{page.name}, line {line}: {kept}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def followed(machine: Machine) -> Machine:
    """The machine on which all pages were followed."""
    for name in PAGES:
        machine.prepare(name)
        run_page(machine, DOCS / name)
    return machine


def test_a_machine_that_had_nothing_serves_the_site_over_https(followed):
    """The fixture follows all pages; a command that fails is an error with its page and line."""
    assert followed.said["install.md"].count("ready") == 2  # At the socket, and through nginx.
    assert re.search(r"clinic-\w+Z\.tar$", followed.said["install.md"], re.MULTILINE)


def test_the_upgrade_and_the_way_back_serve_the_release_that_they_name(followed):
    assert "ready\n0.2.0" in followed.said["upgrade.md"]
    assert (followed.folder / "srv/clinic").resolve().name == "clinic-0.1.0"


def test_a_restored_copy_is_whole_and_mute_until_it_is_taken_over(followed):
    said = followed.said["restore.md"]
    steps = [
        "Restored: ",
        "Nothing is missing, and nothing is there twice. The ",
        "This database is a copy",
        "Taken over",
    ]
    places = [said.index(step) for step in steps]
    assert places == sorted(places)


def test_a_command_that_fails_is_noticed(machine, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Text.\n\n```console\ntrue\nsudo false | cat\n```\n")
    with pytest.raises(AssertionError, match=r"page\.md, line 3"):
        run_page(machine, page)
