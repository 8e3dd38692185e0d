"""Admin of e-mail wording, with a preview. An empty field uses the default text."""

import base64
import hashlib
import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from booking.messages import DEFAULT_WORDING, PreviewUnavailable, preview_email, with_defaults
from booking.models import PLACEHOLDERS, MessageWording, placeholders
from booking.staff.change_log_admin import ChangeLogMixin
from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES

TEXT_FIELDS = ("subject", "heading", "opening", "closing")


class WordingForm(forms.ModelForm):
    """Shows the default text as placeholder and help text of each field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        default = DEFAULT_WORDING[self.instance.kind]
        for name in TEXT_FIELDS:
            if name in self.fields and (text := getattr(default, name)):
                self.fields[name].widget.attrs["placeholder"] = text
                self.fields[name].help_text = f"Leave empty for “{text}”"


@admin.register(MessageWording)
class MessageWordingAdmin(ChangeLogMixin):
    form = WordingForm
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["kind", "subject_now", "worded_by"]
    fields = TEXT_FIELDS
    list_display_links = ["kind"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # After each migrate there is a row for every kind.

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # Clearing the fields restores the default text.

    @admin.display(description="subject")
    def subject_now(self, wording: MessageWording) -> str:
        return with_defaults(wording).subject

    @admin.display(description="worded by")
    def worded_by(self, wording: MessageWording) -> str:
        return "the clinic" if any(getattr(wording, name) for name in TEXT_FIELDS) else "us"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.preview)
        return [path("<int:pk>/preview/", view, name="booking_messagewording_preview"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": gettext("Email wording")} | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        wording = self.get_object(request, object_id)
        context: dict[str, Any] = {"title": gettext("Email wording")}
        if wording is not None:
            names = [name for name in PLACEHOLDERS if name in placeholders(wording.kind, "opening")]
            in_subject = placeholders(wording.kind, "subject")
            context |= {
                "placeholders": [(f"{{{name}}}", PLACEHOLDERS[name], name in in_subject) for name in names],
                "preview_url": reverse("admin:booking_messagewording_preview", args=[wording.pk]),
            }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    @method_decorator(require_POST)
    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Render the e-mail with the form's unsaved text; 422 if the form is invalid."""
        wording = self.get_object(request, str(pk))
        if wording is None:
            raise Http404
        if not self.has_change_permission(request, wording):
            raise PermissionDenied
        form = self.get_form(request, wording, change=True)(request.POST, instance=wording)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "wording": wording, "form": form}
        html = ""
        if form.is_valid():
            try:
                mail = preview_email(wording, now=timezone.now())
            except PreviewUnavailable:
                self.message_user(
                    request, gettext("No one offers a service yet, so there's no appointment to show an email for.")
                )
                return redirect("admin:booking_messagewording_change", pk)
            html = str(mail.alternatives[0][0])
            context |= {"mail": mail, "html": html}
        response = TemplateResponse(
            request, "admin/booking/messagewording/preview.html", context, status=200 if form.is_valid() else 422
        )
        if html:
            response.csp_styles = _style_hashes(html)  # type: ignore[attr-defined]
        return response


def _style_hashes(html: str) -> list[str]:
    """CSP hashes of the e-mail's style elements: a frame inherits its page's Content-Security-Policy."""
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    return [f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" for style in styles]
