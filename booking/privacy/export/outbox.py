"""The messages to the person, and those that they wrote in the contact form."""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.models import Channel, Message, Patient, WaitlistEntry
from booking.privacy.disposal import known_identities
from booking.privacy.export.tables import ExportTable, Extra
from booking.text_cleaning import normalize_for_search

_TO_THE_CLINIC = (Message.Kind.CLINIC_NOTICE, Message.Kind.CONTACT, Message.Kind.DAILY_SUMMARY)


def message_tables(identities: Sequence[Patient], waiting: Sequence[WaitlistEntry]) -> list[ExportTable]:
    causes = ("appointment__patient", "waitlist_entry", "waitlist_offer__entry")
    about = Q(appointment__patient__in=identities) | Q(waitlist_entry__in=waiting)
    rows = Message.objects.filter(about | Q(waitlist_offer__entry__in=waiting)).select_related("practitioner", *causes)
    messages = [*rows.order_by("due_at", "pk"), *_linked_to_nobody(identities)]
    to = Extra(gettext("To, as the address is now"), _recipient)
    return [ExportTable("messages", _("Messages"), Message, messages, extra={"to": to})]


def _linked_to_nobody(identities: Sequence[Patient]) -> list[Message]:
    """Requests for lost links at the person's address, and their letters in the contact form under any of their names.

    A request names nobody, so an earlier address does not count for it: it may have been somebody else's.
    """
    (known,) = known_identities(identities)
    names = {normalize_for_search(name) for name in known.names}
    is_request, is_letter = Q(pk__in=[]), Q(content__phone__in=list(known.phones))
    for email in {row.email for row in identities if row.email}:
        is_request |= Q(content__email__iexact=email)
    for email in known.emails:
        is_letter |= Q(content__reply_to__iexact=email)
    kinds = Q(is_request, kind=Message.Kind.LOST_LINK) | Q(is_letter, kind=Message.Kind.CONTACT)
    rows = Message.objects.filter(kinds).select_related("practitioner").order_by("due_at", "pk")
    return [
        row
        for row in rows
        if row.kind == Message.Kind.LOST_LINK or normalize_for_search(str(row.content.get("name", ""))) in names
    ]


def _recipient(message: Message) -> str:
    """The outbox keeps no address: a message goes to the one that the person has when it is sent."""
    if message.kind in _TO_THE_CLINIC:
        return gettext("the clinic")
    entry = message.waitlist_offer.entry if message.waitlist_offer else message.waitlist_entry
    person = entry or (message.appointment.patient if message.appointment else None)
    if person is None:
        return str(message.content.get("email", ""))
    return str(person.phone) if message.channel == Channel.TEXT else person.email
