"""HTTP clients of the race test: visitors and staff who read the forms from the pages, as a browser does.

All responses are recorded in one ``Ledger``, which the test compares with the database.
"""

import http.client
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from random import Random
from urllib.parse import urlencode

# The form's token requires two seconds, in whole seconds.
TYPING_SECONDS = 2.1


@dataclass(frozen=True)
class Wish:
    """A slot that a client wants; ``practitioner`` is a slug, or empty for anyone."""

    service: str
    practitioner: str
    start: datetime

    @property
    def instant(self) -> str:
        return self.start.strftime("%Y-%m-%dT%H:%MZ")


@dataclass
class Visit:
    """A booking that was confirmed to its patient."""

    email: str
    service: str
    link: str


class Ledger:
    """Records the responses. Thread-safe, because every change is one ``append``."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, int]] = []  # kind of request, status
        self.booked: list[tuple[str, Wish | None]] = []  # the patient's e-mail address
        self.moved: list[tuple[str, datetime]] = []  # a reference, or for staff a primary key, and the new start
        self.cancelled: list[str] = []
        self.overbooked: list[str] = []

    def count(self, what: str, *statuses: int) -> int:
        return sum(kind == what and status in statuses for kind, status in self.answers)

    def table(self) -> str:
        rows = Counter(self.answers)
        return "\n".join(f"{count:6}  {status}  {what}" for (what, status), count in sorted(rows.items()))


class _Page(HTMLParser):
    """The hidden fields and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "input" and values.get("type") == "hidden" and "name" in values:
            self.fields[values["name"]] = values.get("value", "")
        elif tag == "a":
            self.links.append(values.get("href", ""))


@dataclass
class Answer:
    status: int
    location: str
    text: str

    @property
    def fields(self) -> dict[str, str]:
        return _Page(self.text).fields

    @property
    def links(self) -> list[str]:
        return _Page(self.text).links


@dataclass
class Browser:
    """One browser with its own loopback address; each request opens a new connection."""

    port: int
    address: str
    ledger: Ledger
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self._request("GET", path, None)

    def post(self, path: str, sent: dict[str, str], *, expected: tuple[int, ...], what: str) -> Answer:
        answer = self._request("POST", path, urlencode(sent))
        self.ledger.answers.append((what, answer.status))
        assert answer.status in expected, f"{what}: {answer.status}\n{answer.text[:3000]}"
        return answer

    def _request(self, method: str, path: str, body: str | None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90, source_address=(self.address, 0))
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        assert response.status < 500, f"{method} {path}: {response.status}\n{text[:3000]}"
        return Answer(response.status, response.headers.get("Location", ""), text)


class Visitor:
    """A client of the public pages that books, reschedules and cancels."""

    def __init__(self, number: int, port: int, ledger: Ledger, dice: Random) -> None:
        self.number, self.port, self.ledger, self.dice = number, port, ledger, dice
        self.address = f"127.0.1.{number + 1}"
        self.browser = Browser(port, self.address, ledger)
        self.visits: list[Visit] = []
        self.booked = 0
        self.tries = 0
        self.token = self.email = ""

    def book(self, wish: Wish) -> bool:
        """Hold the slot, fill in the forms and confirm. Return False if another client has the slot."""
        # Change the address after ten bookings, so that rate limits do not interfere.
        self.browser.address = f"127.0.{1 + self.booked // 10}.{self.number + 1}"
        path = f"/book/{wish.service}/?visit=new" + (f"&practitioner={wish.practitioner}" if wish.practitioner else "")
        if not self.token:
            self.token = self.browser.get(path).fields["csrfmiddlewaretoken"]
        csrf = {"csrfmiddlewaretoken": self.token}
        held = self.browser.post(path, csrf | {"start": wish.instant}, expected=(302, 409), what="hold")
        if held.status == 409:
            return False
        if held.location != "/book/check/" and not self._type_details(held.location):
            return False
        check = self.browser.get("/book/check/")
        answers = [self._confirm(check, twice=False)] if self.dice.random() < 0.7 else self._confirm_twice(check)
        # With a double click, the first request may find an expired slot taken, and the second find it free again.
        assert all(answer.status == 302 or "is no longer free" in answer.text for answer in answers)
        if not any(answer.status == 302 for answer in answers):
            return False
        self.ledger.booked.append((self.email, wish))
        done = self.browser.get("/book/done/")
        link = next((link for link in done.links if link.startswith("/appointment/") and len(link) > 50), "")
        # If staff have just cancelled the appointment, the "booked" page redirects to it.
        assert link or done.status == 302, done.text[:3000]
        self.booked += 1
        self.visits.append(Visit(self.email, wish.service, link or done.location))
        return True

    def _type_details(self, path: str) -> bool:
        """Send the details form, whose data stay in the session until the booking.

        Return False if the hold has expired and another client has the slot.
        """
        form = self.browser.get(path)
        assert form.status == 200, form.text[:3000]
        self.tries += 1
        self.email = f"visitor-{self.number}-{self.tries}@patients.example"
        typed = {"name": f"Visitor {self.number} {self.tries}", "email": self.email, "phone": "403-555-0123"}
        time.sleep(TYPING_SECONDS)
        data = form.fields | typed | {"reminders": "on"}
        answer = self.browser.post(path, data, expected=(302, 409), what="details")
        assert answer.status == 302 or "is no longer free" in answer.text
        return answer.status == 302

    def _confirm(self, check: Answer, *, twice: bool) -> Answer:
        what = "book, sent twice at once" if twice else "book"
        # "Book both": this browser may have booked another visit at the same time, and the site would ask.
        return self.browser.post("/book/check/", check.fields | {"both": "yes"}, expected=(302, 409), what=what)

    def _confirm_twice(self, check: Answer) -> list[Answer]:
        """A double click."""
        answers: list[Answer] = []
        clicks = [threading.Thread(target=lambda: answers.append(self._confirm(check, twice=True))) for _ in range(2)]
        for click in clicks:
            click.start()
        for click in clicks:
            click.join()
        assert len(answers) == 2, "A click of a double click failed."
        return answers

    def move(self, visit: Visit, start: datetime) -> bool:
        """Open the appointment by its link and reschedule it."""
        browser = self._opened(visit)
        instant = start.strftime("%Y-%m-%dT%H:%MZ")
        page = browser.get(f"/appointment/change/?start={instant}")  # 410 if the time is taken: then try all the same.
        if "reference" not in page.fields:
            return False  # Staff have cancelled it.
        data = page.fields | {"start": instant}
        answer = browser.post("/appointment/change/", data, expected=(302, 409, 422), what="move")
        if answer.status == 302:
            self.ledger.moved.append((page.fields["reference"], start))
        return answer.status == 302

    def cancel(self, visit: Visit) -> None:
        browser = self._opened(visit)
        page = browser.get("/appointment/cancel/")
        if page.status == 200 and "reference" in page.fields:
            answer = browser.post("/appointment/cancel/", page.fields, expected=(302, 409, 422), what="cancel")
            if answer.status == 302:
                self.ledger.cancelled.append(page.fields["reference"])

    def _opened(self, visit: Visit) -> Browser:
        browser = Browser(self.port, self.address, self.ledger)
        assert browser.get(visit.link).status == 302
        return browser


class Staff:
    """A front desk client, logged in."""

    BOOK = "/desk/book/"

    def __init__(self, number: int, port: int, ledger: Ledger, dice: Random, session: str) -> None:
        self.number, self.ledger, self.dice = number, ledger, dice
        self.browser = Browser(port, f"127.0.2.{number + 1}", ledger, {"session": session})
        self.tries = 0
        self.token = ""

    def book(self, service: int, practitioner: str, local: datetime, *, insists: bool) -> None:
        """Book for a caller; with ``insists``, overbook a taken slot with a reason."""
        if not self.token:
            self.token = self.browser.get("/desk/?do=book").fields["csrfmiddlewaretoken"]
        self.tries += 1
        email = f"caller-{self.number}-{self.tries}@patients.example"
        typed = {
            "csrfmiddlewaretoken": self.token,
            "is_new": "1",
            "name": self.dice.randbytes(8).hex(" ", 4),  # Like nobody else's.
            "phone": f"403-{200 + self.number}-{1000 + self.tries}",
            "email": email,
            "tell": "on",
            "reminders": "on",
            "service": str(service),
            "practitioner": practitioner,
            "on": local.strftime("%Y-%m-%d"),
            "at": local.strftime("%H:%M"),
        }
        answer = self.browser.post(self.BOOK, typed, expected=(302, 409), what="staff book")
        if answer.status == 409 and insists:
            # A second question comes when a room was taken between the two.
            for expected in ((302, 409), (302, 409), (302,)):
                typed |= {name: answer.fields.get(name, "") for name in ("asked_for", "asked_rules")}
                typed |= {"anyway": "on", "reason": "In pain, seen in between"}
                answer = self.browser.post(self.BOOK, typed, expected=expected, what="staff overbook")
                if answer.status == 302:
                    break
            self.ledger.overbooked.append(email)
        if answer.status == 302:
            self.ledger.booked.append((email, None))

    def move(self, reference: str, practitioner: str, local: datetime, start: datetime) -> None:
        """Move an appointment by the panel of the calendar."""
        sent = self._form(reference, "move") | {
            "practitioner": practitioner,
            "on": local.strftime("%Y-%m-%d"),
            "at": local.strftime("%H:%M"),
            "tell_patient": "on",
        }
        url = f"/desk/appointments/{reference}/move/"
        answer = self.browser.post(url, sent, expected=(302, 409, 422), what="staff move")
        if answer.status == 302:
            self.ledger.moved.append((reference, start))

    def cancel(self, reference: str) -> None:
        sent = self._form(reference, "cancel") | {"reason": "Called", "tell_patient": "on"}
        url = f"/desk/appointments/{reference}/cancel/"
        answer = self.browser.post(url, sent, expected=(302, 409, 422), what="staff cancel")
        if answer.status == 302:
            self.ledger.cancelled.append(reference)

    def some_visit(self, local: datetime) -> str:
        """Return the reference of a random appointment of that day, or ""."""
        calendar = self.browser.get(f"/desk/?day={local:%Y-%m-%d}")
        references = [reference for link in calendar.links for reference in re.findall(r"[?&]appointment=(\w+)", link)]
        return self.dice.choice(references) if references else ""

    def _form(self, reference: str, panel: str) -> dict[str, str]:
        """The hidden fields of a panel's form: the CSRF token and the version of the appointment."""
        fields = self.browser.get(f"/desk/?appointment={reference}&do={panel}").fields
        return {name: fields[name] for name in ("csrfmiddlewaretoken", "sequence") if name in fields}
