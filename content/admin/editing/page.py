"""Admin of pages and snippets. It edits the draft; readers see the published revision."""

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from content import models
from content.admin.editing.blocks import PAGE_INLINES, SNIPPET_INLINES
from content.admin.editing.draft import DraftAdmin, DraftForm
from content.admin.editing.filters import KindFilter, ReviewFilter, StateFilter, WaitingFilter
from content.admin.pages import tree
from content.admin.pages.new_page import NewDraftMixin, NewPageForm, NewSnippetForm, possible_parents
from content.admin.reviewing.waiting import reviews
from content.models import LONGEST_LEDE, Page, Revision

# What the fields at the top are called there: their place says the rest.
TOP_FIELDS: dict[str, dict[str, Any]] = {
    "title": {"help_text": ""},
    "lede": {
        "label": _("One sentence under it"),
        "help_text": "",
        "widget": AdminTextareaWidget(attrs={"rows": 2, "data-most-words": LONGEST_LEDE}),
    },
    "service": {"label": _("What the button books"), "help_text": ""},
    "booking_label": {"label": _("Text on the button"), "help_text": ""},
    "hero_picture": {"label": _("Picture at the top")},
    "hero_is_decorative": {"help_text": ""},
}

Kind = Page.Kind
ADDRESS, FACTS, AUTHOR, PLACE = "Address", _("Facts"), _("Author and reviewer"), _("Order, menus and search engines")


class PageForm(DraftForm):
    """Check the place of a page while its row and its parent's are locked, so that it stays true until the commit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parent" in self.fields:
            parent: Any = self.fields["parent"]
            parent.queryset, parent.empty_label = possible_parents(self.instance), gettext("No page: it's at the top")

    def clean(self) -> Any:
        data = super().clean()
        parent = self.cleaned_data.get("parent")
        if parent is not None and connection.in_atomic_block:
            rows = Page.objects.filter(pk__in=[parent.pk, self.instance.pk]).order_by("pk")
            locked = {row.pk: row for row in rows.select_for_update()}
            self.cleaned_data["parent"] = locked.get(parent.pk, parent)
        return data


BOOKS = (Kind.TREATMENT, Kind.HOME)  # Pages with a button that books a service.
ADDRESS_OF: dict[str, Any] = {Kind.TREATMENT: "slug", Kind.ORDINARY: ("parent", "slug")}


@admin.register(models.Page)
class PageAdmin(NewDraftMixin, DraftAdmin):
    """List pages as a tree, make a new one in two steps, and edit a page's fields and, below them, its blocks."""

    form = PageForm
    add_form = NewPageForm
    add_fieldsets: ClassVar = [(None, {"fields": ["kind", "title", "parent", "slug", "copy_of"]})]
    list_display = ["title", "state", "edited_at", "edited_by", "next_review_on"]
    list_filter = [WaitingFilter, StateFilter, ReviewFilter, KindFilter]
    list_per_page = 200
    show_facets = admin.ShowFacets.ALWAYS
    sortable_by = ()
    search_fields = ["title"]  # And the words of the draft: see get_search_results.
    change_list_template = "admin/content/page/change_list.html"
    autocomplete_fields = ["service", "written_by"]
    readonly_fields = [
        "kind",
        "edited_at",
        "edited_by",
        "reviewed_by",
        "last_reviewed_on",
        "next_review_on",
        "in_menus",
    ]
    view_on_site = False
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "title",
                    "lede",
                    ("service", "hero_picture"),
                    ("booking_label", "hero_alt", "hero_is_decorative"),
                    "opened_at",
                ]
            },
        ),
        (ADDRESS, {"fields": ["kind"], "classes": ["collapse"]}),
        (
            FACTS,
            {
                "description": _(
                    "The length, the fee and the next free time come from the appointment that the button books. "
                    "No one has to type them."
                ),
                "fields": ["performed_by", "referral", "alternate_names"],
                "classes": ["collapse"],
            },
        ),
        (
            AUTHOR,
            {
                "description": _(
                    "The person who has read the page records a review with the button “Clinical review”."
                ),
                "fields": ["written_by", "reviewed_by", ("last_reviewed_on", "next_review_on")],
                "classes": ["collapse"],
            },
        ),
        (
            PLACE,
            {
                "fields": [("topic", "position"), "in_menus", "description", ("edited_at", "edited_by")],
                "classes": ["collapse"],
            },
        ),
    ]
    inlines = PAGE_INLINES

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).exclude(kind=Kind.SNIPPET).select_related("parent")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(reviews, self))
        return [path("reviews/", view, name="content_page_reviews"), *super().get_urls()]

    def get_ordering(self, request: HttpRequest) -> Any:
        return tree.ORDER

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what this kind of page doesn't show."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        unused = set()
        if obj.kind not in BOOKS:
            unused.add(FACTS)
        if obj.kind != Kind.TREATMENT:
            unused.add(AUTHOR)
        return [
            (name, {**options, "fields": list(_fields_of(obj, options["fields"]))})
            for name, options in fieldsets
            if name not in unused
        ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs, **TOP_FIELDS.get(db_field.name, {}))
        # Who writes a page doesn't change what the clinic offers.
        if db_field.name in ("parent", "service") and field is not None:
            for can in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
                setattr(field.widget, can, False)
        return field

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        return tree.with_words(queryset, search_term), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Pages", **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Add the rows of the tree, which is flat while it is searched or filtered."""
        changelist = super().get_changelist_instance(request)
        is_tree = not (changelist.query or changelist.get_filters_params())
        changelist.rows = tree.rows_of(list(changelist.result_list), is_tree=is_tree, state_of=self.state_and_tone)
        waiting = next(spec for spec in changelist.filter_specs if isinstance(spec, WaitingFilter))
        changelist.waiting = list(waiting.choices(changelist))  # Counting makes the changelist's filters anew.
        changelist.filter_specs = [spec for spec in changelist.filter_specs if not isinstance(spec, WaitingFilter)]
        return changelist

    def state_and_tone(self, page: Any) -> tuple[str, str]:
        state = self.state(page)
        return state, "meadow" if state == "Public" else "straw" if page.is_live else "plain"

    @admin.display(description=_("In the menus"))
    def in_menus(self, page: Page) -> str:
        entries = {entry.menu_id for entry in page.menu_entries.all()}
        rows = [
            (
                reverse("admin:content_menu_change", args=[menu.pk]),
                menu,
                gettext("it's there") if menu.pk in entries else gettext("not there"),
            )
            for menu in models.Menu.objects.all()
        ]
        return format_html_join(mark_safe("<br>"), '<a href="{}">{}</a>: {}', rows)


def _fields_of(page: Page, names: list[Any]) -> Iterator[Any]:
    for name in names:
        if name == "in_menus" and page.kind not in Page.KINDS_WITH_SLUG:
            continue  # Menus link to the fixed pages as places of the site.
        if name == ("topic", "position") and page.kind != Kind.TREATMENT:
            yield "position"
        elif isinstance(name, tuple) and page.kind not in BOOKS:
            yield tuple(part for part in name if part not in ("service", "booking_label"))
        else:
            yield name
        if name == "kind" and page.kind in ADDRESS_OF:
            yield ADDRESS_OF[page.kind]


class SnippetForm(DraftForm):
    def clean(self) -> Any:
        self.instance.kind = Page.Kind.SNIPPET
        self.instance.slug = ""
        return super().clean()


@admin.register(models.Snippet)
class SnippetAdmin(NewDraftMixin, DraftAdmin):
    """Edit snippets, whose blocks are shown in several pages."""

    form = SnippetForm
    add_form = NewSnippetForm
    add_fieldsets: ClassVar = [(None, {"fields": ["title"]})]
    list_display = ["title", "state", "edited_at", "edited_by", "used_on"]
    search_fields = ["title"]
    ordering = ["title"]
    fields = ["title", ("edited_at", "edited_by"), "opened_at"]
    inlines = SNIPPET_INLINES
    view_on_site = False

    @admin.display(description="shown on")
    def used_on(self, snippet: Page) -> str:
        live = Revision.objects.live(at=timezone.now()).filter(snippets=snippet)
        return ", ".join(revision.title for revision in live) or "No page yet"
