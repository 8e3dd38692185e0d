"""Contact form, and feedback that a page helped."""

from functools import partial

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from booking import messages, rate_limits
from booking.forms.antispam import sign_form_token
from content.forms import ContactForm
from content.models import Page
from content.pages.published import published_at
from content.pages.rendering import page_context, render_page, template_name
from content.site import page_feedback
from content.views.pages import Kind, found_or_404


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    """Send a message to the clinic. ``?to=`` preselects a practitioner; ``?page=`` is the page that did not help."""
    now = timezone.now()
    context = page_context(found_or_404(Kind.CONTACT, "", now), now=now)
    about = _page_at(request.GET.get("page", ""))
    blank = partial(
        ContactForm,
        people=context["people"],
        about_page=about is not None,
        initial={"to": request.GET.get("to", ""), "shown": sign_form_token("contact")},
    )
    form = blank(request.POST if request.method == "POST" else None)
    was_quick = form.is_valid() and form.needs_a_second_look
    if was_quick:
        form = blank(form.for_a_second_look(fresh_stamp=sign_form_token("contact")))
    elif form.is_valid():
        data = form.cleaned_data
        rate_limits.consume_for_request(request, "contact", now=now)
        messages.enqueue_contact_message(
            name=data["name"],
            reply_to=data["email"],
            phone=data["phone"],
            body=data["message"],
            practitioner=form.practitioner,
            page=about.get_absolute_url() if about else "",
            now=now,
        )
        if about:
            page_feedback.record_feedback(about, page_feedback.DID_NOT_HELP, now=now)
        return redirect("content:contact_sent")
    status = 422 if form.is_bound else 200
    return render_page(
        request, template_name(Kind.CONTACT), status=status, form=form, was_quick=was_quick, about=about, **context
    )


def _page_at(address: str) -> Page | None:
    """Return the live treatment page at this path, or None for anything else."""
    try:
        match = resolve(address) if address else None
    except Resolver404:
        match = None
    if match is None or match.view_name != "content:treatment":
        return None
    found = published_at(kind=Kind.TREATMENT, slug=match.kwargs["slug"], now=timezone.now())
    return found.page.page if found else None


@require_safe
def contact_sent(request: HttpRequest) -> HttpResponse:
    crumbs = [("Home", reverse("content:home")), ("Contact", reverse("content:contact")), ("Message sent", "")]
    return render_page(request, "content/contact_sent.html", crumbs=crumbs)


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def helped(request: HttpRequest) -> HttpResponse:
    """Record the feedback that a page helped.

    Pages are cached and set no cookie, so their form has no CSRF token. A forged request could only raise a count:
    other origins are refused, and each network address counts once a day.
    """
    if request.method == "POST":
        if request.headers.get("Origin", settings.SITE_URL) != settings.SITE_URL:
            raise PermissionDenied
        page = _page_at(request.POST.get("page", ""))
        if page is None:
            raise Http404
        page_feedback.record_helpful(request, page, now=timezone.now())
        return redirect("content:helped")
    crumbs = [("Home", reverse("content:home")), ("Thank you", "")]
    return render_page(request, "content/page_feedback.html", crumbs=crumbs)
