"""/desk/waitlist/: who waits, for what and since when; one entry with its offers; and ending an entry."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import scheduling
from booking.desk.waitlist.forms import ANYONE, EVERY_STATE, WaitlistFilterForm
from booking.models import AccessLogEntry, Practitioner, Service, WaitlistEntry, WaitlistOffer
from booking.privacy.access_log import log_view
from booking.scheduling import Actor
from booking.staff.access import desk_page, staff_page
from booking.staff.search import phone_digits

SEE = ("booking.view_waitlistentry", "booking.change_waitlistentry")
PAGE_SIZE = 100


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(*SEE)
def waitlist(request: HttpRequest) -> HttpResponse:
    """Who waits, oldest first, or the entries that the filters choose.

    The filters come by POST, so that the words searched for stand in no address and no log. ``?state=``, ``?service=``
    and ``?practitioner=`` also work in the address, ``q`` does not.
    """
    given = (request.POST if request.method == "POST" else request.GET).copy()
    if request.method != "POST":
        given.pop("q", None)
    services, practitioners = list(Service.objects.all()), list(Practitioner.objects.all())
    form = WaitlistFilterForm(given, services=services, practitioners=practitioners)
    form.is_valid()
    pages = Paginator(_chosen(form.cleaned_data), PAGE_SIZE)
    shown = pages.get_page(given.get("page"))
    kind = AccessLogEntry.Kind.SEARCH if form.cleaned_data.get("q") else AccessLogEntry.Kind.WAITLIST
    log_view(request, kind, shown.object_list)
    context = {
        "section": "waitlist",
        "form": form,
        "entries": shown,
        "is_filtered": any(form.cleaned_data.values()),
        "filters": {name: value for name, value in form.cleaned_data.items() if value},
        "now": timezone.now(),
    }
    return desk_page(request, "desk/waitlist/list.html", context)


def _chosen(values: dict[str, Any]) -> QuerySet[WaitlistEntry]:
    open_offers = WaitlistOffer.objects.filter(state=WaitlistOffer.State.OPEN)
    rows = WaitlistEntry.objects.select_related("service", "practitioner", "location")
    rows = rows.prefetch_related(Prefetch("offers", open_offers, to_attr="open_offers")).order_by("created_at", "pk")
    state = values.get("state", "")
    if state != EVERY_STATE:
        rows = rows.filter(outcome=state)
    if service := values.get("service"):
        rows = rows.filter(service__slug=service)
    if practitioner := values.get("practitioner"):
        anyone = practitioner == ANYONE
        rows = rows.filter(practitioner=None) if anyone else rows.filter(practitioner__slug=practitioner)
    return _found(rows, values.get("q") or "")


def _found(rows: QuerySet[WaitlistEntry], term: str) -> QuerySet[WaitlistEntry]:
    if digits := phone_digits(term):
        return rows.filter(phone__contains=digits)
    for word in term.split():
        rows = rows.filter(Q(name__icontains=word) | Q(contact_name__icontains=word) | Q(email__icontains=word))
    return rows


@require_safe
@staff_page(*SEE)
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry: contact details, wish, and the times that were offered."""
    row = _entry(pk)
    log_view(request, AccessLogEntry.Kind.WAITLIST, [row])
    offers = row.offers.select_related("entry__location").prefetch_related("messages")
    refusal = scheduling.why_not_offer([row])[row.pk] if row.is_waiting else ""
    context = {"section": "waitlist", "entry": row, "offers": offers, "refusal": refusal, "now": timezone.now()}
    return desk_page(request, "desk/waitlist/entry.html", context)


@require_POST
@staff_page("booking.change_waitlistentry")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Take someone off the list, and release the time that is offered to them."""
    row = _entry(pk)
    if row.is_waiting:
        scheduling.leave(entry=row, by=Actor.staff(request.user), now=timezone.now())
        messages.success(request, gettext("%(name)s is off the waitlist. No email was sent.") % {"name": row.name})
    else:
        messages.info(request, gettext("%(name)s was no longer on the waitlist.") % {"name": row.name})
    return redirect("desk:waitlist")


def _entry(pk: int) -> WaitlistEntry:
    rows = WaitlistEntry.objects.select_related("service", "practitioner", "location", "patient")
    return get_object_or_404(rows, pk=pk)
