"""SMTP server that records the mails it accepts and simulates failures."""

import email
import email.policy
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class MailServer:
    """Listen on ``port`` of ``address``. ``at`` maps a command ("MAIL", "RCPT", "DATA") to a function of its response.

    The function takes the recipient's address (the sender's at MAIL), and returns a line such as "450 later",
    ``HANG_UP``, ``HANG``, or None to accept.
    """

    port: int = 0
    address: str = "127.0.0.1"
    at: dict[str, Callable[[str], Any]] = field(default_factory=dict)
    received: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def ids(self) -> Counter[str]:
        """Count the accepted mails by Message-ID."""
        return Counter(str(mail["Message-ID"]) for mail in list(self.received))

    def to(self) -> list[str]:
        return sorted(str(mail["To"]) for mail in list(self.received))

    def wait_for_more_than(self, count: int, seconds: float = 60) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.received) > count, timeout=seconds), "no mail came"


HANG_UP, HANG = "hang up", "hang"


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self.server = server

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list) -> list:
        session.host_name = hostname
        self.server.connections += 1
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list) -> str:
        if (answer := await self._failure("MAIL", address, server)) is not None:
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list) -> str:
        if (answer := await self._failure("RCPT", address, server)) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if (answer := await self._failure("DATA", envelope.rcpt_tos[0], server)) is not None:
            return answer
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self.server.changed:
            self.server.received.append(mail)
            self.server.changed.notify_all()
        return "250 OK"

    async def _failure(self, command: str, address: str, server: Any) -> str | None:
        import asyncio

        answer = self.server.at.get(command, lambda address: None)(address)
        if answer == HANG_UP:
            server.transport.abort()
            return "421 gone"
        if answer == HANG:
            await asyncio.sleep(3600)
        return answer


@contextmanager
def running(address: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """Run a mail server, which offers STARTTLS with ``tls``."""
    server = MailServer(port=free_port(), address=address)
    controller = Controller(_Handler(server), hostname=address, port=server.port, tls_context=tls)
    controller.start()
    try:
        yield server
    finally:
        controller.stop(no_assert=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
