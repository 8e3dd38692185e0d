"""Base admin of drafts, for pages and snippets."""

from functools import partial
from typing import Any

from content_editor.admin import ContentEditor
from django import forms
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES
from content.admin.editing import history, steps
from content.admin.editing.block_keys import block_key
from content.admin.editing.filters import StateFilter, with_state
from content.admin.editing.media import editor_media
from content.admin.editing.search_preview import listing_of
from content.admin.editing.status import PageStatus, local_time, status_of
from content.admin.external_links import links_of
from content.admin.picture_chooser.fields import PictureFieldsMixin, PictureWordsMixin
from content.admin.protect_references import ProtectReferencedMixin
from content.blocks import page_content
from content.fields.rows import EDITOR_STYLES
from content.models import Page
from content.publishing.checks.rules import check_page
from content.site.page_feedback import feedback_counts_of


class DraftForm(PictureWordsMixin, forms.ModelForm):
    """Optimistic locking: refuse to save a draft that someone else has changed since it was opened."""

    picture_fields = ("hero_picture", "hero_alt", "hero_is_decorative")

    opened_at = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["opened_at"] = self.instance.edited_at.isoformat()

    def clean(self) -> Any:
        opened_at = self.cleaned_data.get("opened_at")
        if self.instance.pk and opened_at and opened_at != self.instance.edited_at.isoformat():
            raise ValidationError(
                f"{self.instance.edited_by or 'Someone'} changed this draft on {local_time(self.instance.edited_at)}, "
                "after you opened it. Your changes aren't saved yet. Open the page in another tab, see what has "
                "changed, and copy your text over."
            )
        return super().clean()


class DraftAdmin(PictureFieldsMixin, ProtectReferencedMixin, ContentEditor):
    """Edit a draft with its blocks; show its publishing status and the steps (preview, publish, history ...)."""

    form = DraftForm
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_filter: Any = [StateFilter]
    readonly_fields: Any = ["edited_at", "edited_by"]
    change_form_template = "admin/content/page/change_form.html"

    class Media:
        css = {"all": EDITOR_STYLES}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_state(super().get_queryset(request).select_related("edited_by"))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out ``opened_at`` for users who may only view."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (name, {**options, "fields": [field for field in options["fields"] if field != "opened_at"]})
            for name, options in fieldsets
        ]

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        urls = [
            path(
                f"<path:object_id>/{step.replace('_', '-')}/",
                self.admin_site.admin_view(partial(view, self)),
                name=f"{name}_{step}",
            )
            for step, view in (steps.STEPS | history.STEPS).items()
        ]
        return urls + super().get_urls()

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return history.history(self, request, object_id)

    def address(self, step: str, page: Page) -> str:
        """Return the URL of a step of this page, or of its editor (``change``)."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{step}", args=[page.pk])

    @admin.display(description="state")
    def state(self, page: Any) -> str:
        ahead = page.decided_at is None or page.edited_at > page.decided_at
        if page.is_live:
            return "Public, draft changed" if ahead else "Public"
        return "Draft" if page.decided_at is None else "Hidden, draft changed" if ahead else "Hidden or scheduled"

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> Any:
        """Add the page's status and issues, and media that the CSP allows: nonces, and js/adopt_styles.js."""
        page = kwargs.get("obj")
        context["show_save_and_add_another"] = False  # The template has two other save buttons.
        if page is not None:
            context |= {"state": self.state_of(request, page), "listing": listing_of(page), "links": links_of(page)}
            if page.kind == Page.Kind.TREATMENT:
                may_read = request.user.has_perm("booking.view_message")
                context["answers"] = feedback_counts_of(page, now=timezone.now(), with_words=may_read)
        response = super().render_change_form(request, context, **kwargs)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            response.context_data["media"] = editor_media(
                response.context_data["media"],
                self._findings(page),
                nonce=request.csp_nonce,  # type: ignore[attr-defined]
            )
        return response

    def state_of(self, request: HttpRequest, page: Page) -> PageStatus:
        return status_of(page, user=request.user, now=timezone.now(), address=self.address)

    def _findings(self, page: Page | None) -> list[dict[str, Any]]:
        """Return the issues of the saved draft as JSON data, which page_editor/checks.js shows next to each block."""
        if page is None:
            return []
        return [
            {
                "block": block_key(*finding.block),
                "message": finding.message,
                "quote": finding.quote,
                "blocks": finding.blocks,
            }
            for finding in check_page(page, page_content.content_of_draft(page), now=timezone.now())
            if finding.block
        ]

    def response_change(self, request: HttpRequest, obj: Page) -> HttpResponse:
        return self._next_step(request, obj) or super().response_change(request, obj)

    def response_add(self, request: HttpRequest, obj: Page, post_url_continue: Any = None) -> HttpResponse:
        return self._next_step(request, obj) or super().response_add(request, obj, post_url_continue)

    def _next_step(self, request: HttpRequest, page: Page) -> HttpResponse | None:
        step = next((step for step in ("publish", "preview") if f"_{step}" in request.POST), None)
        return HttpResponseRedirect(self.address(step, page)) if step else None

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: Any, change: bool) -> None:
        """Set ``edited_by`` and ``edited_at`` if anything has changed."""
        data = request.POST.copy()
        data.setlist("_clone", [name for name in data.getlist("_clone") if _is_block(name)])
        request.POST = data  # type: ignore[assignment]
        super().save_related(request, form, formsets, change)
        if not change or form.has_changed() or any(formset.has_changed() for formset in formsets):
            Page.objects.filter(pk=form.instance.pk).update(edited_by=request.user, edited_at=timezone.now())


def _is_block(name: str) -> bool:
    """Return whether ``name`` ("app.model:pk") is a block. django-content-editor would clone rows of any model."""
    label, _dot, pk = name.partition(":")
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return False
    return model in page_content.KINDS.values() and pk.isascii() and pk.isdigit() and len(pk) < 19
