"""Requests to other sites, protected against server-side request forgery (SSRF). Does not use Django.

URLs come from staff, and redirects may lead anywhere. At every hop the host name is resolved here, all its IP addresses
must be public, and the connection goes to the address that was checked (no second DNS lookup).

``link_status`` checks whether a link works and reads no body; ``download`` reads a body, limited in size and time.
"""

from booking.outbound_http.addresses import AddressNotPublic, Resolver, address_in, is_public, public_address
from booking.outbound_http.download import Answer, DownloadFailed, DownloadFailure, OutboundRequest, download
from booking.outbound_http.link_status import BROKEN, MOVED, UNSURE, WORKS, FetchResult, fetch_status

__all__ = [
    "BROKEN",
    "MOVED",
    "UNSURE",
    "WORKS",
    "AddressNotPublic",
    "Answer",
    "DownloadFailed",
    "DownloadFailure",
    "FetchResult",
    "OutboundRequest",
    "Resolver",
    "address_in",
    "download",
    "fetch_status",
    "is_public",
    "public_address",
]
