"""The draft of a page, shown as readers would see it, to whoever holds the link.

The link is signed, not stored: it names the page and the page's generation of previews, and it
ends seven days after it was made or when a new one is asked for. Nothing of it may be kept by a
browser, a proxy or a search engine.
"""

from datetime import timedelta

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking.filling import stamp
from content import snapshot
from content.forms import ContactForm
from content.live import Published, current, in_order
from content.models import Page, Revision
from content.proofing import snippets_in
from content.showing import Shown, context_of, template_of

LASTS = timedelta(days=7)
SALT = "content.preview"


def token_for(page: Page) -> str:
    """A token that opens this page's draft for ``LASTS``."""
    return signing.dumps({"page": page.pk, "generation": page.preview_generation}, salt=SALT)


def page_behind(token: str) -> Page | None:
    """The page of a token, or None once the link has ended. Raises BadSignature for what we never signed."""
    try:
        named = signing.loads(token, salt=SALT, max_age=LASTS)
    except signing.SignatureExpired:
        return None
    return Page.objects.filter(pk=named["page"], preview_generation=named["generation"]).first()


@never_cache
@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponse:
    try:
        page = page_behind(token)
    except signing.BadSignature as odd:
        raise Http404 from odd
    if page is None:
        response = render(request, "content/preview_ended.html", status=410)
    else:
        response = render(request, template_of(page.kind), _context(request, page))
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _context(request: HttpRequest, page: Page) -> dict[str, object]:
    now = timezone.now()
    words = snapshot.of_draft(page)
    treatments: list[Published] = []
    if page.kind == Page.Kind.TREATMENTS:
        treatments = current(kind=page.kind, now=now, with_treatments=True).treatments
    shown = Shown(Published(words.page(page), words, page.edited_at), snippets_in(words, now), in_order(treatments))
    context = context_of(shown, now=now)
    if page.kind == Page.Kind.CONTACT:
        context["form"] = ContactForm(people=context["people"], initial={"shown": stamp("contact")})
    is_public = Revision.objects.live(at=now).filter(page=page).exists()
    return context | {"preview": True, "preview_of": page.get_absolute_url() if is_public else ""}


def address_of(page: Page) -> str:
    return reverse("content:preview", args=[token_for(page)])
