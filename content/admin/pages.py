"""Editing pages and snippets in the Django admin: the draft. Readers see what is published from it."""

from datetime import timedelta
from functools import partial
from typing import Any

from content_editor.admin import ContentEditor
from django import forms
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, Exists, F, Max, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from js_asset import JSON, Media, Script

from booking.admin.inputs import OFFICE_INPUTS
from content import models, snapshot
from content.admin import history, steps
from content.admin.blocks import IN_A_PAGE, IN_A_SNIPPET
from content.admin.deleting import KeptWhileUsed
from content.admin.external_links import links_of
from content.admin.link_choices import link_choices
from content.admin.listing import listing_of
from content.admin.state import State, state_of, when
from content.answering import answers_about
from content.models import Page, Revision
from content.proofing import proof
from content.rows import EDITOR_STYLES

SOON_DUE = 60  # days


class ReviewFilter(admin.SimpleListFilter):
    title = "clinical review"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("due", f"Due within {SOON_DUE} days"), ("overdue", "Overdue"), ("none", "Never reviewed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[models.Page]) -> QuerySet[models.Page]:
        today = timezone.localdate()
        if self.value() == "due":
            return queryset.due_for_review(by=today + timedelta(days=SOON_DUE))  # type: ignore[attr-defined]
        if self.value() == "overdue":
            return queryset.due_for_review(by=today - timedelta(days=1))  # type: ignore[attr-defined]
        if self.value() == "none":
            return queryset.filter(kind=models.Page.Kind.TREATMENT, last_reviewed_on__isnull=True)
        return queryset


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", "Readers see it"), ("ahead", "Draft not yet published"), ("hidden", "Readers do not see it")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "live":
            return queryset.filter(is_live=True)
        if self.value() == "ahead":
            return queryset.filter(drafts_ahead())
        if self.value() == "hidden":
            return queryset.filter(is_live=False)
        return queryset


def with_state(pages: QuerySet[Any]) -> QuerySet[Any]:
    """Pages with whether readers see them, and when somebody last decided about them."""
    live = Revision.objects.live(at=timezone.now()).filter(page=OuterRef("pk"))
    of_draft = Q(revisions__is_repeat=False)
    decided_at = Max("revisions__made_at", filter=of_draft, output_field=DateTimeField())
    return pages.annotate(is_live=Exists(live), decided_at=decided_at)


def drafts_ahead() -> Q:
    """Pages with a draft that nobody has published, nor decided to hide. Goes with ``with_state``."""
    return Q(decided_at=None) | Q(edited_at__gt=F("decided_at"))


class DraftForm(forms.ModelForm):
    """Two people may open one draft; who saves second is told, and takes nothing back unseen."""

    opened_at = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["opened_at"] = self.instance.edited_at.isoformat()

    def clean(self) -> Any:
        opened_at = self.cleaned_data.get("opened_at")
        if self.instance.pk and opened_at and opened_at != self.instance.edited_at.isoformat():
            raise ValidationError(
                f"{self.instance.edited_by or 'Somebody'} changed this draft on {when(self.instance.edited_at)}, after "
                "you had opened it. Nothing of yours is saved yet. Open the page in another tab, see what has changed, "
                "and bring your words over."
            )
        return super().clean()


class DraftAdmin(KeptWhileUsed, ContentEditor):
    """What pages and snippets share: blocks, a state, and the steps that lead to readers."""

    form = DraftForm
    formfield_overrides = OFFICE_INPUTS
    list_filter: Any = [StateFilter]
    readonly_fields: Any = ["edited_at", "edited_by"]
    change_form_template = "admin/content/page/change_form.html"

    class Media:
        css = {"all": EDITOR_STYLES}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_state(super().get_queryset(request).select_related("edited_by"))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks saves nothing, so need not be told who did meanwhile."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (name, {**options, "fields": [one for one in options["fields"] if one != "opened_at"]})
            for name, options in fieldsets
        ]

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        found = [
            path(
                f"<path:object_id>/{step.replace('_', '-')}/",
                self.admin_site.admin_view(partial(view, self)),
                name=f"{name}_{step}",
            )
            for step, view in (steps.STEPS | history.STEPS).items()
        ]
        return found + super().get_urls()

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return history.history(self, request, object_id)

    def address(self, step: str, page: Page) -> str:
        """The address of a step of this page, or of its editor (``change``)."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{step}", args=[page.pk])

    @admin.display(description="state")
    def state(self, page: Any) -> str:
        ahead = page.decided_at is None or page.edited_at > page.decided_at
        if page.is_live:
            return "Public, draft changed" if ahead else "Public"
        return "Draft" if page.decided_at is None else "Hidden, draft changed" if ahead else "Hidden or scheduled"

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> Any:
        """Our policy allows no inline script: import maps carry a nonce, and injected styles are adopted."""
        page = kwargs.get("obj")
        context["show_save_and_add_another"] = False  # Two ways to save lead on to a reader's view instead.
        if page is not None:
            context |= {"state": self.state_of(request, page), "listing": listing_of(page), "links": links_of(page)}
            if page.kind == Page.Kind.TREATMENT:
                may_read = request.user.has_perm("booking.view_message")
                context["answers"] = answers_about(page, now=timezone.now(), with_words=may_read)
        response = super().render_change_form(request, context, **kwargs)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            media = Media(js=[Script("js/adopt_styles.js")]) + response.context_data["media"]
            media += Media(js=[JSON(self._findings(page), id="page-findings"), Script("js/page_editor.js", defer=True)])
            media += Media(js=[JSON(link_choices(), id="link-choices"), Script("js/link_choices.js", defer=True)])
            response.context_data["media"] = Media.from_media(media, nonce=request.csp_nonce)  # type: ignore[attr-defined]
        return response

    def state_of(self, request: HttpRequest, page: Page) -> State:
        return state_of(page, user=request.user, now=timezone.now(), address=self.address)

    def _findings(self, page: Page | None) -> list[dict[str, Any]]:
        """What the checks say of the draft as it was saved, for the editor to show beside each block."""
        if page is None:
            return []
        return [
            {
                "block": f"content_{finding.block[0]}_set",
                "id": finding.block[1],
                "message": finding.message,
                "quote": finding.quote,
                "blocks": finding.blocks,
            }
            for finding in proof(page, snapshot.of_draft(page), now=timezone.now())
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
        """Who changed the draft last, and when: only if there was a change."""
        sent = request.POST.copy()
        sent.setlist("_clone", [name for name in sent.getlist("_clone") if _is_a_block(name)])
        request.POST = sent  # type: ignore[assignment]
        super().save_related(request, form, formsets, change)
        if not change or form.has_changed() or any(formset.has_changed() for formset in formsets):
            Page.objects.filter(pk=form.instance.pk).update(edited_by=request.user, edited_at=timezone.now())


def _is_a_block(name: str) -> bool:
    """The editor copies blocks by the names of their rows: it may copy blocks, and nothing else."""
    label, _dot, pk = name.partition(":")
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return False
    return model in snapshot.KINDS.values() and pk.isascii() and pk.isdigit() and len(pk) < 19


@admin.register(models.Page)
class PageAdmin(DraftAdmin):
    """Facts above, words below. Blocks are ordered by dragging, or with the buttons on each."""

    list_display = ["title", "kind", "state", "edited_at", "edited_by", "next_review_on"]
    list_filter = [StateFilter, ReviewFilter, "kind"]
    search_fields = ["title", "lede", "alternate_names", "slug"]
    ordering = ["kind", "position", "title"]
    autocomplete_fields = ["hero_picture", "service", "written_by"]
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ["edited_at", "edited_by", "reviewed_by", "last_reviewed_on", "next_review_on"]
    view_on_site = False
    fieldsets = [
        (None, {"fields": ["title", "lede", ("kind", "slug"), "opened_at"]}),
        (
            "Facts and booking",
            {
                "description": "How long, the fee and the next free time come from the service and are never typed.",
                "fields": ["service", "booking_label", "performed_by", "referral", "alternate_names"],
                "classes": ["collapse"],
            },
        ),
        (
            "Picture at the head",
            {"fields": ["hero_picture", "hero_alt", "hero_is_decorative"], "classes": ["collapse"]},
        ),
        (
            "Who wrote and reviewed it",
            {
                "description": "A review is recorded with the button “Clinical review”, by who has read the page.",
                "fields": ["written_by", "reviewed_by", ("last_reviewed_on", "next_review_on")],
                "classes": ["collapse"],
            },
        ),
        (
            "Order and search engines",
            {"fields": [("topic", "position"), "description", ("edited_at", "edited_by")], "classes": ["collapse"]},
        ),
    ]
    inlines = IN_A_PAGE

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).exclude(kind=Page.Kind.SNIPPET)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "kind":
            kwargs["choices"] = [choice for choice in Page.Kind.choices if choice[0] != Page.Kind.SNIPPET]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


class SnippetForm(DraftForm):
    def clean(self) -> Any:
        self.instance.kind = Page.Kind.SNIPPET
        self.instance.slug = ""
        return super().clean()


@admin.register(models.Snippet)
class SnippetAdmin(DraftAdmin):
    """Words that are written once and shown inside many pages."""

    form = SnippetForm
    list_display = ["title", "state", "edited_at", "edited_by", "used_on"]
    search_fields = ["title"]
    ordering = ["title"]
    fields = ["title", ("edited_at", "edited_by"), "opened_at"]
    inlines = IN_A_SNIPPET
    view_on_site = False

    @admin.display(description="shown on")
    def used_on(self, snippet: Page) -> str:
        live = Revision.objects.live(at=timezone.now()).filter(snippets=snippet)
        return ", ".join(revision.title for revision in live) or "No page yet"
