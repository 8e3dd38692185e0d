"""SMS encoding (GSM-7), number of parts, and allowed recipients.

Privacy: a text message shows on lock screens and passes through other companies. So it contains the time and
the clinic's phone number only: no patient, service or practitioner, and no manage link. It is converted to
GSM-7 (3GPP TS 23.038) if possible: 160 characters fit into one part, but only 70 in UCS-2, which is used as
soon as one character is not in GSM-7.
"""

import re
import unicodedata

import phonenumbers

_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_EXTENSION = frozenset("\f^{}\\[~]|€")  # Each takes two septets.
_REPLACEMENTS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\xa0": " "})

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
# Anybody can enter any number: limits the cost of toll fraud.
ALLOWED_REGIONS = frozenset({"CA", "US"})
# Not toll-free, premium, shared-cost and other numbers of services, which no patient carries. In North America, mobile
# and fixed lines share their area codes.
MOBILE_TYPES = frozenset({phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE})


def to_gsm_7(text: str) -> str:
    """Convert the text to GSM-7; return it unchanged if a character has no equivalent."""
    converted = "".join(map(_closest_gsm_7, text.translate(_REPLACEMENTS)))
    return converted if septets(converted) is not None else text


def _closest_gsm_7(character: str) -> str:
    if character in _GSM_7 or character in _GSM_7_EXTENSION:
        return character
    base = "".join(
        component for component in unicodedata.normalize("NFKD", character) if not unicodedata.combining(component)
    )
    return base if base and all(component in _GSM_7 for component in base) else character


def septets(text: str) -> int | None:
    """Return the length in GSM-7 septets, or None if a character is not in GSM-7."""
    if not all(character in _GSM_7 or character in _GSM_7_EXTENSION for character in text):
        return None
    return sum(2 if character in _GSM_7_EXTENSION else 1 for character in text)


def parts(text: str) -> int:
    """Return the number of SMS parts; parts of a long message are shorter, because each has a header."""
    length = septets(text)
    if length is not None:
        return 1 if length <= 160 else -(-length // 153)
    length = len(text.encode("utf-16-be")) // 2
    return 1 if length <= 70 else -(-length // 67)


def can_receive_sms(number: object) -> bool:
    """Whether SMS are sent to this number (a PhoneNumber, or a string in E.164 format)."""
    e164 = str(getattr(number, "as_e164", number) or "")
    if not _E164.fullmatch(e164):
        return False
    try:
        parsed = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return False
    is_allowed = phonenumbers.region_code_for_number(parsed) in ALLOWED_REGIONS
    return phonenumbers.is_valid_number(parsed) and is_allowed and phonenumbers.number_type(parsed) in MOBILE_TYPES
