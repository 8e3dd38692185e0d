"""What became of the links to other sites: a list for staff, and the same beside each page. Read, never typed."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from booking.admin.words import moment
from content.models import ExternalLink, Page
from content.rows import EDITOR_STYLES

# What wants a hand comes first, as the outcomes are listed.
WORST_FIRST = Case(*(When(outcome=name, then=Value(place)) for place, name in enumerate(ExternalLink.Outcome.values)))


def links_of(page: Page) -> QuerySet[ExternalLink]:
    """The links that readers find on this page, as they were last checked, the broken ones first."""
    return page.external_links.order_by(WORST_FIRST, "address")


@admin.register(ExternalLink)
class ExternalLinkAdmin(admin.ModelAdmin):
    list_display = ["outcome", "address", "words", "where", "checked"]
    list_display_links = ["address"]
    list_filter = ["outcome"]
    search_fields = ["address", "pages__title", "people__name"]
    fields = ["follow", "outcome", "words", "checked", "where"]
    readonly_fields = ["follow", "checked", "where"]
    ordering = [WORST_FIRST, "address"]
    list_per_page = 50

    class Media:
        css = {"all": EDITOR_STYLES}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExternalLink]:
        return super().get_queryset(request).prefetch_related("pages", "people")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Links to other sites", **(extra_context or {})})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="address")
    def follow(self, link: ExternalLink) -> SafeString:
        return format_html('<a href="{0}" rel="noreferrer">{0}</a>', link.address)

    @admin.display(description="last checked", ordering="checked_at")
    def checked(self, link: ExternalLink) -> str:
        return moment(link.checked_at)

    @admin.display(description="stands on")
    def where(self, link: ExternalLink) -> SafeString:
        """The editors of all that holds it, by name."""
        pages = [(page.title, _editor(page)) for page in link.pages.all()]
        people = [(f"{person} (register)", _editor(person)) for person in link.people.all()]
        return format_html_join("; ", '<a href="{1}">{0}</a>', sorted(pages) + sorted(people))


def _editor(holder: Any) -> str:
    model = holder._meta.label_lower.replace(".", "_")
    if isinstance(holder, Page) and holder.kind == Page.Kind.SNIPPET:
        model = "content_snippet"
    return reverse(f"admin:{model}_change", args=[holder.pk])
