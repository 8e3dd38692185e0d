"""The worker, killed at a named step: ``python -m tests.dying_worker STEP NUMBER``.

Every function that is a step of sending a mail is wrapped from here, so that the site's own code
holds no switch for tests. At the NUMBER-th mail, the process kills itself as ``kill -9`` would.
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
    """Of the NUMBER-th mail's bytes, only half leave this machine."""
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
    """The NUMBER-th mail leaves whole, and nobody is there to hear the server's answer."""
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
    # name: (module, object path, how it is wrapped)
    "connected": ("booking.messages.carriers", "MailCarrier.open", dies_after),
    "about to claim": ("booking.messages.sending", "_claim", dies_before),
    "claimed": ("booking.messages.sending", "_claim", dies_after),
    "found fitting": ("booking.messages.sending", "still_fits", dies_after),
    "written": ("booking.messages.carriers", "render", dies_after),
    "sender given": ("smtplib", "SMTP.mail", dies_after),
    "recipient given": ("smtplib", "SMTP.rcpt", dies_after),
    "half sent": ("smtplib", "SMTP.send", sends_half_a_mail),
    "sent, unanswered": ("smtplib", "SMTP.send", hears_no_answer),
    "answered yes": ("smtplib", "SMTP.data", dies_after),
    "about to mark": ("booking.messages.sending", "_mark_sent", dies_before),
    "marked": ("booking.messages.sending", "_mark_sent", dies_after),
}
# Between the server's yes and our mark: only here may a mail come twice.
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
