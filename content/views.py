"""The public pages. Each view finds the words that readers see, and shows them with what is live beside them."""

from datetime import datetime
from functools import partial

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from booking import limits, messages, together
from booking.filling import stamp
from booking.models import Practitioner, PractitionerService, Service
from content import answering, authors, making, next_free
from content.forms import ContactForm
from content.keeping import keep
from content.live import Found, current, state, state_of
from content.models import Page
from content.showing import context_of, show, shown, template_of

Kind = Page.Kind


def _find(kind: str, slug: str, now: datetime) -> Found:
    """What readers see now at an address."""
    return current(kind=kind, slug=slug, now=now, with_treatments=kind == Kind.TREATMENTS)


def _show(request: HttpRequest, kind: str, slug: str = "") -> HttpResponse:
    now = timezone.now()
    return making.answer(request, _find(kind, slug, now), now=now)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    try:
        return _show(request, Kind.HOME)
    except Http404:
        return show(request, template_of(Kind.HOME))  # The site is being set up.


@require_safe
def treatments(request: HttpRequest) -> HttpResponse:
    return _show(request, Kind.TREATMENTS)


@require_safe
def treatment(request: HttpRequest, slug: str) -> HttpResponse:
    return _show(request, Kind.TREATMENT, slug)


@require_safe
def team(request: HttpRequest) -> HttpResponse:
    return _show(request, Kind.TEAM)


@require_safe
def practitioner(request: HttpRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    is_it = Q(practitioner__slug=slug, practitioner__is_active=True)
    may = Q(service__needs_needling_authorisation=False) | Q(practitioner__authorised_for_needling=True)
    offers = PractitionerService.objects.filter(is_it & may, service__is_active=True)
    found = together.fetch(
        person=Practitioner.objects.active().filter(slug=slug),
        offers=offers,
        services=Service.objects.filter(pk__in=offers.values("service")),
        **state(now),
    )
    if not found["person"]:
        raise Http404
    person = found["person"][0]
    services = {service.pk: service for service in found["services"]}
    for offer in found["offers"]:
        offer.service = services[offer.service_id]
    written, more_written = authors.pages_by(person, now=now)
    context = {
        "crumbs": [("Home", reverse("content:home")), ("Team", reverse("content:team")), (person.name, "")],
        "person": person,
        "offers": sorted(found["offers"], key=lambda offer: (offer.service.position, offer.service.name)),
        "written": written,
        "more_written": more_written,
    }
    first = next((offer for offer in context["offers"] if offer.service.is_bookable), None)
    look = seen = None
    if first:
        look = partial(next_free.find, service=first.service, practitioner=person)
        seen = look(now)
        context |= {"first_offer": first, "next_free": seen}
    version, until = state_of(found)
    response = show(request, "content/practitioner.html", **context)
    return keep(request, response, version=version, until=until, look=look, seen=seen)


@require_safe
def fees(request: HttpRequest) -> HttpResponse:
    return _show(request, Kind.FEES)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    """A message to the clinic. ``?to=`` chooses a person; ``?page=`` says which page did not help."""
    now = timezone.now()
    context = context_of(shown(_find(Kind.CONTACT, "", now)), now=now)
    about = _page_at(request.GET.get("page", ""))
    blank = partial(
        ContactForm,
        people=context["people"],
        about_page=about is not None,
        initial={"to": request.GET.get("to", ""), "shown": stamp("contact")},
    )
    form = blank(request.POST if request.method == "POST" else None)
    was_quick = form.is_valid() and form.needs_a_second_look
    if was_quick:
        form = blank(form.for_a_second_look(fresh_stamp=stamp("contact")))
    elif form.is_valid():
        given = form.cleaned_data
        limits.spend_for(request, "contact", now=now)
        messages.queue_contact(
            name=given["name"],
            reply_to=given["email"],
            phone=given["phone"],
            body=given["message"],
            practitioner=form.practitioner,
            page=about.get_absolute_url() if about else "",
            now=now,
        )
        if about:
            answering.count(about, answering.DID_NOT_HELP, now=now)
        return redirect("content:contact_sent")
    status = 422 if form.is_bound else 200
    return show(
        request, template_of(Kind.CONTACT), status=status, form=form, was_quick=was_quick, about=about, **context
    )


def _page_at(address: str) -> Page | None:
    """The published treatment at this address, if there is one. Anything else is as good as nothing."""
    try:
        match = resolve(address) if address else None
    except Resolver404:
        match = None
    if match is None or match.view_name != "content:treatment":
        return None
    found = current(kind=Kind.TREATMENT, slug=match.kwargs["slug"], now=timezone.now())
    return found.page.page if found.page else None


@require_safe
def contact_sent(request: HttpRequest) -> HttpResponse:
    crumbs = [("Home", reverse("content:home")), ("Contact", reverse("content:contact")), ("Message sent", "")]
    return show(request, "content/contact_sent.html", crumbs=crumbs)


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def helped(request: HttpRequest) -> HttpResponse:
    """A reader says that a page helped.

    Pages are kept, and set no cookie, so their form has no token. All that a forged one could do is
    raise a count, which is why another site's is refused, and each address counts once a day.
    """
    if request.method == "POST":
        if request.headers.get("Origin", settings.SITE_URL) != settings.SITE_URL:
            raise PermissionDenied
        page = _page_at(request.POST.get("page", ""))
        if page is None:
            raise Http404
        answering.count_helped(request, page, now=timezone.now())
        return redirect("content:helped")
    crumbs = [("Home", reverse("content:home")), ("Thank you", "")]
    return show(request, "content/helped.html", crumbs=crumbs)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return _show(request, Kind.PRIVACY)


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return _show(request, Kind.ACCESSIBILITY)
