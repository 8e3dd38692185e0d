"""Base admin of drafts, for pages and snippets."""

from functools import partial
from typing import Any
from uuid import UUID

from content_editor.admin import ContentEditor
from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES
from content.admin.autosave import answers
from content.admin.autosave import views as autosave_views
from content.admin.autosave.form_data import SITTING, is_autosave, is_by_another_user, prepare, version_of
from content.admin.autosave.problems import CONFLICT, problems_of
from content.admin.editing import history, steps
from content.admin.editing.arranging.block_list import block_list
from content.admin.editing.arranging.moves import step_after_save
from content.admin.editing.filters import StateFilter, with_state
from content.admin.editing.media import editor_media
from content.admin.editing.preview import frame
from content.admin.editing.preview.findings import Finding, findings_of, with_places
from content.admin.editing.search_preview import listing_of
from content.admin.editing.status import PageStatus, local_time, status_of
from content.admin.editing.step_page import is_id
from content.admin.external_links import links_of
from content.admin.picture_chooser.fields import PictureFieldsMixin, PictureWordsMixin
from content.admin.protect_references import ProtectReferencedMixin
from content.admin.reviewing.comments import editor_comments
from content.blocks import page_content
from content.fields.rows import EDITOR_STYLES
from content.models import EditSession, Page, Snippet
from content.publishing import edit_sessions
from content.site.page_feedback import feedback_counts_of


class DraftForm(PictureWordsMixin, forms.ModelForm):
    """Optimistic locking: refuse to save a draft that someone else has changed since it was opened."""

    picture_fields = ("hero_picture", "hero_alt", "hero_is_decorative")

    # Browsers would fill in the former version when someone goes back to the page.
    opened_at = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        if self.instance.pk:
            self.initial["opened_at"] = version_of(self.instance)

    def clean(self) -> Any:
        opened_at = self.cleaned_data.get("opened_at")
        is_checked = bool(self.instance.pk) and (opened_at or is_autosave(self.data))
        if is_checked and opened_at != version_of(self.instance):
            raise ValidationError(
                f"{self.instance.edited_by or 'Someone'} changed this draft on {local_time(self.instance.edited_at)}, "
                "after you opened it. Your changes aren't saved yet. Open the page in another tab, see what has "
                "changed, and copy your text over.",
                code=CONFLICT,
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
            for step, view in (steps.STEPS | history.STEPS | frame.STEPS | autosave_views.STEPS).items()
        ]
        logged_in = self.admin_site.admin_view(partial(autosave_views.logged_in, self))
        return [path("logged-in/", logged_in, name=f"{name}_logged_in"), *urls, *super().get_urls()]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Lock the draft for a save: of two editors who save at once, the second one gets an edit conflict."""
        if request.method != "POST" or object_id is None or not is_id(object_id):
            return super().changeform_view(request, object_id, form_url, extra_context)
        if is_by_another_user(request.POST, request.user):
            raise PermissionDenied
        with transaction.atomic():
            page = Page.objects.select_for_update().filter(pk=int(object_id)).first()
            if page is not None:
                request.POST = prepare(request.POST, page, by=request.user)  # type: ignore[assignment]
            return super().changeform_view(request, object_id, form_url, extra_context)

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
        form, formsets = context["adminform"].form, [each.formset for each in context["inline_admin_formsets"]]
        if page is not None and is_autosave(request.POST):
            return answers.refused(self, request, page, form, formsets)
        context["problems"] = problems_of(form, formsets) if form.is_bound else []
        findings: list[Finding] = []
        if page is not None:
            context |= {"state": self.state_of(request, page), "listing": listing_of(page), "links": links_of(page)}
            findings = findings_of(page, page_content.content_of_draft(page), now=timezone.now())
            context["findings"] = with_places(findings, context["inline_admin_formsets"])
            may_change = self.has_change_permission(request, page)
            context["block_list"] = block_list(page, context["inline_admin_formsets"], may_change=may_change)
            context["comments"] = editor_comments(self, request, page)
            if page.kind == Page.Kind.TREATMENT:
                may_read = request.user.has_perm("booking.view_message")
                context["answers"] = feedback_counts_of(page, now=timezone.now(), with_words=may_read)
        response = super().render_change_form(request, context, **kwargs)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            response.context_data["media"] = editor_media(
                response.context_data["media"],
                findings,
                answers.editor_state(self, request, page, form) if page else None,
                nonce=request.csp_nonce,  # type: ignore[attr-defined]
            )
            response.csp = settings.SECURE_CSP_ADMIN | {"frame-src": ["'self'"]}  # type: ignore[attr-defined]
        return response

    def state_of(self, request: HttpRequest, page: Page) -> PageStatus:
        return status_of(page, user=request.user, now=timezone.now(), address=self.address)

    def response_change(self, request: HttpRequest, obj: Page) -> HttpResponse:
        if is_autosave(request.POST):
            return answers.saved(request, obj, request.block_ids)  # type: ignore[attr-defined]
        return self._next_step(request, obj) or super().response_change(request, obj)

    def response_add(self, request: HttpRequest, obj: Page, post_url_continue: Any = None) -> HttpResponse:
        return self._next_step(request, obj) or super().response_add(request, obj, post_url_continue)

    def _next_step(self, request: HttpRequest, page: Page) -> HttpResponse | None:
        if response := step_after_save(self, request, page):
            return response
        step = next((step for step in ("publish", "preview") if f"_{step}" in request.POST), None)
        return HttpResponseRedirect(self.address(step, page)) if step else None

    def save_model(self, request: HttpRequest, obj: Page, form: forms.ModelForm, change: bool) -> None:
        if change:
            key = UUID(request.POST[SITTING])
            edit_sessions.begin_saving(obj, by=request.user, key=key, now=timezone.now())
        if not change or form.has_changed():
            super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: Any, change: bool) -> None:
        """Set ``edited_by`` and ``edited_at`` if anything has changed."""
        data = request.POST.copy()
        data.setlist("_clone", [name for name in data.getlist("_clone") if _is_block(name)])
        request.POST = data  # type: ignore[assignment]
        super().save_related(request, form, formsets, change)
        if not change or form.has_changed() or any(formset.has_changed() for formset in formsets):
            page, now = form.instance, timezone.now()
            page.edited_by, page.edited_at = request.user, now
            Page.objects.filter(pk=page.pk).update(edited_by=request.user, edited_at=now)
            if change:
                edit_sessions.finish_saving(page, by=request.user, key=UUID(request.POST[SITTING]), saved_at=now)
        block_forms = [block_form for formset in formsets for block_form in formset.forms]
        request.block_ids = {  # type: ignore[attr-defined]
            block_form.prefix: block_form.instance.pk for block_form in block_forms if block_form.instance.pk
        }

    def log_change(self, request: HttpRequest, obj: Page, message: Any) -> Any:
        """Log one entry for each edit session, not one for each autosave."""
        session = edit_sessions.session_of(obj, by=request.user, key=UUID(request.POST[SITTING]))
        if session is None or not _is_logged(obj, session):
            return super().log_change(request, obj, message)
        return None


def _is_logged(page: Page, session: EditSession) -> bool:
    """Whether the log has an entry of this session."""
    entries = LogEntry.objects.filter(user=session.user_id, object_id=str(page.pk), action_flag=CHANGE)
    kinds = ContentType.objects.get_for_models(Page, Snippet, for_concrete_models=False).values()
    return entries.filter(content_type__in=kinds, action_time__gte=session.started_at).exists()


def _is_block(name: str) -> bool:
    """Return whether ``name`` ("app.model:pk") is a block. django-content-editor would clone rows of any model."""
    label, _dot, pk = name.partition(":")
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return False
    return model in page_content.KINDS.values() and pk.isascii() and pk.isdigit() and len(pk) < 19
