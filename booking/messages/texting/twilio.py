"""Twilio's Messages resource (API version 2010-04-01): one form posted for each text.

https://www.twilio.com/docs/messaging/api/message-resource says what is asked and answered. Two
things decide how we fail:

- A request answered with 429 was not processed (docs/api/errors/20429), so it may simply be repeated.
- Creating a message knows no idempotency key: after a 500, or an answer that never came, a second
  request may send a second text. So before a second try we read the list of what was sent to that
  number, and send only what is not there. What is left is a text that Twilio lists later than we look.

The standard library's ``http.client`` is enough for one form and one small answer: Twilio's own
package would bring five more with it. No redirect is followed: our password goes nowhere else.
"""

import base64
import json
import socket
import ssl
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode

from booking.messages.texting import Text, TextRefused, TextSender, TextServiceAway, TextUncertain

TIMEOUT = 10.0  # seconds without a sign of life
LONGEST = 30.0  # seconds for one request and its whole answer, however slowly it trickles
MOST_BYTES = 256 * 1024
# The number or service that we send from, not the one that we send to: nothing will leave before that is mended.
ABOUT_OUR_OWN_NUMBER = frozenset({21212, 21603, 21606, 21612, 21659, 21660, 21703, 21704})
NOT_SENT = frozenset({"failed", "undelivered", "canceled"})
CLOCKS_MAY_DIFFER = timedelta(minutes=1)


class TwilioSender(TextSender):
    """``user`` and ``password``: an API key and its secret, or the account and its token.

    ``sender`` is a number in E.164 form or a messaging service (MG...).
    """

    def __init__(
        self, *, host: str, port: int, secure: bool, account: str, user: str, password: str, sender: str
    ) -> None:
        self.host, self.port, self.secure = host, port, secure
        self.path = f"/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
        self.login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        self.sender = sender

    def send(self, text: Text) -> None:
        who = "MessagingServiceSid" if self.sender.startswith("MG") else "From"
        status, answer = self._ask("POST", self.path, urlencode({"To": text.to, who: self.sender, "Body": text.body}))
        if status in {200, 201} and answer.get("sid"):
            return
        code = answer.get("code")
        if status == 400 and code not in ABOUT_OUR_OWN_NUMBER:
            raise TextRefused(str(code) if isinstance(code, int) else "400")
        _refuse_what_is_no_answer(status, code)
        raise TextUncertain(str(status))

    def took(self, text: Text, *, since: datetime) -> bool:
        status, answer = self._ask("GET", f"{self.path}?{urlencode({'To': text.to, 'PageSize': 50})}")
        if status != 200 or not isinstance(answer.get("messages"), list):
            _refuse_what_is_no_answer(status, answer.get("code"))
            raise TextUncertain(str(status))
        return any(_is(sent, text, since - CLOCKS_MAY_DIFFER) for sent in answer["messages"])

    def _ask(self, method: str, path: str, form: str = "") -> tuple[int, dict[str, Any]]:
        """The status and the JSON object of one answer; TextServiceAway while nobody could be reached."""
        kind = HTTPSConnection if self.secure else HTTPConnection
        options: dict[str, Any] = {"context": ssl.create_default_context()} if self.secure else {}
        connection = kind(self.host, self.port, timeout=TIMEOUT, **options)
        try:
            connection.connect()
        except OSError as problem:
            raise TextServiceAway("The text-message service cannot be reached. Check SMS_URL if this goes on.") from (
                problem
            )
        watch = threading.Timer(LONGEST, _hang_up, [connection.sock])  # The connection lets go of it before the end.
        watch.daemon = True
        watch.start()
        headers = {"Authorization": self.login, "Accept": "application/json"}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body=form or None, headers=headers)
            response = connection.getresponse()
            return response.status, _object(response.read(MOST_BYTES))
        except (OSError, HTTPException) as problem:
            raise TextUncertain(type(problem).__name__) from problem
        finally:
            watch.cancel()
            connection.close()


def _hang_up(line: socket.socket) -> None:
    """End a conversation that trickles: whoever reads it has read the last."""
    with suppress(OSError):  # It has just ended by itself.
        socket.socket.shutdown(line, socket.SHUT_RDWR)  # Under TLS, too: what reads must not find its TLS gone.


def _object(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:  # Also what is no UTF-8.
        return {}
    return read if isinstance(read, dict) else {}


def _refuse_what_is_no_answer(status: int, code: Any) -> None:
    """TextServiceAway for what no other number would change, where surely nothing was taken."""
    if status == 429:
        raise TextServiceAway("The text-message service asks us to be slower.")
    if 300 <= status < 500:
        said = code if isinstance(code, int) else status
        raise TextServiceAway(f"The text-message service refuses us ({said}). Check SMS_URL.")


def _is(sent: Any, text: Text, since: datetime) -> bool:
    """Whether a row of the list is this text. A trial account puts words of its own before ours."""
    if not isinstance(sent, dict) or sent.get("status") in NOT_SENT:
        return False
    try:
        made_at = parsedate_to_datetime(str(sent.get("date_created")))
        return str(sent.get("body")).endswith(text.body) and made_at >= since
    except (ValueError, TypeError):  # TypeError: a date without its zone.
        return False
