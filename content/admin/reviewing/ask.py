"""Admin view that asks a practitioner for a review of the draft, changes whom to ask, or withdraws the request."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.formatting import day
from booking.forms.fields import LineField
from booking.models import Practitioner
from content.admin.editing.step_page import find_page, is_id, sent, show_step
from content.models import Page
from content.publishing import review_requests


class AskForReviewForm(forms.Form):
    reviewer = forms.ModelChoiceField(queryset=Practitioner.objects.none(), label="Who should review it")
    note = LineField(
        required=False,
        max_length=300,
        label="Note",
        help_text=_("Such as: the part about risks is new. It can be left empty."),
    )
    seen = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)


def ask_review(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Ask for a review. Only treatments have one."""
    page = find_page(office, request, object_id, "content.change_page")
    if page.kind != Page.Kind.TREATMENT:
        raise Http404
    if "_withdraw" in request.POST:
        return _withdraw(office, request, page)
    asked = review_requests.open_request(page)
    initial = {"seen": str(asked.pk), "reviewer": asked.reviewer_id, "note": asked.note} if asked else {"seen": ""}
    form = AskForReviewForm(sent(request), initial=initial)
    reviewers = review_requests.possible_reviewers(besides=request.user)
    form.fields["reviewer"].queryset = reviewers  # type: ignore[attr-defined]
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        seen = data.pop("seen")
        try:
            made = review_requests.ask_for_review(
                page, **data, by=request.user, now=timezone.now(), instead_of=int(seen) if is_id(seen) else None
            )
        except review_requests.CannotReview:
            form.add_error("reviewer", gettext("This person can't record reviews any more. Choose someone else."))
            status = 422
        except (review_requests.RequestChanged, review_requests.NotYours):
            messages.error(request, gettext("Not sent: someone else has asked for a review in the meantime."))
            form, status = AskForReviewForm(initial=data | {"seen": initial["seen"]}), 409
            form.fields["reviewer"].queryset = reviewers  # type: ignore[attr-defined]
        else:
            messages.success(request, f"{made.reviewer} will see on their start page that you asked for a review.")
            return HttpResponseRedirect(office.address("change", page))
    return show_step(
        office,
        request,
        "ask_review",
        page,
        status=status,
        title=f"Ask for a review: {page}",
        form=form,
        asked=asked,
        asked_on=day(timezone.localtime(asked.asked_at)) if asked else "",
        may_ask=asked is None or review_requests.may_withdraw(asked, request.user),
        has_reviewers=reviewers.exists(),
    )


def _withdraw(office: Any, request: HttpRequest, page: Page) -> HttpResponse:
    try:
        review_requests.withdraw(page, by=request.user, now=timezone.now())
    except review_requests.RequestChanged:
        messages.info(request, gettext("No review was asked for any more."))
    except review_requests.NotYours:
        messages.error(request, gettext("Only the person who asked, or someone who publishes pages, can withdraw it."))
        return HttpResponseRedirect(office.address("ask_review", page))
    else:
        messages.success(request, gettext("Withdrawn. No one is asked for a review now."))
    return HttpResponseRedirect(office.address("change", page))
