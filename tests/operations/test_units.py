"""The units in deploy/systemd/: systemd accepts them, and each service is confined."""

import os
import re
import shutil
import subprocess
from configparser import ConfigParser

import pytest

from clinic.ops import gunicorn
from tests.clinic.ops.test_env_example import EXAMPLE, variables_of
from tests.support.dockerfile import ROOT

pytestmark = [pytest.mark.prove, pytest.mark.operations]

UNITS = ROOT / "deploy" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
MOST_EXPOSED = 30  # systemd's figure times ten: 3.0 of 10.


@pytest.fixture
def units(tmp_path):
    """A copy of the units whose programs exist: in this project instead of /srv/clinic."""
    if shutil.which("systemd-analyze") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("systemd-analyze is not installed")
        pytest.skip("systemd-analyze is not installed. Get it with: apt-get install systemd")
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    for file in [*folder.glob("*.service"), *folder.glob("*/*.conf")]:
        file.write_text(file.read_text().replace("/srv/clinic", str(ROOT)))
    return folder


def analyze(*words):
    return subprocess.run(["systemd-analyze", "--no-pager", *words], capture_output=True, text=True, check=False)


def unit(name):
    """Return a unit's sections with their directives; the last of several with one name."""
    parser = ConfigParser(strict=False, interpolation=None, delimiters="=", comment_prefixes="#")
    parser.optionxform = str
    parser.read(UNITS / name)
    return parser


def test_systemd_accepts_every_unit(units):
    names = [path for kind in ("service", "socket", "timer") for path in units.glob(f"*.{kind}")]
    checked = analyze("verify", *names)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_systemd_would_name_a_mistake(units):
    file = units / "clinic-web.service"
    file.write_text(file.read_text().replace("KillMode=mixed", "KillMode=gentle"))
    assert "kill mode" in analyze("verify", file).stderr


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(units, name):
    checked = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", units / name)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", checked.stdout)[1]) * 10 <= MOST_EXPOSED


def test_the_confinement_is_in_the_file_that_all_services_share(units):
    """Without it every service is exposed: it is found by the units' common prefix."""
    shutil.rmtree(units / "clinic-.service.d")
    assert analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", units / "clinic-web.service").returncode


@pytest.mark.parametrize("name", SERVICES)
def test_commands_of_the_project_exist(name):
    text = (UNITS / name).read_text()
    words = re.findall(r"(?m)^Exec\w+=/srv/clinic/\.venv/bin/(\S+) (\S+)", text)
    assert words
    for program, argument in words:
        assert (program, argument) in {("gunicorn", "--config"), ("python", "manage.py")}


def test_secrets_come_as_credentials_and_variables_exist():
    text = (UNITS / "clinic-.service.d" / "common.conf").read_text()
    variables = {word.split("=")[0] for line in re.findall(r"(?m)^Environment=(.+)", text) for word in line.split()}
    others = {"MALLOC_ARENA_MAX", "PYTHONDONTWRITEBYTECODE"}
    assert variables - others <= set(variables_of(EXAMPLE))
    credentials = set(re.findall(r"(?m)^LoadCredential=(\w+):/etc/clinic/\1$", text))
    assert credentials
    assert set(re.findall(r"(\w+)_FILE=%d/(\w+)", text)) == {(name.upper(), name) for name in credentials}


def test_nothing_deletes_the_sockets_folder():
    """RuntimeDirectory=clinic would remove /run/clinic, with the socket, whenever a service stops."""
    for path in [*UNITS.glob("*.service"), *UNITS.glob("*/*.conf")]:
        assert not re.search(r"(?m)^RuntimeDirectory=(.* )?clinic( |$)", path.read_text()), path.name
    assert unit("clinic.socket")["Socket"]["ListenStream"] == "/run/clinic/web.sock"
    assert unit("clinic.socket")["Socket"]["SocketMode"] == "0660"


def test_the_site_has_time_to_drain_and_to_finish():
    service = unit("clinic-web.service")["Service"]
    assert "manage.py drain --wait ${DRAIN_SECONDS}" in service["ExecStop"]
    assert service["KillMode"] == "mixed"  # SIGTERM for gunicorn's own process alone.
    assert int(service["TimeoutStopSec"]) > gunicorn.graceful_timeout
    assert int(unit("clinic-worker.service")["Service"]["TimeoutStopSec"]) >= 120


@pytest.mark.parametrize("timer", sorted(path.name for path in UNITS.glob("*.timer")))
def test_every_timer_has_its_service_and_a_valid_time(units, timer):
    assert (UNITS / timer).with_suffix(".service").exists()
    assert analyze("calendar", unit(timer)["Timer"]["OnCalendar"]).returncode == 0


def test_the_backlog_is_gunicorns():
    assert int(unit("clinic.socket")["Socket"]["Backlog"]) == gunicorn.backlog
