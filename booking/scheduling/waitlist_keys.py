"""Who waits, and for what, as keys: hashes under the site's own, so that neither can be read or guessed."""

from typing import TYPE_CHECKING

from django.utils.crypto import salted_hmac

from booking.models import WaitlistEntry

if TYPE_CHECKING:
    from booking.scheduling.waiting import WaitlistWish

_SALT = "booking.waitlist"


def keys_of(wanted: "WaitlistWish | WaitlistEntry") -> tuple[str, str]:
    """The person's key, which is also what their offers are held under, and the key of the whole wish."""
    person = (wanted.email.casefold(), wanted.name.casefold())
    what = (wanted.service.pk, wanted.location.pk, wanted.practitioner and wanted.practitioner.pk)
    when = (wanted.first_on.isoformat(), wanted.last_on.isoformat(), ",".join(sorted(map(str, wanted.parts))))
    wish = (*person, wanted.contact_name.casefold(), *map(str, what), *when, str(wanted.is_first_visit))
    return f"waitlist-{_digest(person)}", _digest(wish)


def _digest(words: tuple[str, ...]) -> str:
    return salted_hmac(_SALT, "\0".join(words), algorithm="sha256").hexdigest()[:40]
