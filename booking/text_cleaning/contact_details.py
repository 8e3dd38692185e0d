"""Phone numbers and e-mail addresses as they are copied from pages, mails and contact lists."""

import re
import unicodedata

from booking.text_cleaning.characters import DROP_WITH_JOINERS, strip_ends

# Characters of phone numbers and e-mail addresses as they are copied, and what they stand for. Full-width forms
# (U+FF01 to U+FF5E) are those of ASCII, 0xFEE0 further on.
_FULL_WIDTH: dict[int, int | None] = {code_point: code_point - 0xFEE0 for code_point in range(0xFF01, 0xFF5F)}
_DASHES = frozenset("\u2043\u2212")  # The hyphen bullet and the minus sign, beside the category Pd.
_DOTS = frozenset("\u00b7\u2022\u2219\u22c5")
_PHONE_PREFIX = re.compile(r"\A(?:tel|telephone|phone|ph|mobile|cell|callto|sms)\.?:\s*(?://)?\s*(?=.)", re.IGNORECASE)
_NAMED_ADDRESS = re.compile(r"[^<>]*<([^<>]+)>", re.DOTALL)
_QUOTES = "\"'\u2018\u2019\u201c\u201d\u00ab\u00bb"


def fold_phone_number(value: str) -> str:
    """Reduce a copied phone number to ASCII punctuation, without ``tel:`` and invisible characters.

    Digits of other scripts stay as they are.
    """
    folded = "".join(_fold_punctuation(character) for character in value.translate(DROP_WITH_JOINERS | _FULL_WIDTH))
    return _PHONE_PREFIX.sub("", folded.strip())


def unwrap_email_address(value: str) -> str:
    """The address in ``mailto:a@b.example?subject=Hi``, ``Ann B <a@b.example>`` or ``(a@b.example).``.

    Drops invisible characters, and spaces beside dots and the at sign, as keyboards add them.
    """
    address = typed = strip_ends(value.translate(DROP_WITH_JOINERS | _FULL_WIDTH))
    if named := _NAMED_ADDRESS.fullmatch(address.rstrip(".,; ")):
        address = named[1]
    address = address.strip(f" ()[],;{_QUOTES}" if not address.endswith("]") else " ")
    if address[:7].lower() == "mailto:":
        address = address[7:].partition("?")[0]
    address = re.sub(r" *([.@]) *", r"\1", address)
    local, at, domain = address.rpartition("@")
    domain = "".join("-" if _is_dash(character) else character for character in domain).rstrip(".")
    return local + at + domain or typed  # Never empty: a field that may be empty would accept a lone bracket.


def _fold_punctuation(character: str) -> str:
    category = unicodedata.category(character)
    if _is_dash(character):
        return "-"
    if category == "Zs" or character == "\t":
        return " "
    if character in _DOTS:
        return "."
    return {"Ps": "(", "Pe": ")"}.get(category, character)


def _is_dash(character: str) -> bool:
    return unicodedata.category(character) == "Pd" or character in _DASHES
