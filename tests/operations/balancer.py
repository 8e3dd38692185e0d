"""HAProxy and nginx in front of the machines, with the configurations in ``deploy/``, and a certificate."""

import os
import re
import shutil
import signal
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.operations.network import PORT, ROOT, Machine, Service, wait_until
from tests.support.postgresql import free_port

HOST = "www.clinic.example"


class Certificate:
    """A certificate for HOST that signs itself, made anew by each ``renew()``."""

    def __init__(self, folder: Path, *addresses: str) -> None:
        self.chain, self.key, self.pem = folder / "fullchain.pem", folder / "privkey.pem", folder / "site.pem"
        self.names = ",".join([f"DNS:{HOST}", *(f"IP:{address}" for address in dict.fromkeys(addresses))])
        self.renew()

    def renew(self) -> None:
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "30",
        ]
        command += ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName={self.names}"]
        command += ["-keyout", str(self.key), "-out", str(self.chain)]
        subprocess.run(command, check=True, capture_output=True)
        self.pem.write_text(self.chain.read_text() + self.key.read_text())  # As HAProxy wants it.

    def trusted(self) -> ssl.SSLContext:
        """What a client needs that trusts this certificate alone."""
        return ssl.create_default_context(cafile=str(self.chain))

    def presented(self) -> ssl.SSLContext:
        """What a server needs that presents it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


class HAProxy:
    """The balancer, in master-worker mode, on a port of 127.0.0.1."""

    def __init__(self, folder: Path, machines: list[Machine], certificate: Certificate, *, page: str) -> None:
        """``page`` is what patients see while no machine answers."""
        self.folder, self.port, plain = folder, free_port(), free_port()
        self.config, self.log = folder / "haproxy.cfg", folder / "haproxy.log"
        down = folder / "clinic-down.html"
        down.write_text(page)
        text = (ROOT / "deploy" / "haproxy.cfg").read_text()
        names = {
            "log /dev/log local0": "log stdout format raw local0",
            "    user haproxy\n    group haproxy\n": "",
            "bind :80": f"bind 127.0.0.1:{plain}",
            "bind :443": f"bind 127.0.0.1:{self.port}",
            "PATH/TO/SITE.PEM": str(certificate.pem),
            "PATH/TO/CLINIC-DOWN.HTML": str(down),
        }
        for number, machine in enumerate(machines, start=1):
            names[f"WEB{number}:{PORT}"] = f"{machine.address}:{machine.port}"
        for name, value in names.items():
            assert name in text, f"deploy/haproxy.cfg lacks {name}"
            text = text.replace(name, value)
        self.config.write_text(text)
        self.service: Service | None = None

    def start(self) -> None:
        program = shutil.which("haproxy") or "haproxy"
        self.service = Service([program, "-W", "-f", str(self.config)], env={}, log=self.log, cwd=self.folder)
        wait_until(lambda: self.service and self.service.children(), seconds=10, what=f"HAProxy starts: {self.log}")

    def reload(self) -> None:
        assert self.service is not None
        before = set(self.service.children())
        for _ in range(5):  # A signal is lost while the master is still busy with the last one.
            self.service.process.send_signal(signal.SIGUSR2)
            with suppress(AssertionError):
                wait_until(lambda: self._has_others_than(before), seconds=4, what="HAProxy reloads")
                return
        raise AssertionError(f"HAProxy has not reloaded, see {self.log}:\n{self.log.read_text()[-3000:]}")

    def _has_others_than(self, before: set[int]) -> bool:
        return self.service is not None and bool(set(self.service.children()) - before)

    def lines(self) -> int:
        """How many lines the access log has."""
        return len(self.log.read_text().splitlines())

    def requests_to(self, machine: Machine, *, after: int = 0) -> list[str]:
        """The lines of the access log, from this number on, whose requests this machine got."""
        lines = self.log.read_text().splitlines()[after:]
        return [line for line in lines if re.search(rf"(machines|files)/{machine.name}(-kept)? \S+$", line)]

    def close(self) -> None:
        if self.service is not None:
            self.service.kill()


class Nginx:
    """nginx as the balancer, with ``deploy/nginx-site.conf`` and a second server in its upstream."""

    def __init__(self, folder: Path, machines: list[Machine], certificate: Certificate) -> None:
        self.folder, self.port, plain = folder, free_port(), free_port()
        http = (ROOT / "deploy" / "nginx-http.conf").read_text()
        servers = "".join(f"server {machine.address}:{machine.port}; " for machine in machines)
        http = re.sub(r"server 127\.0\.0\.1:8000;.*", lambda _: servers, http)
        (folder / "nginx-http.conf").write_text(http.replace("/var/cache/nginx-clinic", f"{folder}/kept"))
        site = (ROOT / "deploy" / "nginx-site.conf").read_text()
        site = re.sub(r"(?m)^ *listen \[::\].*\n", "", site)
        names = {
            "PATH/TO/deploy/nginx-http.conf": f"{folder}/nginx-http.conf",
            "PATH/TO/deploy": str(ROOT / "deploy"),
            "PATH/TO/fullchain.pem": str(certificate.chain),
            "PATH/TO/privkey.pem": str(certificate.key),
            "WWW.YOURCLINIC.CA": HOST,
            "listen 80": f"listen 127.0.0.1:{plain}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "/var/log/nginx/": f"{folder}/",
        }
        for name, value in names.items():
            assert name in site, f"deploy/nginx-site.conf lacks {name}"
            site = site.replace(name, value)
        user = "user root; " if os.geteuid() == 0 else ""
        temporary = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        self.config = folder / "nginx.conf"
        self.config.write_text(
            f"{user}daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
            "events { worker_connections 512; }\n"
            f"http {{ {temporary} client_body_temp_path {folder}/body;\n{site}\n}}\n"
        )
        self.log = folder / "nginx.log"
        self.service: Service | None = None

    def start(self) -> None:
        self.service = Service(self._command(), env={}, log=self.log, cwd=self.folder)
        wait_until(lambda: self.service and self.service.children(), seconds=10, what=f"nginx starts: {self.log}")

    def reload(self) -> None:
        subprocess.run([*self._command(), "-s", "reload"], check=True, cwd=self.folder)

    def _command(self) -> list[str]:
        program = shutil.which("nginx") or "nginx"
        return [program, "-p", str(self.folder), "-c", str(self.config), "-e", f"{self.folder}/error.log"]

    def close(self) -> None:
        if self.service is not None:
            self.service.kill()
