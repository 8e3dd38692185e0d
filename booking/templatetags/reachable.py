"""What staff type of whom to ask, with the ways to reach them as links."""

import re
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from phonenumbers import PhoneNumberMatcher, format_number
from phonenumbers.phonenumberutil import PhoneNumberFormat

register = template.Library()
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)


@register.filter
def reachable(text: str) -> SafeString:
    """The text, where e-mail addresses and phone numbers (Canadian unless they begin with +) can be pressed."""
    found = [(match.start(), match.end(), f"mailto:{match[0]}") for match in _MAIL.finditer(text)]
    for match in PhoneNumberMatcher(text, settings.PHONENUMBER_DEFAULT_REGION):
        if all(match.end <= start or end <= match.start for start, end, _ in found):
            found.append((match.start, match.end, format_number(match.number, PhoneNumberFormat.RFC3966)))
    parts: list[Any] = []
    told = 0
    for start, end, address in sorted(found):
        parts += [text[told:start], format_html('<a href="{}">{}</a>', address, text[start:end])]
        told = end
    return format_html_join("", "{}", ((conditional_escape(part),) for part in [*parts, text[told:]]))
