"""A patient who books, as the bench sees one: the requests of a browser without its pictures and styles."""

import secrets
from collections.abc import Generator, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from urllib.parse import urlencode

from bench.load import Answer, Ask, Journey, Wait

# The form asks for at least two seconds; its stamp counts whole ones.
TYPING_SECONDS = 2.1
PEOPLE, HOURS = 5, 12  # as bench.town has them
_OPENS = time(14, tzinfo=UTC)  # 8 in the morning in Alberta.
_numbers = count(1)


class Visitor:
    """One browser, at an address of its own (the site believes the bench as it would a front server)."""

    def __init__(self, site: str, start: datetime, practitioner: str = "") -> None:
        number = next(_numbers)
        self.site, self.start, self.practitioner = site, start, practitioner
        self.address = f"10.{number // 62500 % 250}.{number // 250 % 250}.{number % 250 + 1}"
        self.email = f"visitor-{number}@patients.example"
        self.cookies = {"csrf": secrets.token_hex(16)}
        self.fields: dict[str, str] = {}
        self.went_on = "/book/details/"

    # The requests of one booking, each as a journey of its own

    def look(self) -> Journey:
        yield from self._get("times", self._times)

    def hold(self) -> Journey:
        sent = {"start": self.start.strftime("%Y-%m-%dT%H:%MZ")}
        answer = yield from self._post("hold", self._times, sent)
        self.went_on = answer.location

    def open_details(self) -> Journey:
        yield from self._get("details page", self.went_on)

    def send_details(self) -> Journey:
        typed = {"name": "Alice Martin", "email": self.email, "phone": "403-555-0123", "reminders": "on"}
        yield from self._post("details", self.went_on, self.fields | typed)

    def open_check(self) -> Journey:
        yield from self._get("check page", "/book/check/")

    def confirm(self) -> Journey:
        yield from self._post("confirm", "/book/check/", self.fields)

    def be_done(self) -> Journey:
        yield from self._get("done page", "/book/done/")

    def whole(self) -> Journey:
        """A booking with all its requests."""
        for part in (self.look, self.hold, self.open_details):
            yield from part()
        yield Wait(TYPING_SECONDS)
        for part in (self.send_details, self.open_check, self.confirm, self.be_done):
            yield from part()

    @property
    def _times(self) -> str:
        return "/book/bench-visit/?visit=new" + (f"&practitioner={self.practitioner}" if self.practitioner else "")

    def _get(self, what: str, path: str) -> Generator[Ask | Wait, Answer | None, None]:
        answer = yield from self._ask(what, "GET", path, b"", 200)
        self.fields = answer.fields

    def _post(self, what: str, path: str, sent: dict[str, str]) -> Generator[Ask | Wait, Answer | None, Answer]:
        body = urlencode(sent | {"csrfmiddlewaretoken": self.cookies["csrf"]}).encode()
        return (yield from self._ask(what, "POST", path, body, 302))

    def _ask(
        self, what: str, method: str, path: str, body: bytes, expected: int
    ) -> Generator[Ask | Wait, Answer | None, Answer]:
        head = [
            f"{method} {path} HTTP/1.1",
            f"Host: {self.site}",
            f"X-Forwarded-For: {self.address}",
            "Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        ]
        if body:
            head += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        answer = yield Ask(what, "\r\n".join([*head, "", ""]).encode() + body)
        assert answer is not None
        if answer.status != expected:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {answer.body[:3000].decode()}")
        self.cookies |= answer.cookies
        return answer


def visitors(site: str) -> Iterator[Visitor]:
    """Everybody wants another time; on every other day they want one person, else anyone."""
    tomorrow = date.today() + timedelta(days=2)  # noqa: DTZ011  # The site's lead time and zone are within it.
    for distance in range(170):
        opens = datetime.combine(tomorrow + timedelta(days=distance), _OPENS)
        for hour in range(HOURS):
            for person in range(PEOPLE):
                yield Visitor(site, opens + timedelta(hours=hour), f"person-{person}" if distance % 2 else "")


def said(site: str) -> Journey:
    """A form sent to a view without a database."""
    csrf = secrets.token_hex(16)
    typed = {"name": "Alice Martin", "email": "alice@patients.example", "phone": "403-555-0123", "reminders": "on"}
    body = urlencode(typed | {"csrfmiddlewaretoken": csrf}).encode()
    head = (
        f"POST /said/ HTTP/1.1\r\nHost: {site}\r\nX-Forwarded-For: 10.0.0.1\r\nCookie: csrf={csrf}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    answer = yield Ask("a POST without a database", head.encode() + body)
    if answer is None or answer.status != 302:
        raise RuntimeError(f"The plain form was answered {answer}")
