"""Admin views that publish a draft, hide a page and cancel a scheduled revision, each after a confirmation page.

The commands, with their checks, are in ``content/publishing/publish.py``.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.forms.fields import LineField
from content.admin.editing.block_keys import block_key
from content.admin.editing.status import local_time
from content.admin.editing.step_page import find_page, sent, show_step
from content.blocks import page_content
from content.blocks.block_text import block_label
from content.publishing import comments, diff
from content.publishing import publish as publishing
from content.publishing.checks.issue import Issue
from content.publishing.checks.rules import check_hiding, check_page


class PublishForm(forms.Form):
    note = LineField(
        required=False, max_length=200, label=_("What's new"), help_text=_("For the history. Readers don't see it.")
    )
    goes_live_at = forms.DateTimeField(
        required=False,
        label="Go live at",
        help_text=_("In the clinic's time. Leave empty to publish now."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    override_reason = LineField(
        required=False,
        max_length=300,
        label=_("Publish anyway, because"),
        help_text=_("Only if what is listed under “Fix this first” can't be fixed now. We'll keep the reason."),
    )
    digest = forms.CharField(widget=forms.HiddenInput)


def publish(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    page = find_page(office, request, object_id, "content.publish_page")
    now = timezone.now()
    draft = page_content.content_of_draft(page)
    findings = check_page(page, draft, now=now)
    may_override = request.user.has_perm("content.override_checks")
    form = PublishForm(sent(request), initial={"digest": draft.digest})
    if not may_override or not any(finding.blocks for finding in findings):
        del form.fields["override_reason"]
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            revision = publishing.publish(page, by=request.user, now=now, **form.cleaned_data)
        except publishing.PublishingError as error:
            messages.error(request, gettext("Not published. Please fix what is marked below first."))
            status, findings = 422, [*error.findings, *(finding for finding in findings if not finding.blocks)]
        except publishing.DraftChanged:
            messages.error(
                request, gettext("Not published: someone changed the draft in the meantime. Please look at it again.")
            )
            form, status = PublishForm(initial=form.cleaned_data | {"digest": draft.digest}), 409
        else:
            if revision.goes_live_at > now:
                messages.success(request, f"“{page}” will go live on {local_time(revision.goes_live_at)}.")
            else:
                messages.success(request, f"“{page}” is published. Readers see it now.")
            return HttpResponseRedirect(office.address("change", page))
    live = publishing.live_revision(page, now=now)
    before = page_content.content_of_revision(live) if live else None
    return show_step(
        office,
        request,
        "publish",
        page,
        status=422 if form.errors else status,
        title=f"Publish: {page}",
        form=form,
        must=by_block(draft, [finding for finding in findings if finding.blocks]),
        should=by_block(draft, [finding for finding in findings if not finding.blocks]),
        changes=diff.compare(before, draft) if before else [],
        is_first=before is None,
        may_publish=may_override or not any(finding.blocks for finding in findings),
        threads=[thread for thread in comments.threads_of(page) if thread.open_comments],
    )


def by_block(content: page_content.PageContent, findings: list[Issue]) -> list[tuple[str, str, list[Issue]]]:
    """Group issues as (label, id, issues): those of the page itself, then those of each block in page order."""
    groups = [("The page itself", "", [finding for finding in findings if finding.block is None])]
    for row in content.rows():
        key = (str(row._meta.model_name), row.pk)
        found = [finding for finding in findings if finding.block == key]
        if found:
            groups.append((block_label(row), block_key(*key), found))
    return [group for group in groups if group[2]]


class HideForm(forms.Form):
    override_reason = LineField(
        required=False,
        max_length=300,
        label=_("Hide it anyway, because"),
        help_text=_("Only if what is listed above can't be fixed now. We'll keep the reason."),
    )


def hide(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    page = find_page(office, request, object_id, "content.publish_page")
    now = timezone.now()
    findings = check_hiding(page, now=now)
    form = HideForm(sent(request))
    if not request.user.has_perm("content.override_checks") or not any(finding.blocks for finding in findings):
        del form.fields["override_reason"]
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            publishing.unpublish(page, by=request.user, now=now, **form.cleaned_data)
        except publishing.NothingPublished:
            messages.info(request, gettext("Readers didn't see this page anyway."))
            return HttpResponseRedirect(office.address("change", page))
        except publishing.PublishingError:
            messages.error(request, gettext("Not hidden. See below what other pages would lose."))
            status = 422
        else:
            messages.success(request, f"“{page}” is hidden from readers.")
            return HttpResponseRedirect(office.address("change", page))
    return show_step(
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
    if request.method != "POST":  # require_POST would take the admin, the first argument, for the request.
        return HttpResponseNotAllowed(["POST"])
    page = find_page(office, request, object_id, "content.publish_page")
    try:
        publishing.cancel_schedule(page, by=request.user, now=timezone.now())
    except publishing.NothingPublished:
        messages.info(request, "Nothing was scheduled.")
    else:
        messages.success(request, gettext("Cancelled. Readers will keep seeing what they see now."))
    return HttpResponseRedirect(office.address("change", page))
