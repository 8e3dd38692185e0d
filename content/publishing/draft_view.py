"""Render a draft with the site's own templates: for its preview link, and for the preview beside its editor."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from booking.forms.antispam import sign_form_token
from content.blocks.page_content import PageContent
from content.forms import ContactForm
from content.models import Page, Revision
from content.pages.published import PageLookup, PublishedPage, live_treatments, snippets_in
from content.pages.rendering import announce_pictures, page_context, template_name


def render_draft(
    request: HttpRequest, page: Page, draft: PageContent, *, now: datetime, marks_blocks: bool = False
) -> HttpResponse:
    """Render ``draft`` as the content of ``page``. ``marks_blocks``: for the editor, with a mark around each block."""
    context = _context(page, draft, now)
    if marks_blocks:
        context["marks_blocks"] = True
    announce_pictures(request, context)
    return render(request, template_name(page.kind), context)


def _context(page: Page, draft: PageContent, now: datetime) -> dict[str, Any]:
    treatments = live_treatments(now) if page.kind == Page.Kind.TREATMENTS else []
    lookup = PageLookup(PublishedPage(draft.page(page), draft, page.edited_at), snippets_in(draft, now), treatments)
    context = page_context(lookup, now=now)
    if page.kind == Page.Kind.CONTACT:
        context["form"] = ContactForm(people=context["people"], initial={"shown": sign_form_token("contact")})
    is_public = Revision.objects.live(at=now).filter(page=page).exists()
    return context | {"preview": True, "preview_of": page.get_absolute_url() if is_public else ""}
