"""Clean and judge text from users: lines and paragraphs, contact details, names and search keys."""

from booking.text_cleaning.characters import (
    clean_line,
    clean_text,
    drop_invisible,
    has_invisible,
    is_plain_digits,
    split_lines,
)
from booking.text_cleaning.contact_details import fold_phone_number, unwrap_email_address
from booking.text_cleaning.links import unlink
from booking.text_cleaning.person_names import (
    first_word,
    first_words,
    has_phone_number,
    has_web_address,
    safe_in_mail,
)
from booking.text_cleaning.search_keys import normalize_for_search

__all__ = [
    "clean_line",
    "clean_text",
    "drop_invisible",
    "first_word",
    "first_words",
    "fold_phone_number",
    "has_invisible",
    "has_phone_number",
    "has_web_address",
    "is_plain_digits",
    "normalize_for_search",
    "safe_in_mail",
    "split_lines",
    "unlink",
    "unwrap_email_address",
]
