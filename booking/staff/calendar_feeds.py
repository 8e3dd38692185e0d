"""Make, replace and revoke the address of a practitioner's calendar feed."""

import uuid
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from booking.models import Practitioner
from booking.privacy.change_log import log_values
from booking.scheduling import Actor
from booking.staff.history import log_change


def replace_feed(practitioner: Practitioner, *, by: Any) -> str:
    """Give the feed a new address; an earlier one stops working. Returns what was done, in words."""
    return _set_feed(practitioner, uuid.uuid4(), gettext("The calendar has a new address."), by)


def revoke_feed(practitioner: Practitioner, *, by: Any) -> str:
    """Take the feed's address away."""
    return _set_feed(practitioner, None, gettext("The calendar's address is revoked."), by)


def _set_feed(practitioner: Practitioner, uid: uuid.UUID | None, sentence: str, by: Any) -> str:
    with transaction.atomic():
        had_address = practitioner.feed_uid is not None
        Practitioner.objects.filter(pk=practitioner.pk).update(feed_uid=uid)
        # The address is a secret, so the log only says that there is another, or none.
        log_values(
            Actor.staff(by),
            practitioner,
            {"feed_address": "made" if had_address else None},
            {"feed_address": "made anew" if uid else None},
        )
        log_change(by, practitioner, sentence)
    return f"{sentence} " + gettext("The earlier address no longer works.")
