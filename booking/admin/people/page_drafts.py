"""Look at a practitioner's draft of their team page beside the page, then publish it or send it back."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.forms.fields import ParagraphsField
from booking.models import PractitionerDraft
from booking.staff.page_drafts import (
    OwnPageChanged,
    changed_fields,
    publish_draft,
    send_back_draft,
    version_of,
)


class SendBackForm(forms.Form):
    reply = ParagraphsField(
        label=_("A word to them"),
        max_length=500,
        error_messages={"required": _("Write what to change, so that they know.")},
    )


def page(model_admin: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Compare; on POST publish or send back, or answer 409 if the draft has changed since it was shown."""
    if not model_admin.has_change_permission(request):
        raise PermissionDenied
    draft = get_object_or_404(
        PractitionerDraft.objects.select_related("practitioner"), practitioner=pk, state=PractitionerDraft.State.SENT
    )
    form = SendBackForm(request.POST if "back" in request.POST else None)
    if request.method != "POST":
        return _show(model_admin, request, draft, form)
    seen = request.POST.get("seen", "")
    try:
        if "publish" in request.POST:
            publish_draft(draft, seen=seen, by=request.user)
            messages.success(request, gettext("Published. The team page now says so."))
        elif form.is_valid():
            send_back_draft(draft, seen=seen, reply=form.cleaned_data["reply"], by=request.user)
            messages.success(request, gettext("Sent back. They read your words on their own page."))
        else:
            return _show(model_admin, request, draft, form, status=422)
    except OwnPageChanged:
        messages.error(request, gettext("The draft has changed since you opened it. Please look at it again."))
        current = PractitionerDraft.objects.filter(pk=draft.pk, state=PractitionerDraft.State.SENT).first()
        if current is not None:
            return _show(model_admin, request, current, SendBackForm(), status=409)
    return redirect("admin:index")


def _show(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    draft: PractitionerDraft,
    form: SendBackForm,
    *,
    status: int = 200,
) -> HttpResponse:
    changed = changed_fields(draft)
    fields = [PractitionerDraft._meta.get_field(name) for name in PractitionerDraft.FIELDS]
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": gettext("Draft of a team page"),
        "subtitle": None,
        "practitioner": draft.practitioner,
        "draft": draft,
        "rows": [
            {
                "label": str(field.verbose_name).capitalize(),  # type: ignore[union-attr]
                "is_photo": field.name == "photo",
                "is_changed": field.name in changed,
                "now": getattr(draft.practitioner, field.name),
                "new": getattr(draft, field.name),
            }
            for field in fields
        ],
        "form": form,
        "seen": version_of(draft),
    }
    return TemplateResponse(request, "admin/booking/practitioner/draft.html", context, status=status)
