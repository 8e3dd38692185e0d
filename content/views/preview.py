"""Preview of a draft at /preview/<token>/."""

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking.forms.antispam import sign_form_token
from content.blocks import page_content
from content.forms import ContactForm
from content.models import Page, Revision
from content.pages.published import PageLookup, PublishedPage, live_treatments, snippets_in
from content.pages.rendering import announce_pictures, page_context, template_name
from content.publishing.preview_links import page_for_token


@never_cache
@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponse:
    try:
        page = page_for_token(token)
    except signing.BadSignature as error:
        raise Http404 from error
    if page is None:
        response = render(request, "content/preview_ended.html", status=410)
    else:
        context = _context(request, page)
        announce_pictures(request, context)
        response = render(request, template_name(page.kind), context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _context(request: HttpRequest, page: Page) -> dict[str, object]:
    now = timezone.now()
    draft = page_content.content_of_draft(page)
    treatments = live_treatments(now) if page.kind == Page.Kind.TREATMENTS else []
    lookup = PageLookup(PublishedPage(draft.page(page), draft, page.edited_at), snippets_in(draft, now), treatments)
    context = page_context(lookup, now=now)
    if page.kind == Page.Kind.CONTACT:
        context["form"] = ContactForm(people=context["people"], initial={"shown": sign_form_token("contact")})
    is_public = Revision.objects.live(at=now).filter(page=page).exists()
    return context | {"preview": True, "preview_of": page.get_absolute_url() if is_public else ""}
