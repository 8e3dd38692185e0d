"""Admin of the markers on sample data."""

from collections import defaultdict
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.admin.logged_views import LoggedViewsMixin
from booking.admin.read_only import ReadOnlyAdmin
from booking.models import Appointment, Patient, SampleRow, WaitlistEntry
from booking.privacy.access_log import Person


class SampleList(ChangeList):
    """Loads the marked rows, with one query for each model."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        marks = list(self.result_list)
        pks_by_type = defaultdict(list)
        for mark in marks:
            pks_by_type[mark.content_type].append(mark.object_id)
        rows = {
            (kind.pk, row.pk): row
            for kind, ids in pks_by_type.items()
            if (model := kind.model_class()) is not None
            for row in model._base_manager.filter(pk__in=ids)
        }
        for mark in marks:
            mark.row = rows.get((mark.content_type_id, mark.object_id))
        self.result_list = marks  # type: ignore[assignment]


@admin.register(SampleRow)
class SampleRowAdmin(LoggedViewsMixin, ReadOnlyAdmin):
    list_display = ["kind", "row"]
    list_display_links = None
    list_filter = [("content_type", admin.RelatedOnlyFieldListFilter)]
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ["content_type"]
    ordering = ["content_type", "object_id"]
    actions = ["keep"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SampleList

    def people_of(self, obj: SampleRow) -> list[Person]:
        row = getattr(obj, "row", None)
        return [row] if isinstance(row, (Appointment, Patient, WaitlistEntry)) else []

    def has_keep_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("booking.delete_samplerow")

    @admin.action(description="Keep as our own", permissions=["keep"])
    def keep(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Delete the markers, so that removing the sample clinic keeps these rows."""
        count, _ = queryset.delete()
        self.message_user(request, f"{count} now the clinic's own.", messages.SUCCESS)

    @admin.display(description="kind", ordering="content_type")
    def kind(self, mark: SampleRow) -> str:
        return str(mark.content_type.name).capitalize()

    @admin.display(description=_("kind"))
    def row(self, mark: Any) -> SafeString | str:
        row = getattr(mark, "row", None)
        if row is None:
            return gettext("Deleted")
        try:
            url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        except NoReverseMatch:  # Edited inline on another model's page, such as breaks.
            return str(row)
        return format_html('<a href="{}">{}</a>', url, row)
