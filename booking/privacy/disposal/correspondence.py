"""Waitlist entries, messages of the contact form and requests for a link: rows that may name no patient by key."""

from collections.abc import Collection, Iterable

from django.db.models import Q

from booking.models import Appointment, Message, Patient, Status, WaitlistEntry
from booking.privacy.disposal.people import Identity

Kind = Message.Kind


def entries_of(rows: Collection[Patient], identities: Iterable[Identity]) -> list[WaitlistEntry]:
    """Waitlist entries of these patients, and those without a patient that have their name and address or number."""
    found = {entry.pk: entry for entry in WaitlistEntry.objects.filter(patient__in=[row.pk for row in rows])}
    for identity in identities:
        for entry in WaitlistEntry.objects.filter(identity.is_reached, patient__isnull=True):
            if identity.is_called(entry.name):
                found[entry.pk] = entry
    return list(found.values())


def delete_entries(entries: Collection[WaitlistEntry]) -> dict[str, int]:
    """Delete the entries with their offers and messages; a time that is held for one becomes free."""
    keys = [entry.pk for entry in entries]
    Appointment.objects.filter(waitlist_offer__entry__in=keys, status=Status.HELD).update(status=Status.EXPIRED)
    person_keys = [entry.person_key for entry in entries]
    Appointment.objects.filter(hold_key__in=person_keys).exclude(status=Status.HELD).update(hold_key="")
    messages = Message.objects.filter(Q(waitlist_entry__in=keys) | Q(waitlist_offer__entry__in=keys)).delete()[0]
    WaitlistEntry.objects.filter(pk__in=keys).delete()
    return {"waitlist": len(keys), "messages": messages}


def delete_letters(rows: Collection[Patient], identities: Iterable[Identity]) -> dict[str, int]:
    """Delete what they wrote in the contact form, and their requests for a link."""
    letters = list(Message.objects.filter(kind__in=[Kind.CONTACT, Kind.LOST_LINK]))
    others = Patient.objects.current().exclude(pk__in=[row.pk for row in rows])
    keys: set[int] = set()
    for identity in identities:
        # A family shares an address: then only what bears this name is theirs.
        is_shared = others.filter(identity.is_reached).exists()
        keys |= {letter.pk for letter in letters if _is_from(letter, identity, is_shared=is_shared)}
    return {"contact_messages": Message.objects.filter(pk__in=keys).delete()[0]}


def _is_from(letter: Message, identity: Identity, *, is_shared: bool) -> bool:
    content = letter.content
    email = str(content.get("reply_to") or content.get("email") or "")
    if not identity.is_reached_by(email, str(content.get("phone") or "")):
        return False
    return not is_shared or identity.is_called(str(content.get("name") or ""))
