"""Run the worker and kill it at a named step: ``python -m tests.proofs.killed_worker STEP NUMBER``.

The functions that send a mail are patched here, so that the site's own code has no switch for tests. At the NUMBER-th
mail, the process sends itself SIGKILL.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dies_before(function: Callable, number: int) -> Callable:
    return _wrapped(function, number, before=True)


def dies_after(function: Callable, number: int) -> Callable:
    return _wrapped(function, number, before=False)


def _wrapped(function: Callable, number: int, *, before: bool) -> Callable:
    calls = 0

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if before and calls == number:
            die()
        answer = function(*args, **kwargs)
        if calls == number:
            die()
        return answer

    return wrapped


def sends_half_a_mail(send: Callable, number: int) -> Callable:
    """Send only half of the NUMBER-th mail's bytes."""
    mails = 0

    def wrapped(self: Any, data: Any) -> None:
        nonlocal mails
        if len(data) > 1000:
            mails += 1
            if mails == number:
                send(self, data[: len(data) // 2])
                die()
        send(self, data)

    return wrapped


def hears_no_answer(send: Callable, number: int) -> Callable:
    """Send the NUMBER-th mail completely, but do not wait for the server's response."""
    mails = 0

    def wrapped(self: Any, data: Any) -> None:
        nonlocal mails
        send(self, data)
        if len(data) > 1000:
            mails += 1
            if mails == number:
                die()

    return wrapped


STEPS = {
    # name: (module, object path, wrapper)
    "connected": ("booking.messages.delivery.transports", "EmailTransport.open", dies_after),
    "about to claim": ("booking.messages.delivery.send", "claim", dies_before),
    "claimed": ("booking.messages.delivery.send", "claim", dies_after),
    "found fitting": ("booking.messages.delivery.send", "is_still_true", dies_after),
    "written": ("booking.messages.delivery.transports", "render", dies_after),
    "sender given": ("smtplib", "SMTP.mail", dies_after),
    "recipient given": ("smtplib", "SMTP.rcpt", dies_after),
    "half sent": ("smtplib", "SMTP.send", sends_half_a_mail),
    "sent, unanswered": ("smtplib", "SMTP.send", hears_no_answer),
    "answered yes": ("smtplib", "SMTP.data", dies_after),
    "about to mark": ("booking.messages.delivery.send", "mark_sent", dies_before),
    "marked": ("booking.messages.delivery.send", "mark_sent", dies_after),
}
# Steps between the server's acceptance and the commit that marks the message as sent: only here may a mail be repeated.
MAY_REPEAT = {"sent, unanswered", "answered yes", "about to mark"}


def main(step: str, number: int) -> None:
    import django
    from django.core.management import call_command
    from django.utils.module_loading import import_module

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    django.setup()
    module, path, wrap = STEPS[step]
    owner = import_module(module)
    *classes, name = path.split(".")
    for part in classes:
        owner = getattr(owner, part)
    setattr(owner, name, wrap(getattr(owner, name), number))
    call_command("work", "--once")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
