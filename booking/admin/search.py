"""Finding a person by phone number, however it is typed."""

import re

_PHONE_LIKE = re.compile(r"\+?[0-9(][0-9 ().\-]{2,}")


def phone_digits(term: str) -> str:
    """The digits of what may be (part of) a phone number: "(403) 555" gives "403555". Else nothing."""
    term = term.strip()
    return re.sub(r"[^0-9]", "", term) if _PHONE_LIKE.fullmatch(term) else ""
