"""Finding a person, however their name is spelled and their phone number is typed."""

import re
import unicodedata

from django.db.models import QuerySet

from booking.text import fold

_PHONE_LIKE = re.compile(r"\+?[0-9(][0-9 ().\-/]{2,}")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")


def phone_digits(term: str) -> str:
    """The digits of what may be (part of) a phone number: "(403) 555" gives "403555". Else nothing."""
    # NFKC turns wide digits and spaces that do not break into plain ones.
    term = unicodedata.normalize("NFKC", term).translate(_DASHES).strip().removeprefix("tel:")
    return re.sub(r"[^0-9]", "", term) if _PHONE_LIKE.fullmatch(term) else ""


def find_patients(patients: QuerySet, term: str) -> QuerySet:
    """Those whose phone number holds the digits that were typed, or whose names or e-mail the words."""
    digits = phone_digits(term)
    return patients.filter(phone__contains=digits) if digits else with_words(patients, "search_key", term)


def with_words(rows: QuerySet, key: str, term: str) -> QuerySet:
    """Rows whose folded ``key`` holds every word of a search, whatever accents and capitals were typed."""
    words = fold(term).split()
    if term.strip() and not words:
        return rows.none()
    for word in words:
        rows = rows.filter(**{f"{key}__contains": word})
    return rows
