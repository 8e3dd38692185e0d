"""Filters that format phone numbers, and that link the phone numbers and email addresses in text from staff."""

import re
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from phonenumber_field.phonenumber import PhoneNumber
from phonenumbers import PhoneNumberMatcher, format_number
from phonenumbers.phonenumberutil import PhoneNumberFormat

from booking.formatting import format_phone

register = template.Library()
register.filter("phone_number", format_phone)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)


@register.filter
def phone_number(phone: PhoneNumber | None) -> str:
    """403-555-0123; empty without a number."""
    return format_phone(phone) if phone else ""


@register.filter
def reachable(text: str) -> SafeString:
    """Escape the text and link email addresses and phone numbers (Canadian unless they start with +)."""
    links = [(match.start(), match.end(), f"mailto:{match[0]}") for match in _MAIL.finditer(text)]
    for match in PhoneNumberMatcher(text, settings.PHONENUMBER_DEFAULT_REGION):
        if all(match.end <= start or end <= match.start for start, end, _ in links):
            links.append((match.start, match.end, format_number(match.number, PhoneNumberFormat.RFC3966)))
    parts: list[Any] = []
    position = 0
    for start, end, address in sorted(links):
        parts += [text[position:start], format_html('<a href="{}">{}</a>', address, text[start:end])]
        position = end
    return format_html_join("", "{}", ((conditional_escape(part),) for part in [*parts, text[position:]]))
