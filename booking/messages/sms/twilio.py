"""SMS gateway for Twilio's Messages resource (API version 2010-04-01): one POST request per message.

See https://www.twilio.com/docs/messaging/api/message-resource. Error handling:

- A request answered with status 429 was not processed (docs/api/errors/20429), so it is safe to retry.
- The API has no idempotency key: after a 500 or a timeout, a retry could send a duplicate. So before a retry the
  list of messages to that number is read, and the message is sent only if it is not in it. A duplicate remains
  possible if Twilio lists the message late.
- 201 means queued. Whether the message arrived is read later, from the message's own address.

Uses ``http.client``: Twilio's own package would add five dependencies. Redirects are not followed, so that the
credentials are sent to no other host.
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

from booking.messages.sms.gateway import (
    DeliveryReport,
    DeliveryStatus,
    SmsGateway,
    SmsGatewayUnavailable,
    SmsMessage,
    SmsOutcomeUnknown,
    SmsRefused,
)

TIMEOUT = 10.0  # seconds per socket operation
TOTAL_TIMEOUT = 30.0  # seconds for one request and its complete response
MAX_RESPONSE_BYTES = 256 * 1024
# Errors of the sending number or service, not of the recipient: no message can be sent until it is corrected.
SENDER_ERROR_CODES = frozenset({21212, 21603, 21606, 21612, 21659, 21660, 21703, 21704})
NOT_SENT = frozenset({"failed", "undelivered", "canceled"})
DELIVERED = frozenset({"delivered", "read"})
CLOCK_TOLERANCE = timedelta(minutes=1)


class TwilioGateway(SmsGateway):
    """``user`` and ``password``: an API key and its secret, or the account SID and its auth token.

    ``sender``: a number in E.164 format, or the SID of a messaging service (MG...).
    """

    def __init__(
        self, *, host: str, port: int, secure: bool, account: str, user: str, password: str, sender: str
    ) -> None:
        self.host, self.port, self.secure = host, port, secure
        self.messages = f"/2010-04-01/Accounts/{quote(account, safe='')}/Messages"
        self.path = f"{self.messages}.json"
        self.login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        self.sender = sender

    def send(self, sms: SmsMessage) -> str:
        sender_parameter = "MessagingServiceSid" if self.sender.startswith("MG") else "From"
        status, response_data = self._request(
            "POST", self.path, urlencode({"To": sms.to, sender_parameter: self.sender, "Body": sms.body})
        )
        if status in {200, 201} and response_data.get("sid"):
            return str(response_data["sid"])
        code = response_data.get("code")
        if status == 400 and code not in SENDER_ERROR_CODES:
            raise SmsRefused(str(code) if isinstance(code, int) else "400")
        _raise_if_unavailable(status, code)
        raise SmsOutcomeUnknown(str(status))

    def accepted_id(self, sms: SmsMessage, *, since: datetime) -> str | None:
        status, response_data = self._request("GET", f"{self.path}?{urlencode({'To': sms.to, 'PageSize': 50})}")
        if status != 200 or not isinstance(response_data.get("messages"), list):
            _raise_if_unavailable(status, response_data.get("code"))
            raise SmsOutcomeUnknown(str(status))
        same = (sent for sent in response_data["messages"] if is_same_text(sent, sms, since - CLOCK_TOLERANCE))
        accepted = next(same, None)
        return None if accepted is None else str(accepted.get("sid") or "")

    def delivery_of(self, provider_id: str) -> DeliveryReport:
        status, response_data = self._request("GET", f"{self.messages}/{quote(provider_id, safe='')}.json")
        if status == 404:  # Deleted there, or sent through another account.
            return DeliveryReport(DeliveryStatus.UNKNOWN)
        if status != 200 or not isinstance(response_data.get("status"), str):
            _raise_if_unavailable(status, response_data.get("code"))
            raise SmsOutcomeUnknown(str(status))
        if response_data["status"] in NOT_SENT:
            code = response_data.get("error_code")
            return DeliveryReport(DeliveryStatus.UNDELIVERED, str(code) if isinstance(code, int) else "")
        is_delivered = response_data["status"] in DELIVERED
        return DeliveryReport(DeliveryStatus.DELIVERED if is_delivered else DeliveryStatus.PENDING)

    def _request(self, method: str, path: str, form: str = "") -> tuple[int, dict[str, Any]]:
        """Return the status and JSON object of a response. Raises SmsGatewayUnavailable if the connection fails."""
        connection_class = HTTPSConnection if self.secure else HTTPConnection
        options: dict[str, Any] = {"context": ssl.create_default_context()} if self.secure else {}
        connection = connection_class(self.host, self.port, timeout=TIMEOUT, **options)
        try:
            connection.connect()
        except OSError as error:
            raise SmsGatewayUnavailable(
                "The text-message service can't be reached. If this continues, check SMS_URL."
            ) from error
        # Pass the socket: the connection drops its reference before the response is read.
        watchdog = threading.Timer(TOTAL_TIMEOUT, _shut_down, [connection.sock])
        watchdog.daemon = True
        watchdog.start()
        headers = {"Authorization": self.login, "Accept": "application/json"}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body=form or None, headers=headers)
            response = connection.getresponse()
            return response.status, _parse_object(response.read(MAX_RESPONSE_BYTES))
        except (OSError, HTTPException) as error:
            raise SmsOutcomeUnknown(type(error).__name__) from error
        finally:
            watchdog.cancel()
            connection.close()


def _shut_down(sock: socket.socket) -> None:
    """Shut down the socket, to end a read from a server that responds too slowly."""
    with suppress(OSError):  # It may be closed already.
        # Not SSLSocket.shutdown, which would discard the TLS layer during a read.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _parse_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:  # Including UnicodeDecodeError.
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _raise_if_unavailable(status: int, code: Any) -> None:
    """Raise SmsGatewayUnavailable for a status that certainly means that the message was not accepted."""
    if status == 429:
        raise SmsGatewayUnavailable("The text-message service asks us to be slower.")
    if 300 <= status < 500:
        shown_code = code if isinstance(code, int) else status
        raise SmsGatewayUnavailable(f"The text-message service refuses us ({shown_code}). Check SMS_URL.")


def is_same_text(sent: Any, sms: SmsMessage, since: datetime) -> bool:
    """Whether an item of the list is this message. A trial account prepends its own text to the body."""
    if not isinstance(sent, dict) or sent.get("status") in NOT_SENT:
        return False
    try:
        created_at = parsedate_to_datetime(str(sent.get("date_created")))
        return str(sent.get("body")).endswith(sms.body) and created_at >= since
    except (ValueError, TypeError):  # TypeError: a date without a time zone.
        return False
