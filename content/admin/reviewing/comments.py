"""Comments on a draft in the admin: a page that lists and takes them, and the same as JSON for the editor's script."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.forms.fields import ParagraphsField
from booking.staff.formats import staff_name
from content.admin.editing.block_keys import block_key, block_of_key
from content.admin.editing.status import local_time
from content.admin.editing.step_page import find_page, is_id, show_step
from content.models import BlockComment, Page
from content.publishing import comments as commenting
from content.publishing.comments import LONGEST_COMMENT, CommentThread

GONE = _("That block is no longer in the draft. You can write about the page itself.")


class CommentForm(forms.Form):
    block = forms.CharField(required=False, max_length=70, label="About")
    text = ParagraphsField(
        max_length=LONGEST_COMMENT,
        label="Comment",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write a comment first.")},
    )

    def clean_block(self) -> tuple[str, int] | None:
        key = self.cleaned_data["block"]
        block = block_of_key(key)
        if key and block is None:
            raise forms.ValidationError(GONE)
        return block


def may_comment(office: Any, request: HttpRequest, page: Page) -> bool:
    """Whether the user edits or reviews this page. Who may only view it neither reads nor writes comments."""
    may_review = request.user.has_perm("content.review_page")  # type: ignore[union-attr]
    return bool(may_review or office.has_change_permission(request, page))


def comments(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """List the comments by block, and take a new one; works without JavaScript."""
    page = _find_commentable(office, request, object_id)
    form, status = CommentForm(initial={"block": request.GET.get("block", "")}), 200
    if request.method == "POST":
        comment, form = _apply(page, request)
        if comment:
            return HttpResponseRedirect(f"{office.address('comments', page)}#comment-{comment.pk}")
        status = 422
        if not form.is_bound:  # Something else than adding a comment did not work.
            messages.error(request, gettext("That didn't work. Here is how the comments stand now."))
            form, status = CommentForm(), 409
    threads = commenting.threads_of(page)
    choices = [(_key_of(thread), thread.label) for thread in threads]
    form.fields["block"].widget = forms.Select(choices=choices)
    return show_step(
        office,
        request,
        "comments",
        page,
        status=status,
        title=f"Comments: {page}",
        form=form,
        threads=[thread for thread in threads if thread.comments],
    )


def comments_data(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Return the comments as JSON, after a change if it is a POST; 422 with a sentence if that was refused."""
    page = _find_commentable(office, request, object_id)
    if request.method == "POST":
        comment, form = _apply(page, request)
        if comment is None:
            errors = [message for messages_of in form.errors.values() for message in messages_of]
            sentence = errors[0] if errors else gettext("That didn't work. Reload the page to see the comments.")
            return JsonResponse({"error": sentence}, status=422)
    elif request.method != "GET":
        return HttpResponseNotAllowed(["GET", "POST"])
    return JsonResponse({"threads": threads_data(page)})


def editor_comments(office: Any, request: HttpRequest, page: Page) -> dict[str, Any] | None:
    """Return what the editor's script needs, or None for who may not comment."""
    if not may_comment(office, request, page):
        return None
    return {"address": office.address("comments_data", page), "threads": threads_data(page)}


def threads_data(page: Page) -> list[dict[str, Any]]:
    """Return the threads that have comments, as static/js/page_editor/comments.js reads them."""
    return [
        {
            "key": _key_of(thread),
            "comments": [
                {
                    "id": item.comment.pk,
                    "by": staff_name(item.comment.made_by),
                    "at": local_time(item.comment.made_at),
                    "text": item.comment.text,
                    "about": item.about,
                    "resolved": resolved_words(item.comment),
                }
                for item in thread.comments
            ],
        }
        for thread in commenting.threads_of(page)
        if thread.comments
    ]


def resolved_words(comment: BlockComment) -> str:
    """Return who resolved the comment and when; nothing while it is open."""
    if comment.resolved_at is None:
        return ""
    return f"Resolved by {staff_name(comment.resolved_by)}, {local_time(comment.resolved_at)}"


def _find_commentable(office: Any, request: HttpRequest, object_id: str) -> Page:
    page = find_page(office, request, object_id)
    if not may_comment(office, request, page):
        raise PermissionDenied
    return page


def _apply(page: Page, request: HttpRequest) -> tuple[BlockComment | None, CommentForm]:
    """Add, resolve or reopen a comment as the form says. Return it, or None and the form with what is wrong."""
    action, now = request.POST.get("action", "add"), timezone.now()
    if action == "add":
        form = CommentForm(request.POST)
        if form.is_valid():
            try:
                return commenting.add_comment(page, **form.cleaned_data, by=request.user, now=now), form
            except commenting.BlockGone:
                form.add_error("block", GONE)
        return None, form
    pk = request.POST.get("comment", "")
    comment = BlockComment.objects.filter(page=page, pk=int(pk)).first() if is_id(pk) else None
    if comment and action == "resolve":
        commenting.resolve_comment(comment, by=request.user, now=now)
    elif comment and action == "reopen":
        commenting.reopen_comment(comment)
    else:
        comment = None
    return comment, CommentForm()


def _key_of(thread: CommentThread) -> str:
    return block_key(*thread.block) if thread.block else ""
