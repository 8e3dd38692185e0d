"""Visitors over kept-open connections: what each asks for next may depend on what it was answered.

One thread and no library, so that the load costs as little as it can beside the servers it measures.
A journey is a generator: it yields an ``Ask`` (or a ``Wait``) and gets the ``Answer``. Every connection is
always busy: whoever is ready goes next, and a new journey begins when nobody is.
"""

import heapq
import re
import selectors
import socket
import time
from collections import defaultdict, deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from bench.serving import HOST

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=]+)=([^;\r]*)", re.IGNORECASE)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_CLOSED = (ConnectionResetError, BrokenPipeError)
MOST_SILENCE = 60  # seconds


@dataclass(frozen=True)
class Ask:
    """One request; ``what`` is the name under which its time is kept."""

    what: str
    sent: bytes


@dataclass(frozen=True)
class Wait:
    """Let the others go on for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    cookies: dict[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        """The hidden fields of the page's forms."""
        return dict(_HIDDEN.findall(self.body.decode()))


Journey = Generator[Ask | Wait, Answer | None, None]


@dataclass
class Told:
    """How long each kind of request took (seconds), and what it was answered with."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    journeys: int = 0
    seconds: float = 0.0

    def add(self, what: str, status: int, took: float) -> None:
        self.times[what].append(took)
        self.statuses[what, status] += 1


class _Line:
    """One connection: sends a request, reads its whole answer; opened anew when the server has closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.begun = 0.0
        self.ask: Ask
        self.journey: Journey
        self._read = bytearray()
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection((HOST, self.port), timeout=MOST_SILENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def begin(self, ask: Ask, journey: Journey) -> None:
        self.ask, self.journey = ask, journey
        self.begun = time.perf_counter()

    def send(self) -> None:
        self._read.clear()
        self.socket.sendall(self.ask.sent)

    def receive(self) -> Answer | None:
        """The answer when all of it is here. ConnectionError when the line was closed instead."""
        some = self.socket.recv(65536)
        if not some:
            raise ConnectionResetError
        self._read += some
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self._read[:end])
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if len(self._read) < end + 4 + size:
            return None
        status = _STATUS.match(head)
        location = _LOCATION.search(head)
        return Answer(
            status=int(status[1]) if status else 0,
            location=location[1].decode() if location else "",
            cookies={name.decode(): value.decode() for name, value in _COOKIE.findall(head)},
            body=bytes(self._read[end + 4 :]),
        )


def drive(port: int, journeys: Iterable[Journey], *, connections: int) -> Told:
    """Go all the journeys, so many requests at a time; what they were told."""
    return _Drive(port, iter(journeys), connections).go()


class _Drive:
    def __init__(self, port: int, journeys: Iterator[Journey], connections: int) -> None:
        self.journeys = journeys
        self.told = Told()
        self.ready: deque[tuple[Ask, Journey]] = deque()
        self.waiting: list[tuple[float, int, Journey]] = []  # until when
        self.numbers = count()
        self.idle = [_Line(port) for _ in range(connections)]
        self.busy: set[_Line] = set()
        self.selector = selectors.DefaultSelector()

    def go(self) -> Told:
        began, paused = time.perf_counter(), 0.0
        try:
            while self._set_off():
                pause = self.waiting[0][0] - time.perf_counter() if self.waiting and self.idle else MOST_SILENCE
                if not self.busy:  # Everybody is typing: that is no time of the server's.
                    paused += max(0.0, pause)
                    time.sleep(max(0.0, pause))
                    continue
                events = self.selector.select(max(0.0, pause))
                if not events and pause >= MOST_SILENCE:
                    raise TimeoutError(f"No answer for {MOST_SILENCE} seconds.")
                for key, _ in events:
                    self._read(key.data)
        finally:
            for line in (*self.idle, *self.busy):
                line.socket.close()
            self.selector.close()
        self.told.seconds = time.perf_counter() - began - paused
        return self.told

    def _set_off(self) -> bool:
        """Give every idle line something to do; whether anything is still under way."""
        while self.idle:
            now = time.perf_counter()
            while self.waiting and self.waiting[0][0] <= now:
                self._step(heapq.heappop(self.waiting)[2], None)
            if self.ready:
                line = self.idle.pop()
                line.begin(*self.ready.popleft())
                self._send(line)
            elif (journey := next(self.journeys, None)) is not None:
                self._step(journey, None)
            else:
                break
        return bool(self.busy or self.waiting or self.ready)

    def _send(self, line: _Line) -> None:
        try:
            line.send()
        except _CLOSED:
            self._anew(line)
            return
        self.busy.add(line)
        self.selector.register(line.socket, selectors.EVENT_READ, line)

    def _anew(self, line: _Line) -> None:
        """The server hung up on an idle line just as it was used (RFC 9112, 9.3.1): ask on another."""
        line.socket.close()
        line.open()
        line.send()
        self.busy.add(line)
        self.selector.register(line.socket, selectors.EVENT_READ, line)

    def _read(self, line: _Line) -> None:
        try:
            answer = line.receive()
        except _CLOSED:
            self.selector.unregister(line.socket)
            self._anew(line)
            return
        if answer is None:
            return
        self.told.add(line.ask.what, answer.status, time.perf_counter() - line.begun)
        self.selector.unregister(line.socket)
        self.busy.remove(line)
        self.idle.append(line)
        self._step(line.journey, answer)

    def _step(self, journey: Journey, answer: Answer | None) -> None:
        try:
            wish = journey.send(answer)
        except StopIteration:
            self.told.journeys += 1
            return
        if isinstance(wish, Wait):
            heapq.heappush(self.waiting, (time.perf_counter() + wish.seconds, next(self.numbers), journey))
        else:
            self.ready.append((wish, journey))
