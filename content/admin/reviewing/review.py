"""Admin view of a clinical review: what has changed, the checks and the comments; approve, or ask for changes."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.formatting import date_in_words, day
from booking.forms.fields import LineField, ParagraphsField
from booking.staff.formats import staff_name
from booking.staff.inputs import OfficeDateField
from content.admin.editing.publish import by_block
from content.admin.editing.status import local_time
from content.admin.editing.step_page import find_page, show_step
from content.blocks import page_content
from content.blocks.page_content import PageContent
from content.models import LONGEST_REVIEW, Page, Revision
from content.publishing import comments, diff, preview_links, review_requests
from content.publishing import publish as publishing
from content.publishing import review as reviewing
from content.publishing.checks.rules import check_page, check_review
from content.publishing.comments import LONGEST_COMMENT


class ReviewForm(forms.Form):
    of = forms.ChoiceField(
        label="What was reviewed",
        choices=[("live", _("The page that readers see now")), ("draft", "The draft, with its changes")],
        help_text=_(
            "A review of the page shows right away, and leaves the draft as it is. A review of "
            "the draft shows once the draft is published."
        ),
    )
    reviewed_on = OfficeDateField(label="Reviewed on")
    next_review_on = OfficeDateField(label="Next review by", help_text="At most 24 months after this one.")
    evidence = ParagraphsField(
        max_length=reviewing.LONGEST_EVIDENCE,
        label="Evidence",
        help_text=_(
            "Which guidelines and studies you looked at, and whether they still say what the page says. "
            "We'll keep it in the history. Readers don't see it."
        ),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Say which guidelines and studies you looked at.")},
    )
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


class ChangesForm(forms.Form):
    changes = ParagraphsField(
        required=False,
        max_length=LONGEST_COMMENT,
        label="What should change",
        help_text=_("It becomes a comment on the page. Leave it empty if your comments say it all."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def review(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Record a review of the live revision, or of the draft if its content differs; or ask for changes."""
    page = find_page(office, request, object_id, "content.review_page")
    live, draft = publishing.live_revision(page, now=timezone.now()), page_content.content_of_draft(page)
    digests = {"draft": draft.reviewed_digest}
    if live:
        digests["live"] = page_content.content_of_revision(live).reviewed_digest
    form, changes_form, status = _review_form(page, request, digests), ChangesForm(), 200
    typed = request.POST.dict()
    if "_changes" in typed:
        changes_form = ChangesForm(request.POST)
        status = _ask_for_changes(request, page, changes_form) if changes_form.is_valid() else 422
    elif request.method == "POST":
        changes_form = ChangesForm(initial=typed)
        status = _record(request, page, form, live) if form.is_valid() else 422
    if status == 302:
        return HttpResponseRedirect(office.address("change", page))
    if "_changes" in typed or status == 409:  # Show what was typed for the review, for another try.
        form = _review_form(page, request, digests, typed=typed)
    return show_step(
        office,
        request,
        "review",
        page,
        status=status,
        title=f"Clinical review: {page}",
        form=form,
        changes_form=changes_form,
        live=live,
        is_same=digests.get("live") == digests["draft"],
        **_what_to_read(request, page, draft),
    )


def _review_form(
    page: Page, request: HttpRequest, digests: dict[str, str], *, typed: dict[str, Any] | None = None
) -> ReviewForm:
    """Return the form, bound if it was sent, or with what was ``typed`` before for another try."""
    today = timezone.localdate()
    seen = {"seen": f"{digests.get('live', '')} {digests['draft']}"}
    initial: dict[str, Any] = {"reviewed_on": today, "next_review_on": today + timedelta(days=365)}
    if review_requests.open_request(page):
        initial["of"] = "draft"
    initial |= (typed or {}) | seen
    form = ReviewForm(request.POST if request.method == "POST" and typed is None else None, initial=initial)
    form.fields["evidence"].required = page.kind == Page.Kind.TREATMENT
    if "live" not in digests or digests["live"] == digests["draft"]:
        del form.fields["of"]
    if not request.user.has_perm("content.override_checks"):  # type: ignore[union-attr]
        del form.fields["override_reason"]
    return form


def _record(request: HttpRequest, page: Page, form: ReviewForm, live: Revision | None) -> int:
    """Record the review, and return the status of the answer: 302 if it is recorded."""
    data = form.cleaned_data.copy()
    of = data.pop("of", "live" if live else "draft")
    seen = dict(zip(("live", "draft"), data.pop("seen").split(" "), strict=False))
    try:
        reviewing.record_review(
            page, by=request.user, now=timezone.now(), of_live=of == "live", digest=seen.get(of, ""), **data
        )
    except reviewing.NotTheReviewer:
        form.add_error(None, gettext("You can only record your own review."))
    except reviewing.OwnWork:
        form.add_error(None, gettext("You made the last change to this page. Someone else should review it."))
    except (publishing.DraftChanged, publishing.NothingPublished):
        messages.error(request, gettext("Not recorded: the page has changed in the meantime. Please read it again."))
        return 409
    else:
        seen_when = (
            "Readers see it now." if of == "live" else gettext("Readers will see it once the page is published.")
        )
        messages.success(request, f"The review is recorded. {seen_when}")
        return 302
    return 422


def _ask_for_changes(request: HttpRequest, page: Page, form: ChangesForm) -> int:
    """Answer the request with what should change, and return the status of the answer: 302 if that worked."""
    try:
        asked = review_requests.ask_for_changes(
            page, note=form.cleaned_data["changes"], by=request.user, now=timezone.now()
        )
    except review_requests.NothingToChange:
        form.add_error("changes", gettext("Say what should change, here or in a comment on a block."))
    except (review_requests.RequestChanged, review_requests.NotYours):
        form.add_error("changes", gettext("Your review is no longer asked for. You can still write a comment."))
    else:
        messages.success(
            request,
            gettext("Sent back. %(name)s will see what you'd like changed.") % {"name": staff_name(asked.asked_by)},
        )
        return 302
    return 422


def _what_to_read(request: HttpRequest, page: Page, draft: PageContent) -> dict[str, Any]:
    """Return what the reviewer needs to judge: the request, the changes, the checks, the comments and the sources."""
    now, asked = timezone.now(), review_requests.open_request(page)
    reviewer, before = reviewing.reviewer_of(request.user), reviewing.version_before(page, draft, now=now)
    answered = set(check_review(page, draft, now.date()))
    findings = [finding for finding in check_page(page, draft, now=now) if finding not in answered]
    sources = [row for block in draft.blocks if block["kind"] == "sources" for row in block["fields"]["items"]]
    return {
        "reviewer": reviewer,
        "asked": asked,
        "is_asked": bool(asked and reviewer and asked.reviewer_id == reviewer.pk),
        "asked_on": day(timezone.localtime(asked.asked_at)) if asked else "",
        "changed_since_asked": local_time(page.edited_at) if asked and page.edited_at > asked.asked_at else "",
        "before": before,
        "before_on": date_in_words(before.review.reviewed_on) if before and before.review else "",
        "changes": diff.compare(before.content, draft) if before else [],
        "must": by_block(draft, [finding for finding in findings if finding.blocks]),
        "should": by_block(draft, [finding for finding in findings if not finding.blocks]),
        "threads": [thread for thread in comments.threads_of(page) if thread.open_comments],
        "sources": sources,
        "link": preview_links.preview_url(page, by=request.user),
    }
