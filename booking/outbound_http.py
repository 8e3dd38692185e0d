"""Check whether a link to another site works, protected against server-side request forgery (SSRF).

URLs come from staff, and redirects may lead anywhere. At every hop the host name is resolved here, all
its IP addresses must be public, and the connection goes to the address that was checked (no second DNS
lookup). Only the response's status and headers are read. Does not use Django.
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

TIMEOUT = 10.0  # seconds for each socket operation
REQUEST_TIMEOUT = 25.0  # seconds for a whole request, also if the response trickles in
MAX_REDIRECTS = 5
PORTS = {"http": 80, "https": 443}
PERMANENT_REDIRECTS = {301, 308}
REDIRECTS = {301, 302, 303, 307, 308}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # The only part of IPv6 that is routed on the internet (RFC 4291).
# IANA's special-purpose registries, where Python's ``is_global`` is missing them or depends on its version.
SPECIAL_PURPOSE = [
    ipaddress.ip_network(network) for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20")
]
SAFE = "/%:=&?~#+!$,;'@()*[]"  # Not percent-encoded in paths and queries.

WORKS, MOVED, UNSURE, BROKEN = "works", "moved", "unsure", "broken"
Resolver = Callable[[str, int], tuple[str, int]]


class AddressNotPublic(Exception):
    """The host is in a private network, or the port is neither 80 nor 443."""


class _Stop(Exception):
    """Ends ``fetch_status()`` early with a result."""

    def __init__(self, outcome: str, words: str) -> None:
        self.result = FetchResult(outcome, words)


@dataclass(frozen=True)
class FetchResult:
    """``outcome`` is one of WORKS, MOVED, UNSURE and BROKEN; ``words`` is the message for staff."""

    outcome: str
    words: str


def public_address(host: str, port: int, lookup: Callable[..., list[tuple]] = socket.getaddrinfo) -> tuple[str, int]:
    """Resolve a host name to a public IP address; returns it with the port.

    Raises AddressNotPublic if one of the host's addresses is not public, and OSError if the lookup fails.
    """
    if port not in PORTS.values():
        raise AddressNotPublic
    addresses = [entry[4][0] for entry in lookup(host, port, type=socket.SOCK_STREAM)]
    if not addresses or not all(map(is_public, addresses)):
        raise AddressNotPublic
    return addresses[0], port


def is_public(address: str) -> bool:
    """Whether an IP address is public: not loopback, private, link-local, site-local or reserved.

    IPv4 addresses embedded in IPv6 (mapped, 6to4, Teredo, NAT64) are unwrapped first.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        embedded = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if not embedded and ip in NAT64:
            embedded = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if embedded:
            return is_public(str(embedded))
        if ip not in GLOBAL_UNICAST:
            return False
    if any(ip in network for network in SPECIAL_PURPOSE):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def fetch_status(
    address: str, *, user_agent: str, resolve: Resolver = public_address, timeout: float = TIMEOUT
) -> FetchResult:
    """Request a URL without its body and follow up to MAX_REDIRECTS redirects. Never raises."""
    url = address
    redirects: list[int] = []
    try:
        for _hop in range(MAX_REDIRECTS + 1):
            status, location = _request(url, user_agent, resolve, timeout)
            if status not in REDIRECTS or not location:
                return _result(status, url, redirects)
            redirects.append(status)
            url = _redirect_target(url, location)
    except _Stop as stop:
        return stop.result
    return FetchResult(BROKEN, "It leads on and on, and never to a page.")


def _request(url: str, user_agent: str, resolve: Resolver, timeout: float) -> tuple[int, str]:
    """The status and the Location header. Retries with GET, because some sites answer HEAD with an error."""
    parts, host, port = _split_url(url)
    try:
        target = resolve(host, port)
        status, location = _head("HEAD", parts, host, port, target, user_agent, timeout)
        if status >= 400 and status != 429:
            status, location = _head("GET", parts, host, port, target, user_agent, timeout)
        return status, location
    except AddressNotPublic:
        raise _Stop(BROKEN, "It goes to a place that isn't on the public internet.") from None
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise _Stop(UNSURE, "The name of the site could not be looked up just now.") from None
        raise _Stop(BROKEN, "No site has this name.") from None
    except ssl.SSLCertVerificationError:
        raise _Stop(BROKEN, "Its certificate isn't valid, so browsers show a warning.") from None
    except TimeoutError:
        raise _Stop(UNSURE, "The site did not answer in time.") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise _Stop(UNSURE, "The site didn't answer like a website.") from None


def _redirect_target(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise _Stop(BROKEN, "It redirects to something that isn't a web address.") from None


def _split_url(url: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise _Stop(BROKEN, "It isn't a web address.") from None
    if not host or parts.username is not None:
        raise _Stop(BROKEN, "It isn't a web address.")
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
    """Connects to ``target`` without another DNS lookup, and closes the socket after REQUEST_TIMEOUT seconds."""

    def __init__(self, host: str, port: int, target: tuple[str, int], *, is_tls: bool, timeout: float) -> None:
        self.default_port = PORTS["https"] if is_tls else PORTS["http"]  # type: ignore[misc]
        super().__init__(host, port, timeout=timeout)
        self.target, self.is_tls = target, is_tls
        self.deadline: threading.Timer | None = None

    def connect(self) -> None:
        self.sock = socket.create_connection(self.target, timeout=self.timeout)
        if self.is_tls:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.deadline = threading.Timer(REQUEST_TIMEOUT, _shut_down, [self.sock])
        self.deadline.daemon = True
        self.deadline.start()
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()

    def close(self) -> None:
        if self.deadline:
            self.deadline.cancel()
        super().close()


def _shut_down(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _result(status: int, url: str, redirects: list[int]) -> FetchResult:
    if 200 <= status < 300 and redirects and all(redirect in PERMANENT_REDIRECTS for redirect in redirects):
        return FetchResult(MOVED, f"It has moved for good: {url}")
    if 200 <= status < 300:
        return FetchResult(WORKS, "It answers.")
    if status in {404, 410}:
        return FetchResult(BROKEN, f"There is nothing at this address ({status}).")
    if 400 <= status < 500:
        return FetchResult(UNSURE, f"The site turns programs away ({status}). Open the link and look yourself.")
    return FetchResult(UNSURE, f"The site has a fault of its own ({status}). It may pass.")
