"""The Dockerfile's steps, run in a folder of their own: the site and nginx serve from what they leave, read-only.

Not shown, because no container engine runs here: the base images, the packages and users that root adds (their names
are asserted), and the isolation itself.
"""

import http.client
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.support import dockerfile
from tests.support.dockerfile import ROOT, Builder, as_user, make_read_only
from tests.support.postgresql import free_port

pytestmark = [pytest.mark.prove, pytest.mark.operations, pytest.mark.long]

COMPOSE = YAML(typ="safe").load(ROOT / "compose.yaml")
HOST = "www.yourclinic.ca"


class Image:
    """What the stages "run" and "front" leave, and the environment of their commands."""

    def __init__(self, folder):
        stages = dockerfile.parse(ROOT / "Dockerfile")
        self.builder = Builder(folder, stages)
        self.run = stages["run"]
        self.uid = int(self.run.last("USER").split(":")[0])
        self.folder, self.root = folder, self.builder.root
        self.builder.build("build")
        self.builder.set_aside("build")
        self.environment = self.builder.build("run", {"RELEASE": "abc1234"})
        self.builder.build("front", {"SITE_HOST": HOST})
        for top in ("srv", "opt", "etc"):
            make_read_only(self.root / top)
        self.writable = folder / "tmp"  # The containers' tmpfs, and memory for secrets.
        self.writable.mkdir(mode=0o777)
        self.writable.chmod(0o1777)

    def command(self, words, **variables):
        """Run a command in the image as its user, to the end."""
        return subprocess.run(
            [*as_user(self.uid), *words], cwd=self.root / "srv/clinic", env=self.environment | variables,
            check=False, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    @contextmanager
    def started(self, words, *, log, uid=None, **variables):
        """Run a command in the image until the body ends, and stop it with the image's signal."""
        with (self.folder / log).open("w") as output:
            (self.folder / log).chmod(0o666)  # nginx opens /dev/stdout anew.
            process = subprocess.Popen(
                [*as_user(uid or self.uid), *words], cwd=self.root / "srv/clinic", env=self.environment | variables,
                stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
            try:
                yield process
            finally:
                process.send_signal(getattr(signal, self.run.last("STOPSIGNAL")))
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@pytest.fixture(scope="module")
def image():
    folder = Path(tempfile.mkdtemp(prefix="clinic-image-"))
    folder.chmod(0o755)
    try:
        yield Image(folder)
    finally:
        subprocess.run(["chmod", "-R", "u+w", folder], check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def site(image):
    """The variables of a site with a database, its secrets in files."""
    names = {
        "SECRET_KEY_FILE": secrets.token_urlsafe(48),
        "DATABASE_URL_FILE": f"sqlite:///{image.writable}/db.sqlite3",
    }
    variables = {"SITE_URL": "http://127.0.0.1:8000", "MEDIA_ROOT": str(image.root / "var/lib/clinic/media")}
    for name, value in names.items():
        file = image.writable / name
        file.write_text(value + "\n")
        file.chmod(0o444)
        variables[name] = str(file)
    migrated = image.command(COMPOSE["services"]["migrate"]["command"], **variables)
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    loaded = image.command(["python", "manage.py", "load_sample", "--no-appointments"], **variables)
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    return variables


def wait_until_healthy(image, process, log, **variables):
    for _ in range(100):
        assert process.poll() is None, (image.folder / log).read_text()
        checked = image.command(image.run.command("HEALTHCHECK"), **variables)
        if checked.returncode == 0:
            return
        time.sleep(0.3)
    raise AssertionError(f"not healthy: {checked.stdout}{checked.stderr}\n{(image.folder / log).read_text()}")


def test_only_packages_and_users_are_left_to_a_real_engine(image):
    assert Counter(image.builder.left_out) == {"apt-get": 2, "rm": 1, "groupadd": 1, "useradd": 1}


def test_the_image_holds_no_secret_and_nothing_but_the_project(image):
    names = {str(path.relative_to(image.root / "srv/clinic")) for path in (image.root / "srv/clinic").rglob("*")}
    assert {"manage.py", "clinic/settings.py", "deploy/healthcheck.py"} <= names
    top = {name.split("/")[0] for name in names}
    assert not top & {"tests", "docs", "bench", ".git", "var", "secrets", ".env", "clinic.env"}
    assert [path for path in image.root.rglob("*secret_key") if path.is_file()] == []
    assert list((image.root / "var/lib/clinic").rglob("*")) == [image.root / "var/lib/clinic/media"]
    assert not [name for name in image.environment if re.search("SECRET|PASSWORD|DATABASE_URL|EMAIL_URL", name)]


def test_byte_code_and_compressed_files_are_in_the_image(image):
    assert list((image.root / "srv/clinic/clinic/__pycache__").glob("settings.*.pyc"))
    assert list((image.root / "srv/static/css").glob("site.*.css.br"))


def test_the_sites_user_can_write_nothing_but_its_folders(image):
    found = subprocess.run(
        [*as_user(image.uid), "find", image.root, "-writable", "-not", "-type", "l"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    writable = {str(Path(line).relative_to(image.root)) for line in found.stdout.splitlines()}
    assert {"var/lib/clinic", "var/lib/clinic/media", "run/clinic", "var/www/clinic"} <= writable
    if os.geteuid() == 0:  # Otherwise the user who runs the test owns the folders above, too.
        assert {name for name in writable if not name.startswith(("var/", "run/"))} == set()


def test_the_command_serves_pages_and_static_files(image, site):
    port = free_port()
    variables = site | {"SITE_URL": f"http://127.0.0.1:{port}", "BIND": f"127.0.0.1:{port}"}
    before = set((image.root / "srv").rglob("*"))
    with image.started(image.run.command("CMD"), log="web.log", **variables) as process:
        wait_until_healthy(image, process, "web.log", **variables)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as page:
            text = page.read().decode()
        style = re.search(r'href="(/static/css/site\.\w+\.css)"', text)[1]
        request = urllib.request.Request(f"http://127.0.0.1:{port}{style}", headers={"Accept-Encoding": "br"})
        with urllib.request.urlopen(request, timeout=20) as css:
            assert css.headers["Content-Encoding"] == "br"
    assert process.returncode == 0  # At STOPSIGNAL, in time.
    assert image.command(image.run.command("HEALTHCHECK"), **variables).returncode == 1
    assert set((image.root / "srv").rglob("*")) == before
    assert "Traceback" not in (image.folder / "web.log").read_text()


def test_one_of_two_sites_answers_through_nginx_while_the_other_is_replaced(image, site):
    """As compose.yaml has it: nginx on two unix sockets, https to the outside, no right of root anywhere."""
    if shutil.which("nginx") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("nginx is not installed")
        pytest.skip("nginx is not installed. Get it with: apt-get install nginx-light")
    public, plain = free_port(), free_port()
    make_certificate(image.writable)
    config = front_configuration(image, https=public, http=plain)
    variables = site | {"SITE_URL": f"https://{HOST}", "TRUSTED_PROXIES": "unix"}
    one, two = (variables | {"BIND": f"unix:{image.root}/run/clinic/{name}.sock"} for name in ("web", "web2"))
    statuses = Counter()
    with ExitStack() as stack, ExitStack() as first:
        second = stack.enter_context(image.started(image.run.command("CMD"), log="web2.log", **two))
        process = first.enter_context(image.started(image.run.command("CMD"), log="web.log", **one))
        wait_until_healthy(image, process, "web.log", **one)
        wait_until_healthy(image, second, "web2.log", **two)
        nginx = [shutil.which("nginx"), "-c", config, "-e", "/dev/stderr", "-g", "daemon off;"]
        stack.enter_context(image.started(nginx, log="nginx.log", uid=101))
        wait_for_port(public)
        statuses.update(ask(public) for _ in range(20))
        first.close()  # "web" is stopped ...
        statuses.update(ask(public) for _ in range(20))
        process = stack.enter_context(image.started(image.run.command("CMD"), log="web-new.log", **one))
        statuses.update(ask(public) for _ in range(20))  # ... starts anew ...
        wait_until_healthy(image, process, "web-new.log", **one)
        second.terminate()  # ... and "web2" after it.
        second.wait(timeout=30)
        statuses.update(ask(public) for _ in range(20))
        assert redirect_of(plain) == f"https://{HOST}/book/"
    assert statuses == {200: 80}, (image.folder / "nginx.log").read_text()


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
         "-keyout", folder / "tls_key", "-out", folder / "tls_certificate"],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / "tls_key").chmod(0o444)


def front_configuration(image, *, https, http):
    """Return the file that "front" leaves for nginx, with this test's folders and ports in place of the container's."""
    folder = image.writable / "nginx"
    shutil.copytree(image.root / "etc/nginx", folder)
    for file in [folder / "nginx.conf", *(folder / "clinic").glob("*.conf")]:
        text = file.read_text().replace("/etc/nginx/mime.types", "MIME")
        text = text.replace("/tmp/", f"{image.writable}/").replace("/run/secrets/", f"{image.writable}/")
        text = image.builder.in_root(text).replace("MIME", "/etc/nginx/mime.types")
        text = text.replace(f"{image.root}/etc/nginx", str(folder))
        text = re.sub(r"listen \[::\]:.*", "", text)
        text = text.replace("listen 8080", f"listen 127.0.0.1:{http}").replace(
            "listen 8443", f"listen 127.0.0.1:{https}"
        )
        file.chmod(0o644)
        file.write_text(text)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return folder / "nginx.conf"


def ask(port):
    """Return the status of a page, asked for by name over https."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
    try:
        connection.request("GET", "/book/", headers={"Host": HOST})
        return connection.getresponse().status
    finally:
        connection.close()


def redirect_of(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/book/", headers={"Host": HOST})
        return connection.getresponse().headers["Location"]
    finally:
        connection.close()


def wait_for_port(port):
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("nginx did not come up within 10 seconds")
