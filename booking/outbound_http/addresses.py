"""Which IP addresses the site may connect to, and URLs as their parts."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, quote, urlsplit

PORTS = {"http": 80, "https": 443}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # The only part of IPv6 that is routed on the internet (RFC 4291).
# IANA's special-purpose registries, where Python's ``is_global`` is missing them or depends on its version.
SPECIAL_PURPOSE = [
    ipaddress.ip_network(network) for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20")
]
SAFE = "/%:=&?~#+!$,;'@()*[]"  # Not percent-encoded in paths and queries.

Resolver = Callable[[str, int], tuple[str, int]]
Lookup = Callable[..., list[tuple]]


class AddressNotPublic(Exception):
    """The host is in a private network, or the port is neither 80 nor 443."""


def public_address(host: str, port: int, lookup: Lookup = socket.getaddrinfo) -> tuple[str, int]:
    """Resolve a host name to a public IP address; returns it with the port.

    Raises AddressNotPublic if one of the host's addresses is not public, and OSError if the lookup fails.
    """
    if port not in PORTS.values():
        raise AddressNotPublic
    addresses = [entry[4][0] for entry in lookup(host, port, type=socket.SOCK_STREAM)]
    if not addresses or not all(map(is_public, addresses)):
        raise AddressNotPublic
    return addresses[0], port


def address_in(networks: Sequence[str], host: str, port: int) -> tuple[str, int]:
    """Like ``public_address``, and at any port for a host whose addresses are all in ``networks``."""
    if not networks:
        return public_address(host, port)
    allowed = [ipaddress.ip_network(network) for network in networks]
    addresses = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if addresses and all(any(ipaddress.ip_address(found) in network for network in allowed) for found in addresses):
        return addresses[0], port
    return public_address(host, port)


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


def split_url(url: str) -> tuple[SplitResult, str, int]:
    """The parts of an http or https URL, its host in ASCII, and its port. Raises ValueError for any other text."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS:
        raise ValueError(url)
    host = (parts.hostname or "").encode("idna").decode("ascii")
    port = parts.port or PORTS[parts.scheme]
    if not host or parts.username is not None:
        raise ValueError(url)
    return parts, host, port


def path_of(parts: SplitResult) -> str:
    """The path and query that a request line names, percent-encoded."""
    return quote(parts.path or "/", safe=SAFE) + (f"?{quote(parts.query, safe=SAFE)}" if parts.query else "")
