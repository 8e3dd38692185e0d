"""Read-only admin of links to other sites, with the result of their last check."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from booking.staff.formats import format_instant
from content.fields.rows import EDITOR_STYLES
from content.models import ExternalLink, Page

# In the order of the outcomes, which begins with those that need an editor.
WORST_FIRST = Case(*(When(outcome=name, then=Value(rank)) for rank, name in enumerate(ExternalLink.Outcome.values)))


def links_of(page: Page) -> QuerySet[ExternalLink]:
    """Return the external links of the live page, with the result of their last check, broken ones first."""
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
        return format_instant(link.checked_at)

    @admin.display(description=_("used on"))
    def where(self, link: ExternalLink) -> SafeString:
        """Links to the editors of the pages and practitioners that contain the link, sorted by name."""
        pages = [(page.title, _editor_url(page)) for page in link.pages.all()]
        people = [(f"{person} (register)", _editor_url(person)) for person in link.people.all()]
        return format_html_join("; ", '<a href="{1}">{0}</a>', sorted(pages) + sorted(people))


def _editor_url(row: Any) -> str:
    model = row._meta.label_lower.replace(".", "_")
    if isinstance(row, Page) and row.kind == Page.Kind.SNIPPET:
        model = "content_snippet"
    return reverse(f"admin:{model}_change", args=[row.pk])
