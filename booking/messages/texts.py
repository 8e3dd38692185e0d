"""The words of a text message: short, discreet, and in the letters that cost one message.

A text shows on locked screens and is carried by other companies. So it says when and where to call
and nothing else: no name, no treatment, no person, and no link, for a link opens the visit to whoever
holds the phone. Its letters are those of GSM-7 (3GPP TS 23.038) wherever that is possible: 160 fit
into one message, but only 70 as soon as one letter is outside.
"""

import re
import unicodedata
from datetime import date

import phonenumbers

from booking.calendars import one_line
from booking.messages.texting import Text
from booking.models import Clinic, Location, Message
from booking.words import clock

_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_PAIRS = frozenset("\f^{}\\[~]|€")  # Each takes two places.
_PLAINER = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\xa0": " "})

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
# Anybody can type any number, and texts to some countries cost somebody else's dollars.
REACHABLE = frozenset({"CA", "US"})


def reminder_text(message: Message) -> Text:
    """The reminder of an appointment as it now is; the longer wording if that fits into one message."""
    appointment = message.appointment
    assert appointment is not None
    assert appointment.patient is not None
    clinic, location = Clinic.objects.get(), appointment.location
    when = f"{short_day(appointment.local_on)}, {clock(appointment.local_time)} ({location.time_zone_label})"
    if Location.objects.count() > 1:
        when += f", {location.name}"
    phone = (location.phone or clinic.phone).as_national
    bodies = [
        f"{clinic.name}: reminder of an appointment, {when}. To change it, call {phone}. Reply STOP for no more texts.",
        f"{clinic.name}: appointment {when}. Changes: {phone}. STOP ends texts.",
    ]
    plain = [to_gsm_7(one_line(body)) for body in bodies]
    return Text(str(appointment.patient.phone), next((body for body in plain if parts(body) == 1), plain[-1]))


def short_day(day: date) -> str:
    """Tue 24 Nov"""
    return f"{day:%a} {day.day} {day:%b}"


def to_gsm_7(text: str) -> str:
    """The text in GSM-7's letters; left as it is where a letter has no likeness there."""
    plainer = "".join(map(_likeness, text.translate(_PLAINER)))
    return plainer if septets(plainer) is not None else text


def _likeness(letter: str) -> str:
    if letter in _GSM_7 or letter in _GSM_7_PAIRS:
        return letter
    base = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return base if base and all(part in _GSM_7 for part in base) else letter


def septets(text: str) -> int | None:
    """How many of GSM-7's places the text takes; None if it holds other letters."""
    if not all(letter in _GSM_7 or letter in _GSM_7_PAIRS for letter in text):
        return None
    return sum(2 if letter in _GSM_7_PAIRS else 1 for letter in text)


def parts(text: str) -> int:
    """How many messages the text is sent as: a long one is cut, and each part carries its number."""
    places = septets(text)
    if places is not None:
        return 1 if places <= 160 else -(-places // 153)
    places = len(text.encode("utf-16-be")) // 2
    return 1 if places <= 70 else -(-places // 67)


def can_get_texts(number: object) -> bool:
    """Whether we send texts to this number (a PhoneNumber, or one in E.164 form)."""
    written = str(getattr(number, "as_e164", number) or "")
    if not _E164.fullmatch(written):
        return False
    try:
        read = phonenumbers.parse(written)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(read) and phonenumbers.region_code_for_number(read) in REACHABLE
