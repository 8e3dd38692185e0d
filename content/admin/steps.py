"""The steps between a draft and its readers: publish, hide, call off, preview, review.

Each is a page that says what is about to happen, and a button that does it. Nothing here decides
anything: the commands are in ``content/publishing.py``.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone

from booking.admin.inputs import DAYS_READ, DayInput
from booking.models import Practitioner
from booking.text import LineField
from content import comparing, previews, publishing, reviewing, snapshot
from content.admin.state import when
from content.findings import Finding
from content.models import Page
from content.models.page import LONGEST_REVIEW
from content.proofing import proof, proof_hiding


class PublishForm(forms.Form):
    note = LineField(
        required=False, max_length=200, label="What is new", help_text="For the history. Readers do not see it."
    )
    goes_live_at = forms.DateTimeField(
        required=False,
        label="Go live at",
        help_text="On the clinic's clock. Empty: now.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    override_reason = LineField(
        required=False,
        max_length=300,
        label="Publish all the same, because",
        help_text="Only if what stands under “Mend this first” cannot be mended now. The reason is kept.",
    )
    digest = forms.CharField(widget=forms.HiddenInput)


class ReviewForm(forms.Form):
    of = forms.ChoiceField(
        label="What was reviewed",
        choices=[("live", "The page that readers see"), ("draft", "The draft, with its changes")],
        help_text="A review of the page shows at once, and leaves the draft as it is. One of the draft goes out with "
        "it.",
    )
    reviewer = forms.ModelChoiceField(queryset=Practitioner.objects.none(), label="Who reviewed it")
    reviewed_on = forms.DateField(label="Reviewed on", widget=DayInput, input_formats=DAYS_READ)
    next_review_on = forms.DateField(
        label="Next review by", help_text="At most 24 months after this one.", widget=DayInput, input_formats=DAYS_READ
    )
    override_reason = LineField(
        required=False,
        max_length=300,
        label="Their own work, because",
        help_text="Whoever changed a page last should not review it. If they must, say why: it is kept.",
    )

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        on, following = given.get("reviewed_on"), given.get("next_review_on")
        if on and on > timezone.localdate():
            self.add_error("reviewed_on", "A review takes place before it is written down.")
        if on and following and following <= on:
            self.add_error("next_review_on", "The next review comes after this one.")
        if on and following and following - on > LONGEST_REVIEW:
            self.add_error("next_review_on", "At most 24 months after this one.")
        return given


def publish(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    page = _page(office, request, object_id, "content.publish_page")
    now = timezone.now()
    words = snapshot.of_draft(page)
    findings = proof(page, words, now=now)
    may_override = request.user.has_perm("content.override_checks")
    form = PublishForm(_sent(request), initial={"digest": words.digest})
    if not may_override or not any(finding.blocks for finding in findings):
        del form.fields["override_reason"]
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            revision = publishing.publish(page, by=request.user, now=now, **form.cleaned_data)
        except publishing.Refused as refused:
            messages.error(request, "Not published: mend first what is marked below.")
            status, findings = 422, [*refused.findings, *(finding for finding in findings if not finding.blocks)]
        except publishing.Changed:
            messages.error(request, "Not published: somebody changed the draft meanwhile. Look at it again, please.")
            form, status = PublishForm(initial=form.cleaned_data | {"digest": words.digest}), 409
        else:
            if revision.goes_live_at > now:
                messages.success(request, f"“{page}” goes live on {when(revision.goes_live_at)}.")
            else:
                messages.success(request, f"“{page}” is published: readers see it now.")
            return HttpResponseRedirect(office.address("change", page))
    live = publishing.live_revision(page, now=now)
    before = snapshot.of_revision(live) if live else None
    return _show(
        office,
        request,
        "publish",
        page,
        status=422 if form.errors else status,
        title=f"Publish: {page}",
        form=form,
        must=_beside(words, [finding for finding in findings if finding.blocks]),
        should=_beside(words, [finding for finding in findings if not finding.blocks]),
        changes=comparing.compare(before, words) if before else [],
        is_first=before is None,
        may_publish=may_override or not any(finding.blocks for finding in findings),
    )


def _beside(words: snapshot.Words, findings: list[Finding]) -> list[tuple[str, str, list[Finding]]]:
    """The findings of each block under its name, in the order of the page; those of the page itself come first."""
    groups = [("The page itself", "", [finding for finding in findings if finding.block is None])]
    for row in words.rows():
        key = (str(row._meta.model_name), row.pk)
        kind = str(row._meta.verbose_name).capitalize()
        name = getattr(row, "heading", "") or getattr(row, "title", "") or getattr(row, "label", "")
        label = f"{kind}: {name}" if name else kind
        groups.append((label, f"{key[0]}-{key[1]}", [finding for finding in findings if finding.block == key]))
    return [group for group in groups if group[2]]


class HideForm(forms.Form):
    override_reason = LineField(
        required=False,
        max_length=300,
        label="Hide it all the same, because",
        help_text="Only if what stands above cannot be mended now. The reason is kept.",
    )


def hide(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    page = _page(office, request, object_id, "content.publish_page")
    now = timezone.now()
    findings = proof_hiding(page, now=now)
    form = HideForm(_sent(request))
    if not request.user.has_perm("content.override_checks") or not any(finding.blocks for finding in findings):
        del form.fields["override_reason"]
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            publishing.unpublish(page, by=request.user, now=now, **form.cleaned_data)
        except publishing.NothingLive:
            messages.info(request, "Readers did not see this page anyway.")
            return HttpResponseRedirect(office.address("change", page))
        except publishing.Refused:
            messages.error(request, "Not hidden: see below what other pages would lose.")
            status = 422
        else:
            messages.success(request, f"“{page}” is hidden from readers.")
            return HttpResponseRedirect(office.address("change", page))
    return _show(
        office,
        request,
        "hide",
        page,
        status=422 if form.errors else status,
        title=f"Hide from readers: {page}",
        form=form,
        findings=findings,
        may_hide="override_reason" in form.fields or not any(finding.blocks for finding in findings),
    )


def call_off(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    if request.method != "POST":  # A decorator would look for the method at the office, which comes first.
        return HttpResponseNotAllowed(["POST"])
    page = _page(office, request, object_id, "content.publish_page")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        publishing.call_off(page, by=request.user, now=timezone.now())
    except publishing.NothingLive:
        messages.info(request, "Nothing was scheduled.")
    else:
        messages.success(request, "Called off: readers go on seeing what they see now.")
    return HttpResponseRedirect(office.address("change", page))


def preview(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """The link to the draft, to open or to send. Asking for a new one ends all that were given before."""
    page = _page(office, request, object_id)
    if request.method == "POST":
        Page.objects.filter(pk=page.pk).update(preview_generation=page.preview_generation + 1)
        messages.success(request, "The links given before have ended. Here is a new one.")
        return HttpResponseRedirect(office.address("preview", page))
    link = previews.address_of(page)
    return _show(
        office,
        request,
        "preview",
        page,
        title=f"Preview: {page}",
        link=link,
        whole_link=settings.SITE_URL + link,
        ends_at=when(timezone.now() + previews.LASTS),
    )


def review(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Record a review: of what readers see, or of the draft where that has other words."""
    page = _page(office, request, object_id, "content.review_page")
    now, today = timezone.now(), timezone.localdate()
    live, draft = publishing.live_revision(page, now=now), snapshot.of_draft(page).reviewed_digest
    digests = {"draft": draft} | ({"live": snapshot.of_revision(live).reviewed_digest} if live else {})
    is_same = digests.get("live") == draft
    me = Practitioner.objects.filter(user=request.user.pk).first()
    initial = {"reviewer": me, "reviewed_on": today, "next_review_on": today + timedelta(days=365)}
    form = ReviewForm(_sent(request), initial=initial | {"seen": f"{digests.get('live', '')} {draft}"})
    form.fields["reviewer"].queryset = Practitioner.objects.active()  # type: ignore[attr-defined]
    if live is None or is_same:
        del form.fields["of"]
    if not request.user.has_perm("content.override_checks"):
        del form.fields["override_reason"]
    status = 200
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        of = given.pop("of", "live" if live else "draft")
        seen = dict(zip(("live", "draft"), given.pop("seen").split(" "), strict=False))
        try:
            reviewing.record_review(
                page, by=request.user, now=now, of_live=of == "live", digest=seen.get(of, ""), **given
            )
        except reviewing.OwnWork:
            form.add_error(
                None, "The last change to this page is the reviewer's own, or yours. Somebody else should review it."
            )
        except (publishing.Changed, publishing.NothingLive):
            messages.error(request, "Not recorded: the page has changed meanwhile. Read it again, please.")
            return HttpResponseRedirect(office.address("review", page))
        else:
            seen_when = "Readers see it now." if of == "live" else "Readers see it with the next publishing."
            messages.success(request, f"The review is recorded. {seen_when}")
            return HttpResponseRedirect(office.address("change", page))
    return _show(
        office,
        request,
        "review",
        page,
        status=422 if form.errors else status,
        title=f"Clinical review: {page}",
        form=form,
        live=live,
        is_same=is_same,
        link=previews.address_of(page),
    )


def _page(office: Any, request: HttpRequest, object_id: str, permission: str = "") -> Page:
    """The page, for somebody who may change it (and may do this); the ids of other models find nothing."""
    page = get_object_or_404(office.get_queryset(request), pk=int(object_id) if _is_id(object_id) else 0)
    if not office.has_view_or_change_permission(request, page) or (
        permission and not request.user.has_perm(permission)  # type: ignore[union-attr]
    ):
        raise PermissionDenied
    found: Page = page
    return found


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _show(
    office: Any, request: HttpRequest, template: str, page: Page, *, status: int = 200, **context: Any
) -> HttpResponse:
    context |= office.admin_site.each_context(request)
    context |= {"opts": office.opts, "page": page, "editor": office.address("change", page), "office": office}
    return TemplateResponse(request, f"admin/content/page/{template}.html", context, status=status)


STEPS = {"publish": publish, "hide": hide, "call_off": call_off, "preview": preview, "review": review}
