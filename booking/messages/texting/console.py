"""Text messages on the worker's own screen: for trying the site out on one machine."""

import sys

from booking.messages.texting import Text, TextSender


class ConsoleSender(TextSender):
    """Prints what would be sent. ``clinic.environment`` allows it on a local site only."""

    def send(self, text: Text) -> None:
        sys.stdout.write(f"Text message to {text.to}: {text.body}\n")
        sys.stdout.flush()
