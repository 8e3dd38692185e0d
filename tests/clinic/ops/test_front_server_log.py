"""nginx's access log contains neither search queries nor tokens of links."""

import re
import shutil
import stat
import urllib.request
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from bench.serving import ROOT, free_port, nginx
from tests.conftest import IN_CI
from tests.support import factories

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not IN_CI and shutil.which("nginx") is None, reason="nginx is not installed"),
]

TOKEN = "aB3-_" * 8 + "xyz"
ADDRESSES = [
    ("/search/?q=leaky+bladder", "/search/"),
    ("/treatments/?utm=x", "/treatments/"),
    (f"/appointment/{TOKEN}/", "/appointment/..."),
    (f"//Calendar/{TOKEN}.ics?x=1", "/Calendar/..."),
    ("/appointment/cancel/", "/appointment/cancel/"),
    ("/staff/password/new/1-abc-def/", "/staff/password/new/..."),
    (f"/%61ppointment/{TOKEN}/", "/appointment/..."),
    (f"/foo/appointment/{TOKEN}/", "/appointment/..."),
    (f"/./waitlist//{TOKEN}/", "/waitlist/..."),
    (f"/%2561ppointment/{TOKEN}/", "/..."),
    (f"/treatments/{TOKEN}", "/treatments..."),
    ("/search/%3Fq=leaky+bladder", "/search/..."),
    ("/%73earch/leaky", "/search/..."),
    ("/treatments/%3Fq=leaky", "/treatments..."),
]


def test_the_log_has_paths_without_queries_and_tokens(tmp_path: Path):
    folder = tmp_path / "front"
    site = (ROOT / "deploy" / "nginx-site.conf").read_text()
    [directive] = set(re.findall(r"access_log \S+ (\w+);", site))
    http = (ROOT / "deploy" / "nginx-http.conf").read_text().replace("/var/cache/nginx-clinic", f"{folder}/kept")
    port = free_port()
    with nginx(folder, port, f"access_log {folder}/access.log {directive}; location / {{ return 204; }}", http):
        for address, _logged in ADDRESSES:
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}{address}", headers={"Referer": "http://x.example/search/?q=leaky"}
            )
            with urllib.request.urlopen(request) as answer:
                assert answer.status == 204
    log = (folder / "access.log").read_text()

    # Sorted, because nginx's two workers may write out of order.
    assert sorted(re.findall(r'"GET ([^"]*)"', log)) == sorted(logged for _address, logged in ADDRESSES)
    assert "leaky" not in log
    assert TOKEN[:10] not in log


REQUESTS = [
    (f"/appointment/{TOKEN}/", "www.clinic.example"),
    ("/search/?q=leaky", "www.clinic.example"),
    (f"/appointment/{TOKEN}/", "evil.example"),
]


def test_with_the_site_down_no_log_holds_tokens_or_search_words_and_the_page_gives_the_phone(tmp_path: Path, db):
    """The shipped site, as it is, but for its paths, ports and the certificate."""
    factories.make_clinic()
    call_command("write_error_page", tmp_path / "www" / "clinic-down.html", verbosity=0)
    plain, secure, closed, folder = free_port(), free_port(), free_port(), tmp_path / "front"
    changes = {
        "listen 443 ssl http2;": f"listen 127.0.0.1:{secure};",
        "listen 80": f"listen 127.0.0.1:{plain}",
        "127.0.0.1:8000": f"127.0.0.1:{closed}",
        "include PATH/TO/deploy/nginx-server.conf;": (ROOT / "deploy" / "nginx-server.conf").read_text(),
        "PATH/TO/deploy/nginx-probes.conf": str(ROOT / "deploy" / "nginx-probes.conf"),
        "WWW.YOURCLINIC.CA": "www.clinic.example",
        "/var/cache/nginx-clinic": f"{folder}/kept",
        "/var/log/nginx": str(folder),
        "/var/www/clinic": str(tmp_path / "www"),
    }
    http, site = ((ROOT / "deploy" / name).read_text() for name in ("nginx-http.conf", "nginx-site.conf"))
    site = re.sub(r"listen \[::\]:\S+.*;|ssl_\w+ .*;|include PATH/TO/deploy/nginx-http.conf;", "", site)
    for shipped, ours in changes.items():
        http, site = http.replace(shipped, ours), site.replace(shipped, ours)
    # nginx's workers run as another user when the tests run as root.
    for readable in (tmp_path, *tmp_path.parents[:3]):
        readable.chmod(readable.stat().st_mode | 0o711)
    answers = {}
    with nginx(folder, free_port(), "", http + site):
        for port in (plain, secure):
            for address, host in REQUESTS:
                answers[port, address, host] = ask(port, address, host)
    assert answers[plain, f"/appointment/{TOKEN}/", "www.clinic.example"][:2] == (
        301, f"https://www.clinic.example/appointment/{TOKEN}/",
    )  # fmt: skip
    assert answers[plain, f"/appointment/{TOKEN}/", "evil.example"][0] == 0  # Closed without an answer.
    status, _, page = answers[secure, "/search/?q=leaky", "www.clinic.example"]
    assert (status, "403-555-0100" in page) == (502, True)
    logs = [path.read_text() for path in folder.glob("*.log")]
    assert len(logs) >= 2
    for log in logs:
        assert TOKEN[:10] not in log
        assert "leaky" not in log


def test_the_error_page_needs_a_clinic_and_a_place(tmp_path: Path, db):
    with pytest.raises(CommandError, match="no clinic yet"):
        call_command("write_error_page", tmp_path / "page.html")
    factories.make_clinic()
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("write_error_page", tmp_path / "file" / "page.html")
    call_command("write_error_page", tmp_path / "page.html", verbosity=0)
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("tmp")] == []


def ask(port: int, address: str, host: str) -> tuple[int, str, str]:
    """Return status, Location and body; status 0 if the connection is closed."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", address, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read().decode()
    except RemoteDisconnected:
        return 0, "", ""
    finally:
        connection.close()
