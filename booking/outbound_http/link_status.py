"""Check whether a link to another site works. Only the response's status and headers are read."""

import http.client
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin

from booking.outbound_http.addresses import AddressNotPublic, Resolver, path_of, public_address, split_url
from booking.outbound_http.connection import CheckedConnection

TIMEOUT = 10.0  # seconds for each socket operation
REQUEST_TIMEOUT = 25.0  # seconds for a whole request, also if the response trickles in
MAX_REDIRECTS = 5
PERMANENT_REDIRECTS = {301, 308}
REDIRECTS = {301, 302, 303, 307, 308}

WORKS, MOVED, UNSURE, BROKEN = "works", "moved", "unsure", "broken"


class _Stop(Exception):
    """Ends ``fetch_status()`` early with a result."""

    def __init__(self, outcome: str, words: str) -> None:
        self.result = FetchResult(outcome, words)


@dataclass(frozen=True)
class FetchResult:
    """``outcome`` is one of WORKS, MOVED, UNSURE and BROKEN; ``words`` is the message for staff."""

    outcome: str
    words: str


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
        return split_url(url)
    except ValueError:
        raise _Stop(BROKEN, "It isn't a web address.") from None


def _head(
    method: str, parts: SplitResult, host: str, port: int, target: tuple[str, int], user_agent: str, timeout: float
) -> tuple[int, str]:
    connection = CheckedConnection(
        host, port, target, is_tls=parts.scheme == "https", timeout=timeout, time_limit=REQUEST_TIMEOUT
    )
    try:
        headers = {"User-Agent": user_agent, "Accept": "*/*", "Connection": "close"}
        connection.request(method, path_of(parts), headers=headers)
        response = connection.getresponse()
        return response.status, response.getheader("Location", "")
    finally:
        connection.finish()


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
