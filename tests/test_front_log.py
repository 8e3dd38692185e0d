"""The front server's log leaves out what people search for, and what opens a visit."""

import re
import shutil
import urllib.request
from pathlib import Path

import pytest

from bench.serving import ROOT, free_port, nginx

pytestmark = [pytest.mark.once, pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")]

TOKEN = "aB3-_" * 8 + "xyz"
ADDRESSES = [
    ("/search/?q=leaky+bladder", "/search/"),
    ("/treatments/?utm=x", "/treatments/"),
    (f"/appointment/{TOKEN}/", "/appointment/..."),
    (f"//Calendar/{TOKEN}.ics?x=1", "/Calendar/..."),
    ("/appointment/cancel/", "/appointment/cancel/"),
    ("/staff/password/new/1-abc-def/", "/staff/password/new/..."),
]


def test_the_log_tells_where_but_not_what(tmp_path: Path):
    folder = tmp_path / "front"
    site = (ROOT / "deploy" / "nginx-site.conf").read_text()
    [directive] = re.findall(r"access_log \S+ (\w+);", site)
    http = (ROOT / "deploy" / "nginx-http.conf").read_text().replace("/var/cache/nginx/clinic", f"{folder}/kept")
    port = free_port()
    with nginx(folder, port, f"access_log {folder}/access.log {directive}; location / {{ return 204; }}", http):
        for address, _shown in ADDRESSES:
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}{address}", headers={"Referer": "http://x.example/search/?q=leaky"}
            )
            with urllib.request.urlopen(request) as answer:
                assert answer.status == 204
    written = (folder / "access.log").read_text()

    # Two processes answer: who was asked second may write first.
    assert sorted(re.findall(r'"GET ([^"]*)"', written)) == sorted(shown for _address, shown in ADDRESSES)
    assert "leaky" not in written
    assert TOKEN[:10] not in written
