"""compose.yaml follows the Compose specification, its references resolve, and every container is confined."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from clinic.ops import gunicorn
from tests.clinic.ops.test_env_example import EXAMPLE, variables_of
from tests.support import dockerfile
from tests.support.dockerfile import ROOT

pytestmark = pytest.mark.once

FILE = ROOT / "compose.yaml"
COMPOSE = YAML(typ="safe").load(FILE)
SERVICES = COMPOSE["services"]
# Of compose.yaml itself, in .env.
OF_COMPOSE = {"SITE_HOST", "RELEASE", "DRAIN_SECONDS"}
STAGES = dockerfile.parse(ROOT / "Dockerfile")


def of_the_site():
    """The services that run the project's own image."""
    return {name: service for name, service in SERVICES.items() if service["image"].startswith("clinic:")}


def seconds(duration):
    assert re.fullmatch(r"\d+s", duration)
    return timedelta(seconds=int(duration[:-1]))


def test_it_follows_the_compose_specification():
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", FILE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("kind", ["secrets", "networks"])
def test_what_services_use_is_declared_and_the_other_way_round(kind):
    used = {name for service in SERVICES.values() for name in service.get(kind, [])}
    assert used == set(COMPOSE[kind])


def test_volumes_are_declared_and_used():
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_services_wait_for_services_that_exist():
    waited_for = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert waited_for <= set(SERVICES)


def test_the_site_and_the_worker_start_after_the_migration():
    waiting = {"web", "web2", "worker"}
    assert set(of_the_site()) == waiting | {"migrate"}
    for name in waiting:
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert SERVICES[name]["depends_on"]["db"] == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_confined(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    user = service.get("user") or STAGES[service["build"]["target"]].last("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & service.keys()


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate", "worker"}))
def test_every_container_that_answers_requests_has_a_health_check(name):
    service = SERVICES[name]
    if "healthcheck" in service:
        assert service["healthcheck"]["test"][0] == "CMD"
    else:
        assert STAGES[service["build"]["target"]].command("HEALTHCHECK") == ["python", "deploy/healthcheck.py"]


def test_only_nginx_is_reached_from_outside():
    assert {name for name, service in SERVICES.items() if service.get("ports")} == {"nginx"}
    assert [name for name, service in SERVICES.items() if service.get("expose")] == []
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert SERVICES["db"]["networks"] == ["data"]


def test_variables_of_the_site_exist_and_no_secret_stands_among_them():
    known = set(variables_of(EXAMPLE))
    secret = {name.removesuffix("_FILE") for name in known if name.endswith("_FILE")}
    for service in of_the_site().values():
        assert set(service["environment"]) <= known
        assert not set(service["environment"]) & secret
        files = {value for name, value in service["environment"].items() if name.endswith("_FILE")}
        assert files == {f"/run/secrets/{name}" for name in service["secrets"]}


def test_variables_of_the_compose_file_are_the_documented_ones():
    assert set(re.findall(r"\$\{(\w+)", FILE.read_text())) == OF_COMPOSE


def test_the_site_stands_twice_with_a_socket_and_a_folder_of_its_own():
    web, second = SERVICES["web"], SERVICES["web2"]
    assert web["environment"]["BIND"] != second["environment"]["BIND"]
    own = {volume for volume in web["volumes"] if volume.endswith(":/var/lib/clinic")}
    assert own
    assert not own & set(second["volumes"])  # "manage.py drain" writes there.


def test_the_worker_writes_the_error_page_where_the_site_and_nginx_read_it():
    page = Path(SERVICES["worker"]["environment"]["ERROR_PAGE"])
    mounts = {
        name: [mode for _, folder, *mode in (volume.split(":") for volume in service.get("volumes", []))
               if folder == str(page.parent)]
        for name, service in SERVICES.items()
    }  # fmt: skip
    assert {name: mode for name, mode in mounts.items() if mode} == {
        "migrate": [[]], "worker": [[]], "web": [["ro"]], "web2": [["ro"]], "nginx": [["ro"]]
    }  # fmt: skip
    assert {SERVICES[name]["environment"]["ERROR_PAGE"] for name in ("web", "web2")} == {str(page)}
    assert f"location = /{page.name}" in (ROOT / "deploy" / "nginx-site.conf").read_text()


def test_the_image_has_the_programs_of_backups():
    installed = next(step for name, step in STAGES["run"].steps if "apt-get install" in step)
    assert {"age", "postgresql-client"} <= set(installed.split())


@pytest.mark.parametrize("name", ["web", "web2"])
def test_the_site_drains_and_then_has_time_to_finish(name):
    assert SERVICES[name]["pre_stop"] == [
        {"command": ["python", "manage.py", "drain", "--wait", "${DRAIN_SECONDS:-0}"]}
    ]
    assert seconds(SERVICES[name]["stop_grace_period"]) > timedelta(seconds=gunicorn.graceful_timeout)


def test_the_worker_has_time_to_finish_a_message():
    assert seconds(SERVICES["worker"]["stop_grace_period"]) >= timedelta(minutes=2)


def test_base_images_come_without_an_address_of_a_registry_and_with_a_version():
    images = [stage.base for stage in STAGES.values()] + [SERVICES["db"]["image"]]
    assert [image for image in images if not re.fullmatch(r"[a-z]+:\d[\w.-]+", image)] == []


def test_every_line_of_the_nginx_script_finds_its_place(tmp_path):
    """A change of deploy/nginx-*.conf must not leave a path or port behind that the container does not have."""
    script = ROOT / "deploy" / "compose" / "nginx.sed"
    before = "".join((ROOT / "deploy" / name).read_text() for name in ("nginx-http.conf", "nginx-site.conf"))
    for number, line in enumerate(script.read_text().splitlines()):
        if line.startswith("s|"):
            (tmp_path / f"{number}.sed").write_text(line + "\n")
            after = subprocess.run(
                ["sed", "-f", tmp_path / f"{number}.sed"], input=before, capture_output=True, text=True, check=True
            ).stdout
            assert after != before, line
    whole = subprocess.run(["sed", "-f", script], input=before, capture_output=True, text=True, check=True).stdout
    directives = re.sub(r"(?m)#.*$", "", whole)
    assert "PATH/TO" not in directives
    assert set(re.findall(r"[\s:]/(?:var|etc|run|tmp|dev)/[\w./-]+", directives)) == {
        " /etc/nginx/clinic/nginx-http.conf",
        " /etc/nginx/clinic/nginx-probes.conf",
        " /etc/nginx/clinic/nginx-server.conf",
        ":/run/clinic/web.sock",
        ":/run/clinic/web2.sock",
        " /run/secrets/tls_certificate",
        " /run/secrets/tls_key",
        " /tmp/cache",
        " /dev/stdout",
        " /dev/stderr",
        " /var/www/clinic",
    }
    assert re.findall(r"listen\s+\S*?(\d+)\b", directives) == ["8080"] * 2 + ["8443"] * 2 + ["8080"] * 2
