"""The front server's error page: a file with the clinic's name and phone, for while the site does not answer.

The worker keeps it up to date, in VAR_DIR or where ERROR_PAGE says. The site, which has to reach the same file, reads
the name and phone there when it has no database.
"""

import html
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string

from booking.models import Clinic

FILE_NAME = "error_page.html"
_NAME = re.compile(r'<meta name="application-name" content="([^"]*)">')
_PHONE = re.compile(r'<a id="phone" href="([^"]*)">([^<]*)</a>')


@dataclass(frozen=True)
class ClinicContact:
    """What a page without a database knows of the clinic; all empty if nothing is known."""

    name: str = ""
    phone_link: str = ""
    phone: str = ""


def kept_path() -> Path:
    return settings.ERROR_PAGE or Path(settings.VAR_DIR) / FILE_NAME


def render_error_page(clinic: Clinic) -> str:
    return render_to_string("front_server_error.html", {"clinic": clinic})


def keep_error_page_current() -> str:
    """Rewrite the file if the clinic's name or phone has changed. A periodic task of the worker."""
    clinic = Clinic.objects.first()
    if clinic is None or not os.access(kept_path().parent, os.W_OK):
        return ""
    content = render_error_page(clinic)
    if _read(kept_path()) == content:
        return ""
    write_atomically(kept_path(), content)
    return "The front server's error page is written."


def is_kept_page_outdated() -> bool:
    """Return whether there is a file that differs from what the clinic's data say now."""
    kept, clinic = _read(kept_path()), Clinic.objects.first()
    return bool(kept and clinic is not None and kept != render_error_page(clinic))


def contact_in_kept_page() -> ClinicContact:
    """Return the name and phone in the file, for a process that has not read them from the database."""
    content = _read(kept_path())
    name, phone = _NAME.search(content), _PHONE.search(content)
    return ClinicContact(
        name=html.unescape(name[1]) if name else "",
        phone_link=html.unescape(phone[1]) if phone else "",
        phone=html.unescape(phone[2]) if phone else "",
    )


def last_resort() -> str:
    """Return the file, or a line of text: for when nothing else can be rendered."""
    return _read(kept_path()) or "Something went wrong on our side. Please try again in a few minutes, or call us."


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def write_atomically(path: Path, content: str) -> None:
    """Rename the file when it is complete, because the front server may read it at any time."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(file.name)
            raise
