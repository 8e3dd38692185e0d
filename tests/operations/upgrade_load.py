"""Readers, patients who book and a front desk, who do not notice that the site behind the balancer is exchanged.

They send requests to 127.0.0.1 only, at a bounded rate, until they are stopped or their time is over.
"""

import http.client
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from random import Random
from urllib.parse import urlencode, urlsplit

from tests.proofs.race_people import TYPING_SECONDS, Answer

LONGEST = 600  # Seconds.
MEASURED = 6  # Seconds of load at each step, at least.
SERVICE = "/book/physiotherapy-assessment/"


@dataclass
class Record:
    """What all clients saw, and during which step of the upgrade."""

    step: str = "start"
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)  # By step and client.
    failures: list[str] = field(default_factory=list)
    booked: list[tuple[str, str]] = field(default_factory=list)  # The step at its end, and the email.
    stopped: threading.Event = field(default_factory=threading.Event)

    def measure(self, step: str) -> None:
        """Let the clients go on for some seconds, and until somebody has booked."""
        self.step = step
        for second in range(60):
            time.sleep(1)
            if second >= MEASURED and any(one == step for one, _ in self.booked):
                return
        raise AssertionError(f"Nobody booked within a minute: {step}")


@dataclass
class Client:
    """A browser with an address and cookies of its own, and a new connection for each request."""

    record: Record
    port: int
    name: str
    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, data: dict[str, str]) -> Answer:
        return self.send("POST", path, urlencode(data))

    def send(self, method: str, path: str, body: str | None = None) -> Answer:
        step = self.record.step
        self.record.requests[step, self.name] += 1
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=(self.address, 0))
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers.get("Location", ""), response.read().decode())
        except (OSError, http.client.HTTPException) as error:
            self.record.failures.append(f"{step}: {method} {path}: {error!r}")
            return Answer(0, "", "")
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        if answer.status >= 500 or answer.status in (403, 404, 429):
            title = re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL)
            self.record.failures.append(f"{step}: {method} {path}: {answer.status} {title and title[1].strip()}")
        return answer

    def follow(self, path: str) -> Answer:
        answer = self.get(path)
        for _ in range(3):
            if answer.status not in (301, 302):
                break
            answer = self.get(answer.location)
        return answer


def read(record: Record, port: int, number: int) -> None:
    """Open the home page's pages, one after another."""
    client = Client(record, port, "reader", f"127.0.5.{number + 1}")
    paths: list[str] = []
    while not record.stopped.is_set():
        if not paths:
            home = client.get("/")
            paths = [SERVICE, *sorted({link for link in home.links if re.fullmatch(r"/[a-z/-]*", link)})[:12]]
        client.follow(paths.pop())
        time.sleep(0.1)


def book(record: Record, port: int, number: int) -> None:
    """Book by the three forms, each time as somebody else; all compete for the first free times of a few days."""
    random = Random(number)
    for visit in range(200):
        if record.stopped.is_set():
            return
        client = Client(record, port, "patient", f"127.0.{10 + number}.{visit + 1}")
        email = f"patient-{number}-{visit}@patients.example"
        if book_once(client, email, random):
            record.booked.append((record.step, email))
        time.sleep(0.1)


def book_once(client: Client, email: str, random: Random) -> bool:
    page = client.get(f"{SERVICE}?visit=new")
    days = [link for link in page.links if "day=" in link and urlsplit(link).path in ("", SERVICE)]
    if days:  # One day at a time, since release 0.2; before that, a week.
        link = urlsplit(random.choice(days)).query.replace("&amp;", "&")
        page = client.get(f"{SERVICE}?{link}")
    starts = re.findall(r'name="start"[^>]*?value="([^"]+)"', page.text)
    if not starts or "csrfmiddlewaretoken" not in page.fields:
        return False
    csrf = {"csrfmiddlewaretoken": page.fields["csrfmiddlewaretoken"]}
    held = client.post(f"{SERVICE}?visit=new", csrf | {"start": random.choice(starts)})
    if held.status != 302:
        return False
    if held.location == "/book/safety/":  # Signs that cannot wait, with a link to the form.
        client.get(held.location)
    form = client.get("/book/details/")
    if form.status != 200:
        return False
    time.sleep(TYPING_SECONDS)
    typed = {"name": f"Patient {email.split('@')[0].title()}", "email": email, "phone": "403-555-0123"}
    answer = client.post("/book/details/", form.fields | typed | {"booking_for": "me", "reminders": "on"})
    if answer.status != 302:
        return False
    check = client.get(answer.location)
    done = client.post("/book/check/", check.fields | {"both": "yes"})
    return done.status == 302 and done.location == "/book/done/"


def keep_desk(record: Record, port: int, password: str) -> None:
    """Log in once, and look at the diary again and again."""
    client = Client(record, port, "desk", "127.0.6.1")
    form = client.get("/staff/login/")
    client.post("/staff/login/", form.fields | {"login": "upgrade-desk", "password": password})
    while not record.stopped.is_set():
        page = client.follow(
            "/admin/booking/appointment/"
        )  # The diary of 0.1.0, and since then a redirect to the desk.
        if 'name="password"' in page.text:
            record.failures.append(f"{record.step}: the desk was asked to log in again")
            return
        time.sleep(0.3)


@contextmanager
def running(record: Record, port: int, password: str) -> Iterator[Callable[[], None]]:
    """Run all clients, and yield a function that stops them and waits until each has its last answer."""
    threads = [threading.Thread(target=read, args=(record, port, number)) for number in range(2)]
    threads += [threading.Thread(target=book, args=(record, port, number)) for number in range(3)]
    threads += [threading.Thread(target=keep_desk, args=(record, port, password))]
    end = threading.Timer(LONGEST, record.stopped.set)

    def stop() -> None:
        end.cancel()
        record.stopped.set()
        for thread in threads:
            thread.join(timeout=60)

    for thread in [*threads, end]:
        thread.start()
    try:
        yield stop
    finally:
        stop()
