"""Admin view that records a clinical review of a page."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.forms.fields import LineField
from booking.models import Practitioner
from booking.staff.inputs import OfficeDateField
from content.admin.editing.step_page import find_page, sent, show_step
from content.blocks import page_content
from content.models import LONGEST_REVIEW
from content.publishing import preview_links
from content.publishing import publish as publishing
from content.publishing import review as reviewing


class ReviewForm(forms.Form):
    of = forms.ChoiceField(
        label="What was reviewed",
        choices=[("live", _("The page that readers see now")), ("draft", "The draft, with its changes")],
        help_text=_(
            "A review of the page shows right away, and leaves the draft as it is. A review of "
            "the draft shows once the draft is published."
        ),
    )
    reviewer = forms.ModelChoiceField(queryset=Practitioner.objects.none(), label="Who reviewed it")
    reviewed_on = OfficeDateField(label="Reviewed on")
    next_review_on = OfficeDateField(label="Next review by", help_text="At most 24 months after this one.")
    override_reason = LineField(
        required=False,
        max_length=300,
        label=_("Why the same person reviewed it"),
        help_text=_(
            "The person who last changed a page shouldn't review it. If they have to, say why. We'll keep the reason."
        ),
    )

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        reviewed_on, next_review_on = data.get("reviewed_on"), data.get("next_review_on")
        if reviewed_on and reviewed_on > timezone.localdate():
            self.add_error("reviewed_on", gettext("The date of a review can't be in the future."))
        if reviewed_on and next_review_on and next_review_on <= reviewed_on:
            self.add_error("next_review_on", gettext("The next review has to be after this one."))
        if reviewed_on and next_review_on and next_review_on - reviewed_on > LONGEST_REVIEW:
            self.add_error("next_review_on", "At most 24 months after this one.")
        return data


def possible_reviewers(user: Any) -> QuerySet[Practitioner]:
    """The practitioners in whose name this user may record a review: their own, or with a permission everybody."""
    active = Practitioner.objects.active()
    return active if user.has_perm("content.review_page_for_others") else active.filter(user=user.pk)


def review(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Record a review of the live revision, or of the draft if its content differs."""
    page = find_page(office, request, object_id, "content.review_page")
    now, today = timezone.now(), timezone.localdate()
    live, draft = publishing.live_revision(page, now=now), page_content.content_of_draft(page).reviewed_digest
    digests = {"draft": draft} | ({"live": page_content.content_of_revision(live).reviewed_digest} if live else {})
    is_same = digests.get("live") == draft
    reviewer = Practitioner.objects.active().filter(user=request.user.pk).first()
    initial = {"reviewer": reviewer, "reviewed_on": today, "next_review_on": today + timedelta(days=365)}
    form = ReviewForm(sent(request), initial=initial | {"seen": f"{digests.get('live', '')} {draft}"})
    reviewers = possible_reviewers(request.user)
    form.fields["reviewer"].queryset = reviewers  # type: ignore[attr-defined]
    if live is None or is_same:
        del form.fields["of"]
    if not request.user.has_perm("content.override_checks"):
        del form.fields["override_reason"]
    status = 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        of = data.pop("of", "live" if live else "draft")
        seen = dict(zip(("live", "draft"), data.pop("seen").split(" "), strict=False))
        try:
            reviewing.record_review(
                page, by=request.user, now=now, of_live=of == "live", digest=seen.get(of, ""), **data
            )
        except reviewing.NotTheReviewer:
            form.add_error("reviewer", gettext("You can only record your own review."))
        except reviewing.OwnWork:
            form.add_error(
                None, gettext("The reviewer, or you, made the last change to this page. Someone else should review it.")
            )
        except (publishing.DraftChanged, publishing.NothingPublished):
            messages.error(
                request, gettext("Not recorded: the page has changed in the meantime. Please read it again.")
            )
            return HttpResponseRedirect(office.address("review", page))
        else:
            seen_when = (
                "Readers see it now." if of == "live" else gettext("Readers will see it once the page is published.")
            )
            messages.success(request, f"The review is recorded. {seen_when}")
            return HttpResponseRedirect(office.address("change", page))
    return show_step(
        office,
        request,
        "review",
        page,
        status=422 if form.errors else status,
        title=f"Clinical review: {page}",
        form=form,
        may_record=reviewers.exists(),
        live=live,
        is_same=is_same,
        link=preview_links.preview_url(page, by=request.user),
    )
