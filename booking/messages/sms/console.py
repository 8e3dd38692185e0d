"""SMS gateway that prints to standard output, for local development."""

import sys

from booking.messages.sms.gateway import SmsGateway, SmsMessage


class ConsoleGateway(SmsGateway):
    """Prints each message. ``clinic.ops.environment`` allows it for a local site only."""

    def send(self, sms: SmsMessage) -> str:
        sys.stdout.write(f"Text message to {sms.to}: {sms.body}\n")
        sys.stdout.flush()
        return ""
