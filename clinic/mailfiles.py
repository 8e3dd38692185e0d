"""Keep mails as files that a mail program opens: where no mail server is set, under ``var/mail``."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """Writes one ``.eml`` file a message, complete before it appears under its name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.folder = Path(settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
            half = self.folder / f".{name}.part"
            half.write_bytes(message.message().as_bytes(linesep="\r\n"))  # type: ignore[call-arg]
            half.rename(self.folder / f"{name}.eml")
        return len(email_messages)
