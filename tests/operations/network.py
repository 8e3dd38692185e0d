"""The machines of these proofs, all on this computer: each has a network namespace of its own, joined by a bridge.

To cut a machine off, its cable is pulled: what is sent to it is lost, as when a server or a switch fails. Where
namespaces may not be made (it needs root), the machines have the addresses 127.0.0.2, 127.0.0.3 ..., and one that is
cut off is stopped (SIGSTOP). ``OPERATIONS_NETWORK=loopback`` asks for the latter.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.postgresql import free_port

ROOT = Path(__file__).resolve().parents[2]
NAMESPACES, LOOPBACK = "network namespaces", "addresses of the loopback interface (cut off: SIGSTOP)"
PORT = 8000  # Of the web server on each machine, as in deploy/haproxy.cfg.
PREFIX = "clinic"  # Of the names of namespaces and links: clinic-<pid>-...


class Service:
    """A process with its children, in a process group of its own. The kernel ends it when this process ends."""

    def __init__(self, command: list[str], *, env: dict[str, str], log: Path, cwd: Path = ROOT) -> None:
        self.log = log
        with log.open("a") as file:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def children(self) -> list[int]:
        try:
            return [int(pid) for pid in self._children_file.read_text().split()]
        except FileNotFoundError:
            return []

    @property
    def _children_file(self) -> Path:
        return Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")

    def signal_all(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """Kill the process and its children at once, as ``kill -9`` does."""
        self.signal_all(signal.SIGKILL)
        self.process.wait()

    def kill_child(self) -> int:
        child = self.children()[0]
        os.kill(child, signal.SIGKILL)
        return child

    def stop(self, seconds: float = 40) -> int:
        """Ask the process to end, and return its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@dataclass
class Machine:
    """A computer that runs services. ``link`` is the bridge's end of its cable, or empty on the loopback interface."""

    name: str
    address: str
    port: int  # Of its web server.
    namespace: str = ""
    link: str = ""
    services: list[Service] = field(default_factory=list)

    def start(self, command: list[str], *, env: dict[str, str], log: Path, cwd: Path = ROOT) -> Service:
        prefix = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        service = Service([*prefix, *command], env=env, log=log, cwd=cwd)
        self.services.append(service)
        return service

    def cut_off(self) -> None:
        if self.link:
            _ip("link", "set", self.link, "down")
        else:
            self._signal_all(signal.SIGSTOP)

    def rejoin(self) -> None:
        if self.link:
            _ip("link", "set", self.link, "up")
        else:
            self._signal_all(signal.SIGCONT)

    def switch_off(self) -> None:
        """Kill all its services."""
        for service in self.services:
            service.kill()
        self.services.clear()

    def _signal_all(self, number: int) -> None:
        for service in self.services:
            if service.is_running:
                service.signal_all(number)


@dataclass
class Network:
    """``address`` is where the machines reach this process's side: the database, the mail server, the balancer."""

    kind: str
    address: str
    machines: list[Machine]

    @property
    def machine_addresses(self) -> str:
        """The addresses of all machines, as a network."""
        return "127.0.0.0/8" if self.kind == LOOPBACK else self.address.rpartition(".")[0] + ".0/24"


@contextmanager
def network(*names: str) -> Iterator[Network]:
    """Make one machine for each name. In the end, all their services are killed."""
    joined = _loopback(names) if _must_use_loopback() else _bridged(names)
    try:
        yield joined
    finally:
        for machine in joined.machines:
            machine.switch_off()
        if joined.kind == NAMESPACES:
            _remove(os.getpid())


def _loopback(names: tuple[str, ...]) -> Network:
    machines = [Machine(name, f"127.0.0.{number}", free_port()) for number, name in enumerate(names, start=2)]
    return Network(LOOPBACK, "127.0.0.1", machines)


def _must_use_loopback() -> bool:
    if os.environ.get("OPERATIONS_NETWORK") == "loopback" or sys.platform != "linux" or not shutil.which("ip"):
        return True
    probe = f"{PREFIX}-{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, check=False).returncode == 0
    if made:
        _ip("netns", "delete", probe)
    return not made


def _bridged(names: tuple[str, ...]) -> Network:
    _remove_leftovers()
    pid = os.getpid()
    bridge, subnet = f"cb{pid}", _free_subnet()
    joined = Network(NAMESPACES, f"{subnet}.1", [])
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("address", "add", f"{subnet}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for number, name in enumerate(names):
            namespace, link = f"{PREFIX}-{pid}-{name}", f"cv{pid}{number}"
            _ip("netns", "add", namespace)
            _ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace)
            _ip("link", "set", link, "master", bridge, "up")
            _ip("-n", namespace, "link", "set", "lo", "up")
            _ip("-n", namespace, "address", "add", f"{subnet}.{11 + number}/24", "dev", "eth0")
            _ip("-n", namespace, "link", "set", "eth0", "up")
            joined.machines.append(Machine(name, f"{subnet}.{11 + number}", PORT, namespace, link))
    except BaseException:
        _remove(pid)
        raise
    return joined


def _free_subnet() -> str:
    """Return the first three numbers of a private network that this computer does not use."""
    used = subprocess.run(["ip", "-4", "address"], capture_output=True, text=True, check=True).stdout
    start = os.getpid() % 250
    return next(
        subnet for number in range(250) if (subnet := f"10.213.{(start + number) % 250}") not in used
    )  # fmt: skip


def _remove_leftovers() -> None:
    """Remove the networks of processes that were killed."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    for pid in set(re.findall(rf"^{PREFIX}-(\d+)-", listed, re.MULTILINE)):
        if not Path(f"/proc/{pid}").exists():
            _remove(int(pid))


def _remove(pid: int) -> None:
    """Remove the namespaces of that process, and with them their cables, and its bridge."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    for namespace in re.findall(rf"^{PREFIX}-{pid}-\S+", listed, re.MULTILINE):
        subprocess.run(["ip", "netns", "delete", namespace], check=False)
    subprocess.run(["ip", "link", "delete", f"cb{pid}"], stderr=subprocess.DEVNULL, check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def wait_until(is_done: Callable[[], object], *, seconds: float, what: str) -> float:
    """Wait until ``is_done()`` is true, and return the seconds that it took."""
    started = time.monotonic()
    while not is_done():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"Not within {seconds:.0f} seconds: {what}")
        time.sleep(0.05)
    return time.monotonic() - started
