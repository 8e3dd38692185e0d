"""A mixin for ModelAdmins of models that name people: it writes the access log for Django's own views."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from booking.models import AccessLogEntry
from booking.privacy.access_log import Person, log_view

Kind = AccessLogEntry.Kind


class LoggedViewsMixin(admin.ModelAdmin):
    """Logs whom the change list, an object's page, its history and its deletion show.

    Every response but a redirect shows them. ``people_of`` returns the people that one object names.
    """

    log_list_as = Kind.LIST
    log_object_as = Kind.RECORD

    def people_of(self, obj: Any) -> Iterable[Person]:
        return [obj]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        changelist = (getattr(response, "context_data", None) or {}).get("cl")
        if changelist is not None:
            kind = Kind.SEARCH if changelist.query else self.log_list_as
            log_view(request, kind, [person for obj in changelist.result_list for person in self.people_of(obj)])
        return response

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        return self._logged(request, object_id, super().changeform_view(request, object_id, *args, **kwargs))

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._logged(request, object_id, super().history_view(request, object_id, *args, **kwargs))

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._logged(request, object_id, super().delete_view(request, object_id, *args, **kwargs))

    def _logged(self, request: HttpRequest, object_id: str | None, response: Any) -> Any:
        obj = self.get_object(request, object_id) if object_id and response.status_code not in {301, 302} else None
        if obj is not None:
            log_view(request, self.log_object_as, self.people_of(obj))
        return response
