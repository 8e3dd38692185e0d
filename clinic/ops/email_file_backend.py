"""Email backend that writes each email to a file under ``var/mail``, if no mail server is configured.

The mails hold names and links that open visits: only the site's own user may read them.
"""

import os
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from clinic.ops.folders import make_private


class EmailBackend(BaseEmailBackend):
    """Write one ``.eml`` file for each message, atomically: the file is renamed once it is complete."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.folder = Path(settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        make_private(self.folder)
        self.folder.chmod(0o700)  # Also a folder that an earlier release made.
        for message in email_messages:
            name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
            temporary = self.folder / f".{name}.part"
            # Django's own argument for CRLF differs between 5.2 (linesep) and 6.0 (policy).
            content = re.sub(rb"\r?\n", b"\r\n", message.message().as_bytes())
            try:
                with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(content)
                temporary.rename(self.folder / f"{name}.eml")
            except OSError:
                temporary.unlink(missing_ok=True)
                raise
        return len(email_messages)
