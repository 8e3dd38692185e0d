"""Reviews that wait for someone: the list in the admin, and the notes about it on the start page."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from booking.staff.notes import Note
from content.models import Review, ReviewRequest

Outcome = ReviewRequest.Outcome


def reviews(office: Any, request: HttpRequest) -> HttpResponse:
    """List the reviews that the user was asked for, and what became of those that they asked for."""
    if not office.has_view_or_change_permission(request):
        raise PermissionDenied
    context = office.admin_site.each_context(request) | {
        "opts": office.opts,
        "title": "Reviews",
        "waiting": waiting_for(request.user),
        "sent_back": sent_back_to(request.user),
        "asked": _with_people(ReviewRequest.objects.open().filter(asked_by=request.user.pk)),
    }
    return TemplateResponse(request, "admin/content/page/reviews.html", context)


def waiting_for(user: Any) -> QuerySet[ReviewRequest]:
    """Return the open requests that this user may answer, oldest first."""
    if not user.has_perm("content.review_page"):
        return ReviewRequest.objects.none()
    return _with_people(ReviewRequest.objects.open().for_reviewer(user))


def sent_back_to(user: Any) -> QuerySet[ReviewRequest]:
    """Return the requests of this user that were answered with changes, until a review is asked for or recorded."""
    later = ReviewRequest.objects.filter(page=OuterRef("page"), pk__gt=OuterRef("pk"))
    reviewed = Review.objects.filter(page=OuterRef("page"), made_at__gt=OuterRef("closed_at"))
    sent_back = ReviewRequest.objects.filter(~Exists(later), ~Exists(reviewed), asked_by=user.pk)
    return _with_people(sent_back.filter(outcome=Outcome.CHANGES))


def review_notes(user: Any, *, named: int) -> list[Note]:
    """Return the notes about reviews for this user; each names up to ``named`` pages."""
    waiting, sent_back, address = waiting_for(user), sent_back_to(user), reverse("admin:content_page_reviews")
    notes = []
    if waiting:
        heading = ngettext("%d page waits for your review", "%d pages wait for your review", len(waiting))
        notes.append(Note("straw", heading % len(waiting), _titles(waiting, named), address, "Open the reviews"))
    if sent_back:
        heading = ngettext("%d page came back from its review", "%d pages came back from their review", len(sent_back))
        text = f"{gettext('The reviewer asked for changes:')} {_titles(sent_back, named)}"
        notes.append(Note("straw", heading % len(sent_back), text, address, "See which"))
    return notes


def _with_people(requests: QuerySet[ReviewRequest]) -> QuerySet[ReviewRequest]:
    return requests.select_related("page", "reviewer", "asked_by").order_by("asked_at", "pk")


def _titles(requests: QuerySet[ReviewRequest], named: int) -> str:
    titles = [request.page.title for request in requests]
    more = len(titles) - named
    return "; ".join(titles[:named]) + (f"; and {more} more." if more > 0 else ".")
