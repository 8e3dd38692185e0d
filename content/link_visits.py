"""Asking another site whether something still stands at an address, without doing harm.

Addresses come from staff, and an answer may lead on anywhere: every name is resolved here, what it
resolves to must lie in the public internet, and the connection goes to the very address that was
looked at, at every hop. Of an answer nothing but its head is read. Knows no Django.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

TIMEOUT = 10.0  # seconds for each wait
PATIENCE = 25.0  # seconds for each answer, however it trickles
HOPS = 5
PORTS = {"http": 80, "https": 443}
FOR_GOOD = {301, 308}
ELSEWHERE = {301, 302, 303, 307, 308}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
SAFE = "/%:=&?~#+!$,;'@()*[]"  # What a typed path may hold as it stands.

WORKS, MOVED, UNSURE, BROKEN = "works", "moved", "unsure", "broken"
Resolver = Callable[[str, int], tuple[str, int]]


class NotPublic(Exception):
    """The name leads into a private network, or to a port that no website uses."""


class _Stop(Exception):
    """There is nothing to follow; says why."""

    def __init__(self, outcome: str, words: str) -> None:
        self.answer = Answer(outcome, words)


@dataclass(frozen=True)
class Answer:
    """``outcome`` is one of WORKS, MOVED, UNSURE and BROKEN; ``words`` say it to staff."""

    outcome: str
    words: str


def public_address(host: str, port: int, lookup: Callable[..., list[tuple]] = socket.getaddrinfo) -> tuple[str, int]:
    """An address of this host to connect to. Raises NotPublic if one of its addresses is not public, and OSError."""
    if port not in PORTS.values():
        raise NotPublic
    found = [entry[4][0] for entry in lookup(host, port, type=socket.SOCK_STREAM)]
    if not found or not all(map(is_public, found)):
        raise NotPublic
    return found[0], port


def is_public(address: str) -> bool:
    """Whether it belongs to the public internet: not loopback, private, link-local or reserved, however wrapped."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if not inner and ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def visit(address: str, *, user_agent: str, resolve: Resolver = public_address, timeout: float = TIMEOUT) -> Answer:
    """Ask for the head of what stands there, following a few redirects. Says what a reader would find; never raises."""
    place = address
    moves: list[int] = []
    try:
        for _hop in range(HOPS + 1):
            status, location = _ask(place, user_agent, resolve, timeout)
            if status not in ELSEWHERE or not location:
                return _answer(status, place, moves)
            moves.append(status)
            place = _onward(place, location)
    except _Stop as stop:
        return stop.answer
    return Answer(BROKEN, "It leads on and on, and never to a page.")


def _ask(address: str, user_agent: str, resolve: Resolver, timeout: float) -> tuple[int, str]:
    """The status, and where it leads on. Some sites answer HEAD wrongly: these are asked again as a reader asks."""
    parts, host, port = _parts(address)
    try:
        target = resolve(host, port)
        status, location = _head("HEAD", parts, host, port, target, user_agent, timeout)
        if status >= 400 and status != 429:
            status, location = _head("GET", parts, host, port, target, user_agent, timeout)
        return status, location
    except NotPublic:
        raise _Stop(BROKEN, "It leads to a place that is not in the public internet.") from None
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise _Stop(UNSURE, "The name of the site could not be looked up just now.") from None
        raise _Stop(BROKEN, "No site has this name.") from None
    except ssl.SSLCertVerificationError:
        raise _Stop(BROKEN, "Its certificate is not valid: browsers warn of it.") from None
    except TimeoutError:
        raise _Stop(UNSURE, "The site did not answer in time.") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise _Stop(UNSURE, "The site did not answer as websites do.") from None


def _onward(place: str, location: str) -> str:
    try:
        return urljoin(place, location)
    except ValueError:
        raise _Stop(BROKEN, "It leads on to what is no address of a website.") from None


def _parts(address: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise _Stop(BROKEN, "It is no address of a website.") from None
    if not host or parts.username is not None:
        raise _Stop(BROKEN, "It is no address of a website.")
    return parts, host, port


def _head(
    method: str, parts: SplitResult, host: str, port: int, target: tuple[str, int], user_agent: str, timeout: float
) -> tuple[int, str]:
    connection = _Connection(host, port, target, is_tls=parts.scheme == "https", timeout=timeout)
    try:
        path = quote(parts.path or "/", safe=SAFE) + (f"?{quote(parts.query, safe=SAFE)}" if parts.query else "")
        connection.request(method, path, headers={"User-Agent": user_agent, "Accept": "*/*", "Connection": "close"})
        response = connection.getresponse()
        return response.status, response.getheader("Location", "")
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    """Goes to ``target``, whatever the name means by now, and is cut off when patience ends."""

    def __init__(self, host: str, port: int, target: tuple[str, int], *, is_tls: bool, timeout: float) -> None:
        self.default_port = PORTS["https"] if is_tls else PORTS["http"]  # type: ignore[misc]
        super().__init__(host, port, timeout=timeout)
        self.target, self.is_tls = target, is_tls
        self.end: threading.Timer | None = None

    def connect(self) -> None:
        self.sock = socket.create_connection(self.target, timeout=self.timeout)
        if self.is_tls:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.end = threading.Timer(PATIENCE, _cut, [self.sock])
        self.end.daemon = True
        self.end.start()
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()

    def close(self) -> None:
        if self.end:
            self.end.cancel()
        super().close()


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _answer(status: int, place: str, moves: list[int]) -> Answer:
    if 200 <= status < 300 and moves and all(move in FOR_GOOD for move in moves):
        return Answer(MOVED, f"It has moved for good: {place}")
    if 200 <= status < 300:
        return Answer(WORKS, "It answers.")
    if status in {404, 410}:
        return Answer(BROKEN, f"There is nothing at this address ({status}).")
    if 400 <= status < 500:
        return Answer(UNSURE, f"The site turns programs away ({status}). Open the link and look yourself.")
    return Answer(UNSURE, f"The site has a fault of its own ({status}). It may pass.")
