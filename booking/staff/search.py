"""Search for people, regardless of accents and of the format of phone numbers."""

import re

from django.db.models import QuerySet

from booking.text_cleaning import fold_phone_number, normalize_for_search

_PHONE_LIKE = re.compile(r"\+?[0-9(][0-9 ().\-/]{2,}")


def phone_digits(term: str) -> str:
    """The digits of a search term that looks like (part of) a phone number, else an empty string."""
    term = fold_phone_number(term)
    return re.sub(r"[^0-9]", "", term) if _PHONE_LIKE.fullmatch(term) else ""


def find_patients(patients: QuerySet, term: str) -> QuerySet:
    """Filter by the digits of a phone number, else by the words of names and e-mail addresses."""
    digits = phone_digits(term)
    return patients.filter(phone__contains=digits) if digits else with_words(patients, "search_key", term)


def with_words(rows: QuerySet, key: str, term: str) -> QuerySet:
    """Rows whose normalized field ``key`` contains every word of the term."""
    words = normalize_for_search(term).split()
    if term.strip() and not words:
        return rows.none()
    for word in words:
        rows = rows.filter(**{f"{key}__contains": word})
    return rows
