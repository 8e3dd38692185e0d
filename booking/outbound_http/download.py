"""Download a body of limited size in limited time."""

import enum
import http.client
import socket
import ssl
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

from booking.outbound_http.addresses import AddressNotPublic, Resolver, path_of, public_address, split_url
from booking.outbound_http.connection import CheckedConnection

TIME_LIMIT = 20.0  # seconds for all hops together
OPERATION_TIMEOUT = 10.0  # seconds for each socket operation
MAX_BYTES = 5_000_000  # of the body, also once it is decompressed
MAX_REDIRECTS = 4
CHUNK = 65_536
REDIRECTS = {301, 302, 303, 307, 308}
GZIP = 16 + zlib.MAX_WBITS  # As zlib names it.


class DownloadFailure(enum.Enum):
    """Why there is no answer."""

    NOT_AN_ADDRESS = "not a web address"
    NOT_ENCRYPTED = "http instead of https"
    NOT_PUBLIC = "not on the public internet"
    NO_HOST = "no such host"
    NO_ANSWER = "no answer, or not in time"
    CERTIFICATE = "the certificate is not valid"
    REDIRECTS = "too many redirects"
    TOO_BIG = "too many bytes"


class DownloadFailed(Exception):
    """Carries the reason, and neither the address nor anything that the server sent."""

    def __init__(self, failure: DownloadFailure) -> None:
        super().__init__(failure.value)
        self.failure = failure


@dataclass(frozen=True)
class OutboundRequest:
    """``headers`` go to every hop, ``secret_headers`` only to the scheme, host and port of ``url``."""

    url: str
    method: str = "GET"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Answer:
    """The last response, whatever its status."""

    status: int
    body: bytes = field(repr=False)
    etag: str = ""


def download(
    request: OutboundRequest,
    *,
    user_agent: str,
    resolve: Resolver = public_address,
    allows_http: bool = False,
    time_limit: float = TIME_LIMIT,
    max_bytes: int = MAX_BYTES,
) -> Answer:
    """Send the request and follow up to MAX_REDIRECTS redirects. Raises DownloadFailed.

    Method and body stay the same at each hop, except after 303 (RFC 9110).
    """
    ends_at = time.monotonic() + time_limit
    current = request
    for _hop in range(MAX_REDIRECTS + 1):
        answer, location = _send(current, user_agent, resolve, allows_http, ends_at, max_bytes)
        if answer.status not in REDIRECTS or not location:
            return answer
        current = _redirected(current, answer.status, location)
    raise DownloadFailed(DownloadFailure.REDIRECTS)


def _redirected(request: OutboundRequest, status: int, location: str) -> OutboundRequest:
    try:
        url = urljoin(request.url, location)
        same_site = _origin(url) == _origin(request.url)
    except ValueError:
        raise DownloadFailed(DownloadFailure.NOT_AN_ADDRESS) from None
    moved = replace(request, url=url, secret_headers=request.secret_headers if same_site else {})
    return replace(moved, method="GET", body=None) if status == 303 else moved


def _origin(url: str) -> tuple[str, str, int]:
    parts, host, port = split_url(url)
    return parts.scheme, host, port


def _send(
    request: OutboundRequest, user_agent: str, resolve: Resolver, allows_http: bool, ends_at: float, max_bytes: int
) -> tuple[Answer, str]:
    try:
        parts, host, port = split_url(request.url)
    except ValueError:
        raise DownloadFailed(DownloadFailure.NOT_AN_ADDRESS) from None
    is_tls = parts.scheme == "https"
    if not is_tls and not allows_http:
        raise DownloadFailed(DownloadFailure.NOT_ENCRYPTED)
    try:
        target = resolve(host, port)
        left = ends_at - time.monotonic()
        if left <= 0:
            raise DownloadFailed(DownloadFailure.NO_ANSWER)
        connection = CheckedConnection(
            host, port, target, is_tls=is_tls, timeout=min(OPERATION_TIMEOUT, left), time_limit=left
        )
        try:
            common = {"User-Agent": user_agent, "Accept-Encoding": "identity", "Connection": "close"}
            headers = {**common, **request.headers, **request.secret_headers}
            connection.request(request.method, path_of(parts), body=request.body, headers=headers)
            response = connection.getresponse()
            location = response.getheader("Location", "") if response.status in REDIRECTS else ""
            body = b"" if location else _read(response, ends_at, max_bytes)
            return Answer(response.status, body, response.getheader("ETag", "")), location
        finally:
            connection.finish()
    except AddressNotPublic:
        raise DownloadFailed(DownloadFailure.NOT_PUBLIC) from None
    except socket.gaierror:
        raise DownloadFailed(DownloadFailure.NO_HOST) from None
    except ssl.SSLCertVerificationError:
        raise DownloadFailed(DownloadFailure.CERTIFICATE) from None
    except (OSError, http.client.HTTPException, ValueError, zlib.error):
        raise DownloadFailed(DownloadFailure.NO_ANSWER) from None


def _read(response: http.client.HTTPResponse, ends_at: float, max_bytes: int) -> bytes:
    """The body, decompressed if the server compressed it unasked. A bomb is stopped at ``max_bytes``."""
    is_gzip = response.getheader("Content-Encoding", "").strip().lower() in {"gzip", "x-gzip"}
    gzip = zlib.decompressobj(GZIP) if is_gzip else None
    body = bytearray()
    while chunk := response.read(CHUNK):
        if time.monotonic() >= ends_at:
            raise DownloadFailed(DownloadFailure.NO_ANSWER)
        body += gzip.decompress(chunk, max_bytes + 1 - len(body)) if gzip else chunk
        if len(body) > max_bytes:
            raise DownloadFailed(DownloadFailure.TOO_BIG)
    # A connection that was cut, here or there, must not pass for a short calendar.
    if response.length or (gzip and not gzip.eof) or time.monotonic() >= ends_at:
        raise DownloadFailed(DownloadFailure.NO_ANSWER)
    return bytes(body)
