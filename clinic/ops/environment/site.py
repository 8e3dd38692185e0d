"""The site's address, and the proxies in front of it."""

import ipaddress
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

LOCAL_SITE = "http://127.0.0.1:8000"


def site_url(environ: Mapping[str, str] = os.environ) -> str:
    """Return SITE_URL as browsers send it. Its scheme decides about secure cookies and HSTS.

    Browsers send host names in lower case, letters beyond ASCII in IDNA's form (xn--...), and no default port.
    """
    value = environ.get("SITE_URL", LOCAL_SITE).strip().rstrip("/")
    try:
        parts = urlsplit(value)
        is_port_valid = parts.port is None or parts.port > 0
    except ValueError:
        is_port_valid = False
        parts = urlsplit("")
    extras = parts.path or parts.query or parts.fragment or parts.username or parts.password
    host = _ascii_host(parts.hostname or "")
    if parts.scheme not in {"http", "https"} or not host or extras or not is_port_valid:
        raise ImproperlyConfigured(
            f"SITE_URL is {value!r}. Set it to the address patients will use, for example "
            "SITE_URL=https://www.yourclinic.ca, with http:// or https:// and nothing after the host. "
            "Copy the host from a browser's address bar; one with other letters than a to z may be written as xn--..."
        )
    if parts.scheme == "http" and not is_local_host(host.strip("[]")):
        raise ImproperlyConfigured(
            f"SITE_URL is {value!r}, but patients' details must not travel unencrypted. "
            "Use https:// for any host other than this machine."
        )
    has_port = parts.port is not None and parts.port != {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if has_port else "")


# Letters that IDNA 2003 (Python's codec) encodes otherwise than browsers do.
_AMBIGUOUS_IN_IDNA = frozenset("\u00df\u03c2\u200c\u200d")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*", re.ASCII)


def _ascii_host(host: str) -> str:
    """Return the host as in a Host header: in ASCII, without a trailing dot, IPv6 in brackets; "" if it is invalid."""
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host)}]"
        except ValueError:
            return ""
    if _AMBIGUOUS_IN_IDNA & set(host):
        return ""
    try:
        ascii_host = host.removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    return ascii_host if _HOST.fullmatch(ascii_host) else ""


def host_of(url: str) -> str:
    """Return the host of SITE_URL as in ALLOWED_HOSTS: without the port, IPv6 in brackets."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def is_local_host(host: str) -> bool:
    """Return whether ``host`` is a loopback name or address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def trusted_proxies(environ: Mapping[str, str] = os.environ) -> tuple[list[Any], bool]:
    """Return whose X-Forwarded-For and X-Forwarded-Proto are trusted: a list of networks, and whether "unix" is named.

    "unix" is whoever connects to the site's unix socket. Nobody is trusted by default.
    """
    networks, unix = [], False
    for word in environ.get("TRUSTED_PROXIES", "").replace(",", " ").split():
        if word == "unix":
            unix = True
            continue
        try:
            networks.append(ipaddress.ip_network(word, strict=False))
        except ValueError as problem:
            raise ImproperlyConfigured(
                f"TRUSTED_PROXIES holds {word!r}. List the addresses of your front servers, "
                "such as 127.0.0.1 10.0.0.0/8, or unix for a front server that connects to a unix socket."
            ) from problem
    return networks, unix
