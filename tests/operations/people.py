"""Patients, readers and staff who use the site through the balancer, and go on when a request fails, as people do."""

import http.client
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from itertools import count
from urllib.parse import urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.operations.balancer import HOST
from tests.proofs.race_people import TYPING_SECONDS, Answer, Wish

PATIENCE = 90  # Seconds for which somebody tries a request again.
NO_ANSWER = 0
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Request:
    """One request that was sent, with ``time.monotonic()``; the status is 0 if the connection broke."""

    who: str
    what: str
    status: int
    started: float
    ended: float
    has_phone: bool = False  # Whether the page has a phone number to call.

    @property
    def has_failed(self) -> bool:
        return is_failure(self.status)


def is_failure(status: int) -> bool:
    """Whether somebody would try again."""
    return status == NO_ANSWER or status >= 500


@dataclass(frozen=True)
class Booking:
    """A booking that was confirmed to its patient: the page "booked" was shown, or redirected to."""

    email: str
    wish: Wish


@dataclass
class Ledger:
    """What all people were answered. Thread-safe, because every change is one ``append``."""

    requests: list[Request] = field(default_factory=list)
    booked: list[Booking] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)

    def failures(self) -> list[Request]:
        return [request for request in list(self.requests) if request.has_failed]

    def bugs(self) -> list[Request]:
        """What no fault explains: a failure has no answer, or is a 502, 503 or 504, and no form here is wrong."""
        return [request for request in list(self.requests) if request.status in {400, 403, 500}]

    def failures_without_phone(self) -> list[Request]:
        """Error pages that do not say whom to call. A connection that broke has no page, and staff need no number."""
        pages = [request for request in self.failures() if request.status != NO_ANSWER and request.who != "staff"]
        return [page for page in pages if not page.has_phone]

    def table(self) -> str:
        rows = Counter((request.status, request.what) for request in list(self.requests))
        table = "\n".join(f"{number:6}  {status:3}  {what}" for (status, what), number in sorted(rows.items()))
        return f"{table}\nGave up: {self.gave_up}"


@dataclass(frozen=True)
class Front:
    """Where browsers connect: a balancer with TLS, or one machine itself, in the place of its balancer."""

    address: str
    port: int
    tls: ssl.SSLContext | None


class _Connection(http.client.HTTPConnection):
    """A connection to the front from an address of the client's own, which asks for HOST."""

    def __init__(self, front: Front, source: str) -> None:
        super().__init__(HOST, timeout=70)
        self.front, self.source = front, source

    def connect(self) -> None:
        source = (self.source, 0) if self.front.tls else None  # In the balancer's place: from its address.
        plain = socket.create_connection((self.front.address, self.front.port), self.timeout, source)
        self.sock = self.front.tls.wrap_socket(plain, server_hostname=HOST) if self.front.tls else plain


@dataclass
class Browser:
    """One browser, with its own address on the loopback interface. Each request opens a new connection."""

    front: Front
    address: str
    ledger: Ledger
    who: str
    cookies: dict[str, str] = field(default_factory=dict)
    forged: dict[str, str] = field(default_factory=dict)  # Headers that a browser does not send.

    def at(self, front: Front) -> "Browser":
        """The same browser, whose next requests go elsewhere."""
        return Browser(front, self.address, self.ledger, self.who, self.cookies)

    def get(self, path: str, *, what: str = "page") -> Answer:
        return self._insist("GET", path, None, what)

    def post(self, path: str, sent: dict[str, str], *, what: str) -> Answer:
        return self._insist("POST", path, urlencode(sent), what)

    def upload(self, path: str, sent: dict[str, str], field: str, name: str, content: bytes) -> Answer:
        """Send a form with a file, once."""
        body = encode_multipart(BOUNDARY, sent | {field: SimpleUploadedFile(name, content, "image/png")})
        return self.try_once("POST", path, body, what="upload", kind=MULTIPART_CONTENT)

    def _insist(self, method: str, path: str, body: str | None, what: str) -> Answer:
        """Send the request again until it is answered without an error of the server."""
        until = time.monotonic() + PATIENCE
        while True:
            answer = self.try_once(method, path, body, what=what)
            if not is_failure(answer.status):
                return answer
            if time.monotonic() > until:
                raise AssertionError(f"{self.who} gave up: {method} {what}: {answer.status}\n{answer.text[:2000]}")
            time.sleep(0.5)

    def try_once(
        self, method: str, path: str, body: str | bytes | None = None, *, what: str = "page", kind: str = FORM
    ) -> Answer:
        started = time.monotonic()
        connection = _Connection(self.front, self.address)
        try:
            connection.request(method, path, body, self._headers(kind if body is not None else ""))
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
            answer = Answer(response.status, response.headers.get("Location", ""), text)
            for line in response.headers.get_all("Set-Cookie") or []:
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
        except (OSError, http.client.HTTPException):
            answer = Answer(NO_ANSWER, "", "")
        finally:
            connection.close()
        has_phone = 'href="tel:+' in answer.text
        self.ledger.requests.append(Request(self.who, what, answer.status, started, time.monotonic(), has_phone))
        return answer

    def _headers(self, kind: str) -> dict[str, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} | self.forged
        if kind:
            headers |= {"Content-Type": kind, "Origin": f"https://{HOST}"}
        if self.front.tls is None:
            headers |= {"X-Forwarded-For": self.address, "X-Forwarded-Proto": "https"}
        return headers


_people = count(1)


class Patient:
    """Books visits, one after another, through the three forms. Takes another time where one is gone."""

    def __init__(self, front: Front, ledger: Ledger) -> None:
        self.front, self.ledger = front, ledger

    def book(self, wishes: list[Wish]) -> Booking | None:
        """Book the first wish that is free. Each try is a new person with an address and a browser of its own."""
        refusals = []
        for wish in wishes:
            number = next(_people)
            name, address = f"patient-{number}", f"127.1.{number // 250}.{1 + number % 250}"
            refusal = self._book(Browser(self.front, address, self.ledger, name), wish)
            if not refusal:
                booking = Booking(f"{name}@patients.example", wish)
                self.ledger.booked.append(booking)
                return booking
            refusals.append(f"{name}: {refusal}")
        self.ledger.gave_up.append("; ".join(refusals))
        return None

    def _book(self, browser: Browser, wish: Wish) -> str:
        """Return why the visit was not booked, or ""."""
        held = hold(browser, wish)
        if held.status != 302:
            return "the time was taken"
        if held.location != "/book/check/" and (details := type_details(browser)).status != 302:
            return f"details: {details.status} {_title(details)}"
        booked = confirm(browser)
        return "" if booked.status == 302 else f"check: {booked.status} {_title(booked)}"


def _title(answer: Answer) -> str:
    return answer.text.partition("<title>")[2].partition("</title>")[0].strip()


def hold(browser: Browser, wish: Wish) -> Answer:
    """The first form: choose the time. 302 if it is held now, 409 if it is taken."""
    path = f"/book/{wish.service}/?visit=new&practitioner={wish.practitioner}"
    token = browser.get(path, what="times").fields["csrfmiddlewaretoken"]
    answer = browser.post(path, {"csrfmiddlewaretoken": token, "start": wish.instant}, what="hold")
    assert answer.status in {302, 409}, answer.text[:3000]
    return answer


def type_details(browser: Browser) -> Answer:
    """The second form: who comes. Takes as long as a person at least needs."""
    form = browser.get("/book/details/", what="details form")
    name = browser.who
    typed = {"name": name, "email": f"{name}@patients.example", "phone": "403-555-0123", "reminders": "on"}
    time.sleep(TYPING_SECONDS)
    answer = browser.post("/book/details/", form.fields | typed, what="details")
    assert answer.status in {302, 409, 410}, answer.text[:3000]
    return answer


def confirm(browser: Browser) -> Answer:
    """The third form: book, and see that it is booked."""
    check = browser.get("/book/check/", what="check")
    answer = browser.post("/book/check/", check.fields | {"both": "yes"}, what="book")
    assert answer.status in {302, 409, 410}, answer.text[:3000]
    if answer.status == 302:
        done = browser.get(answer.location, what="booked")
        assert done.status == 200, f"{done.status} {answer.location}\n{done.text[:3000]}"
        assert any(link.startswith("/appointment/") for link in done.links), done.text[:3000]
    return answer


class Load:
    """People at work: patients who book until all wishes are booked, readers and staff until then."""

    def __init__(self, front: Front, wishes: list[list[Wish]], *, patients: int, staff_cookies: dict[str, str]) -> None:
        self.front, self.ledger = front, Ledger()
        self.errors: list[BaseException] = []
        self._wishes, self._over, self._lock = list(wishes), threading.Event(), threading.Lock()
        self.patients = [self._thread(self._patient) for _ in range(patients)]
        self.others = [self._thread(self._reader, number) for number in range(2)]
        self.others.append(self._thread(self._staff, staff_cookies))

    def __enter__(self) -> "Load":
        for thread in [*self.patients, *self.others]:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in [*self.patients, *self.others]:
            thread.join(timeout=2 * PATIENCE)

    def finish(self, *, seconds: float = 180) -> Ledger:
        """Wait until every wish is booked, then stop the others. Returns what all were answered."""
        until = time.monotonic() + seconds
        for thread in self.patients:
            thread.join(timeout=max(0.0, until - time.monotonic()))
        self._over.set()
        for thread in self.others:
            thread.join(timeout=PATIENCE)
        assert not self.errors, self.errors
        assert not any(thread.is_alive() for thread in self.patients), f"Too slow.\n{self.ledger.table()}"
        return self.ledger

    def wait_for_bookings(self, count: int) -> None:
        until = time.monotonic() + PATIENCE
        while len(self.ledger.booked) < count:
            assert time.monotonic() < until, f"Too few bookings.\n{self.ledger.table()}"
            assert not self.errors, self.errors
            time.sleep(0.05)

    def _thread(self, work: Callable[..., None], *args: object) -> threading.Thread:
        def run() -> None:
            try:
                work(*args)
            except BaseException as error:
                self.errors.append(error)

        return threading.Thread(target=run, daemon=True)

    def _patient(self) -> None:
        patient = Patient(self.front, self.ledger)
        while not self._over.is_set():
            with self._lock:
                if not self._wishes:
                    return
                wishes = self._wishes.pop(0)
            patient.book(wishes)

    def _reader(self, number: int) -> None:
        browser = Browser(self.front, f"127.2.0.{number + 1}", self.ledger, f"reader {number}")
        pages = ["/", "/treatments/", "/treatments/dry-needling-for-back-pain/", "/team/", "/search/?q=back", "/book/"]
        while not self._over.is_set():
            for page in pages:
                browser.get(page, what="read")
                self._over.wait(0.25)

    def _staff(self, cookies: dict[str, str]) -> None:
        browser = Browser(self.front, "127.2.1.1", self.ledger, "staff", cookies)
        while not self._over.is_set():
            answer = browser.get("/desk/", what="desk")
            assert answer.status == 200, f"{answer.status} {answer.location}"
            self._over.wait(0.5)
