"""Read and write the record of where this database is served from."""

import secrets
from datetime import datetime

from django.db.models import F

from booking.models import SiteIdentity
from booking.site_identity.memory import SiteMemory
from booking.site_identity.place import Place


def load_identity() -> SiteIdentity | None:
    return SiteIdentity.objects.filter(pk=SiteIdentity.PK).first()


def new_token() -> str:
    return secrets.token_hex(16)


def adopt(place: Place, *, now: datetime) -> None:
    """Record this place in a database that has none yet. Of several workers one does."""
    SiteIdentity.objects.filter(database="").update(
        database=place.database, site_url=place.site_url, token=new_token(), recorded_at=now
    )


def count_heartbeat(identity: SiteIdentity, place: Place) -> None:
    """Count on, and record the address of a site that has only had one of its own machine."""
    own = SiteIdentity.objects.filter(token=identity.token, database=identity.database)
    own.update(heartbeats=F("heartbeats") + 1)
    if not identity.site_url and place.site_url:
        own.filter(site_url="").update(site_url=place.site_url)


def muted_since(identity: SiteIdentity, place: Place, memory: SiteMemory, *, went_back: bool) -> datetime | None:
    """Since when a worker has found this database at another place, or set back: what was queued later is its own.

    None if no worker has noticed it yet. A backup that was made while the site was mute brings back an earlier time: it
    counts no more if the site was taken over since, because then it has sent what was queued.
    """
    if identity.muted_at is None or identity.muted_place != str(place) or (went_back and not identity.went_back):
        return None
    return None if memory.was_taken_over_since(place.database, identity.muted_at) else identity.muted_at


def record_mute(identity: SiteIdentity, place: Place, memory: SiteMemory, *, went_back: bool, now: datetime) -> None:
    """Record since when a worker has found this database at another place, or set back."""
    if muted_since(identity, place, memory, went_back=went_back) is None:
        SiteIdentity.objects.filter(token=identity.token).update(
            muted_place=str(place), muted_at=now, went_back=identity.went_back or went_back
        )
