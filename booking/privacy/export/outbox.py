"""The messages to the person, and those that they wrote in the contact form."""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.models import Channel, Message, Patient, WaitlistEntry
from booking.privacy.export.tables import ExportTable, Extra
from booking.text_cleaning import normalize_for_search

_TO_THE_CLINIC = (Message.Kind.CLINIC_NOTICE, Message.Kind.CONTACT, Message.Kind.DAILY_SUMMARY)


def message_tables(identities: Sequence[Patient], waiting: Sequence[WaitlistEntry]) -> list[ExportTable]:
    causes = ("appointment__patient", "waitlist_entry", "waitlist_offer__entry")
    about = Q(appointment__patient__in=identities) | Q(waitlist_entry__in=waiting)
    rows = Message.objects.filter(about | Q(waitlist_offer__entry__in=waiting)).select_related("practitioner", *causes)
    messages = [*rows.order_by("due_at", "pk"), *_by_email(identities)]
    to = Extra(gettext("To, as the address is now"), _recipient)
    return [ExportTable("messages", _("Messages"), Message, messages, extra={"to": to})]


def _by_email(identities: Sequence[Patient]) -> list[Message]:
    """Messages that are linked to nobody: a request for lost links, and the contact form with the person's name."""
    names = {normalize_for_search(row.name) for row in identities}
    is_same = Q(pk__in=[])
    for email in {row.email for row in identities if row.email}:
        is_same |= Q(content__email__iexact=email) | Q(content__reply_to__iexact=email)
    rows = Message.objects.filter(is_same, kind__in=[Message.Kind.CONTACT, Message.Kind.LOST_LINK])
    return [
        row
        for row in rows.select_related("practitioner").order_by("due_at", "pk")
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
