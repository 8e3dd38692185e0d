"""Preview links: signed tokens that show the draft of a page to anyone who has the link.

Tokens are signed, not stored. A token contains the page, its preview generation and the user who made it; it expires
after seven days, when a new link increments the generation, or when that user's login is switched off. Previews must
not be cached or indexed.
"""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core import signing
from django.urls import reverse

from content.models import Page

LIFETIME = timedelta(days=7)
SALT = "content.preview"


def token_for(page: Page, *, by: Any) -> str:
    """Return a token for this page's draft, valid for ``LIFETIME`` while the user ``by`` may log in."""
    return signing.dumps({"page": page.pk, "generation": page.preview_generation, "by": by.pk}, salt=SALT)


def page_for_token(token: str) -> Page | None:
    """Return the page of a token, or None if it has ended. Raises BadSignature for a forged token."""
    try:
        data = signing.loads(token, salt=SALT, max_age=LIFETIME)
    except signing.SignatureExpired:
        return None
    # Tokens of an earlier release name no user. They expire within a week.
    if "by" in data and not get_user_model().objects.filter(pk=data["by"], is_active=True, is_staff=True).exists():
        return None
    return Page.objects.filter(pk=data["page"], preview_generation=data["generation"]).first()


def preview_url(page: Page, *, by: Any) -> str:
    return reverse("content:preview", args=[token_for(page, by=by)])
