"""A stand-in for systemd and nginx in a folder that is the root of a machine, for the commands in docs/operations/.

It reads the units as they lie in etc/systemd/system (with what is beside them), starts what ExecStart says with the
variables and secrets that they name, and knows the few words of systemctl that the pages use. nginx is the real one, on
copies of its files with other ports. It runs as a program: python systemd.py FOLDER systemctl start clinic-web
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import dropwhile
from pathlib import Path
from string import Template

PATHS = re.compile(
    r"(?<![\w./}~-])/(?=(?:srv/clinic|etc/(?:clinic|nginx|systemd|haproxy|letsencrypt)|usr/local/bin/clinic"
    r"|var/(?:lib/clinic|www|log/nginx|cache/nginx)|run/clinic)\b)"
)
ONCE = "clinic-command.service"


def local(text: str, folder: Path) -> str:
    """Replace the machine's paths by those in the folder."""
    return PATHS.sub(f"{folder}/", text)


def directives(folder: Path, unit: str) -> Iterator[tuple[str, str]]:
    """Yield a unit's directives: its file, then the files beside it in the order of their names."""
    units = folder / "etc/systemd/system"
    shared = units / "clinic-.service.d"
    beside = [*(shared.glob("*.conf") if unit.endswith(".service") else []), *(units / f"{unit}.d").glob("*.conf")]
    own = [units / unit] if (units / unit).exists() else []
    for file in [*own, *sorted(beside, key=lambda path: path.name)]:
        for line in file.read_text().splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                yield key.strip(), local(value.strip(), folder)


def values(folder: Path, unit: str, key: str) -> list[str]:
    """Return the values of a directive; an empty one forgets those before it, as in systemd."""
    found: list[str] = []
    for name, value in directives(folder, unit):
        if name == key:
            found = [*found, value] if value else []
    return found


def environment(folder: Path, unit: str) -> dict[str, str]:
    """Return the variables of a unit. Secrets are files, as with LoadCredential=."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG")}
    secrets = dict(value.split(":", 1) for value in values(folder, unit, "LoadCredential"))
    for line in values(folder, unit, "Environment"):
        for pair in shlex.split(line):
            name, value = pair.split("=", 1)
            environ[name] = re.sub(r"%d/(\w+)", lambda found: secrets[found[1]], value)
    for file in values(folder, unit, "EnvironmentFile"):
        for line in Path(file).read_text().splitlines():
            if line and not line.startswith("#"):
                name, value = line.split("=", 1)
                environ[name] = local(value, folder)
    return environ


def start(folder: Path, unit: str) -> None:
    """Run a unit of Type=oneshot to its end; start another one, and wait until the site listens."""
    folders = [folder / "var/lib" / name for value in values(folder, unit, "StateDirectory") for name in value.split()]
    for path in folders:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    environ = environment(folder, unit)
    commands = [shlex.split(value) for value in values(folder, unit, "ExecStart")]
    if "oneshot" in values(folder, unit, "Type"):
        for command in commands:
            subprocess.run(command, cwd=folder / "srv/clinic", env=environ, check=True)
        return
    if unit == "clinic-web.service":
        address = values(folder, "clinic.socket", "ListenStream")[-1]
        environ["BIND"] = f"unix:{address}" if address.startswith("/") else address
    with (folder / f"{unit}.log").open("a") as log:
        process = subprocess.Popen(
            commands[0], cwd=folder / "srv/clinic", env=environ, stdout=log, stderr=log, start_new_session=True
        )
    pid_file(folder, unit).write_text(str(process.pid))
    if unit == "clinic-web.service":
        wait_for_site(environ["BIND"], process)
    elif unit == "clinic-metrics.service":
        time.sleep(3)
    assert process.poll() is None, (folder / f"{unit}.log").read_text()[-2000:]


def wait_for_site(bind: str, process: "subprocess.Popen[bytes]") -> None:
    where = ["--unix-socket", bind.removeprefix("unix:"), "http://site"] if bind.startswith("unix:") else [bind]
    command = ["curl", "--silent", "--fail", *where[:-1], f"{where[-1]}/livez"]
    for _ in range(300):
        if process.poll() is not None or subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)


def stop(folder: Path, unit: str) -> None:
    """Run ExecStop, then SIGTERM, as systemd does."""
    if not is_running(folder, unit):
        return
    environ = environment(folder, unit)
    for value in values(folder, unit, "ExecStop"):
        command = shlex.split(Template(value).safe_substitute(environ | {"DRAIN_SECONDS": "0"}))
        subprocess.run(command, cwd=folder / "srv/clinic", env=environ, check=True)
    os.kill(int(pid_file(folder, unit).read_text()), signal.SIGTERM)
    for _ in range(600):
        if not is_running(folder, unit):
            break
        time.sleep(0.1)
    pid_file(folder, unit).unlink()


def pid_file(folder: Path, unit: str) -> Path:
    return folder / f"{unit}.pid"


def is_running(folder: Path, unit: str) -> bool:
    """Whether the process is there and no zombie."""
    try:
        pid = pid_file(folder, unit).read_text()
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def systemctl(folder: Path, words: list[str]) -> None:
    """Do what the pages ask for. Units that are not the clinic's are left alone, but for nginx."""
    verb, *names = [word for word in words if not word.startswith("-")]
    if verb in {"daemon-reload", "list-timers"}:
        return
    for name in names:
        unit = name if "." in name else f"{name}.service"
        if name == "nginx":
            reload_nginx(folder)
        elif unit.startswith("clinic-") and unit.endswith(".service"):
            assert (folder / "etc/systemd/system" / unit).exists(), f"Unit {unit} not found."
            if verb in {"stop", "restart"}:
                stop(folder, unit)
            is_started = verb in {"start", "restart"} or (verb == "enable" and "--now" in words)
            if is_started and not is_running(folder, unit):
                start(folder, unit)
            if verb == "reload":
                os.kill(int(pid_file(folder, unit).read_text()), signal.SIGHUP)
            if verb == "status":
                assert is_running(folder, unit), f"{unit} is not running."
        elif unit.startswith("clinic"):
            assert (folder / "etc/systemd/system" / unit).exists(), f"Unit {unit} not found."


def run_command(folder: Path, words: list[str]) -> int:
    """systemd-run: a command in a transient unit, with what all of the clinic's services share."""
    command = [local(word, folder) for word in dropwhile(lambda word: word.startswith("--"), words)]
    has_name = any(word.startswith("--unit=clinic-") for word in words)
    assert has_name, "The name of the unit gives it the user, variables and confinement."
    return subprocess.run(command, cwd=folder / "srv/clinic", env=environment(folder, ONCE), check=False).returncode


def write_nginx_files(folder: Path) -> Path:
    """Copy nginx's files with other ports, and return a main file that includes the site."""
    ports = json.loads((folder / "ports.json").read_text())
    copies = folder / "nginx"
    copies.mkdir(exist_ok=True)
    for file in (folder / "etc/nginx/clinic").glob("*.conf"):
        text = re.sub(r"listen \[::\]:.*", "", local(file.read_text(), folder))
        text = text.replace(f"{folder}/etc/nginx/clinic/nginx-", f"{copies}/nginx-")
        text = re.sub(r"listen (80|443)\b", lambda found: f"listen 127.0.0.1:{ports[found[1]]}", text)
        (copies / file.name).write_text(text)
    enabled = list((folder / "etc/nginx/sites-enabled").iterdir())
    includes = " ".join(f"include {copies / file.resolve().name};" for file in enabled)
    main = copies / "main.conf"
    main.write_text(
        f"pid {folder}/nginx.pid; error_log stderr; events {{}}\nhttp {{ {temporary(folder)} {includes} }}\n"
    )
    return main


def temporary(folder: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{kind}_temp_path {folder}/nginx-{kind};" for kind in kinds)


def reload_nginx(folder: Path) -> None:
    main = write_nginx_files(folder)
    pid = folder / "nginx.pid"
    is_started = pid.exists() and pid.read_text().strip() != ""  # "nginx -t" leaves an empty one.
    program = next(
        path for path in ("/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx") if Path(path).exists()
    )
    command = [program, "-p", str(folder), "-c", str(main), "-e", "stderr"]
    with (folder / "nginx.log").open("a") as log:
        subprocess.run([*command, "-s", "reload"] if is_started else command, check=True, stdout=log, stderr=log)
    time.sleep(1)


def make_certificate(folder: Path, words: list[str]) -> None:
    """certbot: prove over http, through nginx, that the name leads here; then write a certificate of our own making."""
    name, webroot = words[words.index("-d") + 1], Path(words[words.index("-w") + 1])
    challenge = webroot / ".well-known/acme-challenge/token"
    challenge.parent.mkdir(parents=True)
    challenge.write_text("the proof")
    asked = subprocess.run(
        ["curl", "--silent", f"http://{name}/.well-known/acme-challenge/token"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout == "the proof", asked.stdout
    live = folder / "etc/letsencrypt/live" / name
    live.mkdir(parents=True)
    files = ["-keyout", live / "privkey.pem", "-out", live / "fullchain.pem"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    subprocess.run([*made, *files], check=True, capture_output=True)


def main(folder: Path, program: str, words: list[str]) -> int:
    if program == "systemd-run":
        return run_command(folder, words)
    if program == "systemctl":
        systemctl(folder, words)
    elif program == "certbot":
        make_certificate(folder, words)
    elif program == "nginx":
        write_nginx_files(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
