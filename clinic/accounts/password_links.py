"""Links to choose a password, and the queue of requests for one.

The page for a forgotten password only writes a request with the address that was typed, whoever it belongs to. The
worker looks for the login and sends the mail. So neither the answer nor its time tells who is staff. The queue holds
no link: one is made when its mail is sent.
"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from allauth.account.forms import default_token_generator
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.http import int_to_base36

from booking.messages import TransportUnavailable
from clinic.accounts import adapter
from clinic.models import PasswordLinkRequest, StaffMember

RETRY_INTERVAL = timedelta(minutes=2)  # Longer than a mail server's timeout: meanwhile no other worker sends this mail.
LIFETIME = timedelta(hours=1)  # Then the person has asked again, or has called.


def password_link(user: Any) -> str:
    """Return a link to choose a password. It works once, and not after a change of the user's e-mail address."""
    key = f"{int_to_base36(user.pk)}-{default_token_generator.make_token(user)}"
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
    return settings.SITE_URL + path.replace("UID-KEY", quote(key))


def request_link(email: str, *, now: datetime) -> None:
    """Queue a request for a link to this address. The caller limits the rate."""
    PasswordLinkRequest.objects.create(email=email, requested_at=now, due_at=now)


def send_requested_links() -> str:
    """Send a link to each active staff login with a requested address, and delete the requests. A task of the worker.

    Returns a sentence for the log, or "". Raises TransportUnavailable if a mail was not accepted; it is tried again for
    ``LIFETIME``.
    """
    sent, failed = 0, False
    for request in PasswordLinkRequest.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "pk"):
        now = timezone.now()
        claimed = PasswordLinkRequest.objects.filter(pk=request.pk, due_at=request.due_at)
        if not claimed.update(due_at=now + RETRY_INTERVAL):
            continue
        members = StaffMember.objects.filter(is_active=True, email__iexact=request.email)
        if abs(now - request.requested_at) < LIFETIME:
            results = [adapter.send_password_link(member, password_link(member)) for member in members]
        else:
            results = []
        sent += sum(results)
        if all(results):
            PasswordLinkRequest.objects.filter(pk=request.pk).delete()
        else:
            failed = True
    if failed:
        raise TransportUnavailable("A link for a new password could not be sent.")
    return f"Links for new passwords: {sent}." if sent else ""
