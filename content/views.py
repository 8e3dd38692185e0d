"""The public pages. Each view finds its page, gathers what is live beside it, and shows both."""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from booking import limits, messages, scheduling
from booking.filling import stamp
from booking.models import Closure, Practitioner, PractitionerService, Service
from content import structured_data
from content.forms import ContactForm
from content.models import Page
from content.reading import Reading, read

Kind = Page.Kind
Crumbs = list[tuple[str, str]]


def _find(kind: str, now: datetime) -> Reading:
    return read(get_object_or_404(Page.objects.published(at=now).with_references(), kind=kind), now=now)


def _show(
    request: HttpRequest, template: str, reading: Reading | None, crumbs: Crumbs, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page with what every page has: its crumbs, its words, its data for search engines."""
    if crumbs:
        crumbs = [("Home", reverse("content:home")), *crumbs]
    context |= {"page": reading.page if reading else None, "reading": reading, "crumbs": crumbs}
    context["structured_data"] = structured_data.for_page(request, **context)
    return render(request, template, context, status=status)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    page = Page.objects.published(at=now).with_references().filter(kind=Kind.HOME).first()
    reading = read(page, now=now) if page else None
    service = page.service if page else None
    return _show(
        request,
        "content/home.html",
        reading,
        [],
        next_free=scheduling.next_free(service=service, now=now) if service else None,
        fees=Service.objects.bookable().with_offers(),
        people=Practitioner.objects.active(),
    )


@require_safe
def treatments(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    pages = Page.objects.published(at=now).treatments().with_references()
    return _show(
        request, "content/treatments.html", _find(Kind.TREATMENTS, now), [("Treatments", "")], treatments=pages
    )


@require_safe
def treatment(request: HttpRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    published = Page.objects.published(at=now)
    page = get_object_or_404(published.treatments().with_references(), slug=slug)
    previous, following = published.neighbours_of(page)
    return _show(
        request,
        "content/treatment.html",
        read(page, now=now),
        [("Treatments", reverse("content:treatments")), (page.title, "")],
        next_free=scheduling.next_free(service=page.service, now=now) if page.service else None,
        previous=previous,
        following=following,
    )


@require_safe
def team(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    return _show(
        request, "content/team.html", _find(Kind.TEAM, now), [("Team", "")], people=Practitioner.objects.active()
    )


@require_safe
def practitioner(request: HttpRequest, slug: str) -> HttpResponse:
    person = get_object_or_404(Practitioner.objects.active(), slug=slug)
    offers = PractitionerService.objects.filter(practitioner=person, service__is_active=True).select_related("service")
    if not person.authorised_for_needling:
        offers = offers.filter(service__needs_needling_authorisation=False)
    return _show(
        request,
        "content/practitioner.html",
        None,
        [("Team", reverse("content:team")), (person.name, "")],
        person=person,
        offers=offers.order_by("service__position", "service__name"),
        written=Page.objects.published(at=timezone.now()).treatments().filter(written_by=person),
    )


@require_safe
def fees(request: HttpRequest) -> HttpResponse:
    reading = _find(Kind.FEES, timezone.now())
    services = Service.objects.filter(is_active=True).with_offers()
    return _show(request, "content/fees.html", reading, [("Fees", "")], fees=services)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    """A message to the clinic. ``?to=`` chooses a person; ``?page=`` says which page did not help."""
    now = timezone.now()
    reading = _find(Kind.CONTACT, now)
    about = _page_at(request.GET.get("page", ""), now)
    blank = partial(
        ContactForm,
        people=Practitioner.objects.active(),
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
        return redirect("content:contact_sent")
    return _show(
        request,
        "content/contact.html",
        reading,
        [("Contact", "")],
        status=422 if form.is_bound else 200,
        form=form,
        was_quick=was_quick,
        about=about,
        closures=_closures(now),
    )


def _closures(now: datetime) -> list[Closure]:
    """The days in the next three months when a location is shut. A day too many is no harm: zones differ."""
    first = now.date() - timedelta(days=1)
    soon = Closure.objects.filter(on__range=(first, first + timedelta(days=92))).select_related("location")
    return [closure for closure in soon.order_by("on", "location") if closure.on >= _today(closure, now)]


def _today(closure: Closure, now: datetime) -> date:
    return now.astimezone(closure.location.zone).date()


def _page_at(address: str, now: datetime) -> Page | None:
    """The treatment page at this address, if there is one. Anything else is as good as nothing."""
    if not address:
        return None
    pages = Page.objects.published(at=now).treatments()
    return next((page for page in pages if page.get_absolute_url() == address), None)


@require_safe
def contact_sent(request: HttpRequest) -> HttpResponse:
    crumbs = [("Contact", reverse("content:contact")), ("Message sent", "")]
    return _show(request, "content/contact_sent.html", None, crumbs)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return _show(request, "content/plain.html", _find(Kind.PRIVACY, timezone.now()), [("Privacy", "")])


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return _show(request, "content/plain.html", _find(Kind.ACCESSIBILITY, timezone.now()), [("Accessibility", "")])
