"""Patients who book: the requests of a browser, without static files."""

import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from urllib.parse import urlencode

from bench.clients import Client, Response
from bench.clinics import OPENS_AT, SERVICE, WORKING_HOURS

TYPING_SECONDS = 2.1  # The form's token requires two seconds, in whole seconds.
DETAILS = {"name": "Alice Martin", "email": "alice@patients.example", "phone": "403-555-0123", "reminders": "on"}
_numbers = count(1)


class Failed(Exception):
    """Raised for a response with an unexpected status."""


class Patient:
    """One browser with its own network address (the site trusts the benchmark as a proxy)."""

    def __init__(self, client: Client, start: datetime, practitioner: str = "") -> None:
        number = next(_numbers)
        self.client, self.start = client, start
        self.address = f"10.{number // 62500 % 250}.{number // 250 % 250}.{number % 250 + 1}"
        self.email = f"booker-{number}@patients.example"
        self.cookies = {"csrf": secrets.token_hex(16)}
        self.hidden: dict[str, str] = {}
        self.times = f"/book/{SERVICE}/?visit=new" + (f"&practitioner={practitioner}" if practitioner else "")
        self.next = "/book/details/"

    def hold(self, expected: tuple[int, ...] = (302,)) -> Response:
        response = self._post(self.times, {"start": self.start.strftime("%Y-%m-%dT%H:%MZ")}, expected)
        self.next = response.header("Location")
        return response

    def open_details(self) -> Response:
        return self._get(self.next)

    def send_details(self) -> Response:
        return self._post(self.next, self.hidden | DETAILS | {"email": self.email})

    def open_check(self) -> Response:
        return self._get("/book/check/")

    def confirm(self) -> Response:
        return self._post("/book/check/", self.hidden)

    def _get(self, url: str) -> Response:
        response = self._request("GET", url, b"", (200,))
        self.hidden = response.hidden_fields
        return response

    def _post(self, url: str, fields: dict[str, str], expected: tuple[int, ...] = (302,)) -> Response:
        body = urlencode(fields | {"csrfmiddlewaretoken": self.cookies["csrf"]}).encode()
        return self._request("POST", url, body, expected)

    def _request(self, method: str, url: str, body: bytes, expected: tuple[int, ...]) -> Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookies, "X-Forwarded-For": self.address}
        response = self.client.request(method, url, headers, body)
        if response.status not in expected:
            raise Failed(f"{method} {url} answered {response.status}: {response.body[:2000].decode()}")
        self.cookies |= response.cookies
        return response


def send_form(client: Client) -> Response:
    """Send the yardstick's form."""
    token = secrets.token_hex(16)
    body = urlencode(DETAILS | {"booking_for": "me", "csrfmiddlewaretoken": token}).encode()
    response = client.request("POST", "/form/", {"Cookie": f"csrf={token}"}, body)
    if response.status != 302:
        raise Failed(f"The form was answered with {response.status}.")
    return response


def wishes(people: int, first: date, *, hours: int = WORKING_HOURS) -> Iterator[tuple[datetime, str]]:
    """Yield slots that can all be booked, with a practitioner's slug, or "" for anyone on every other day.

    ``hours``: how many of each practitioner's day.
    """
    for distance in range(170):
        opens = datetime.combine(first + timedelta(days=distance), time(OPENS_AT, tzinfo=UTC))
        for hour in range(hours):
            for person in range(people):
                yield opens + timedelta(hours=hour), f"person-{person}" if distance % 2 else ""
