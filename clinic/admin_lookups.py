"""Restrict admin lists and autocompletes to the fields that a ModelAdmin names.

Django lets a query string filter a list by any field of its own model, so that ``?password__startswith=a`` tells
values that no column shows. ``ClinicAdminSite.register`` adds ``NamedLookupsMixin`` to every ModelAdmin. Orderings need
nothing: Django takes the column's number in ``list_display``.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.http import HttpRequest


class NamedLookupsMixin:
    """Refuse (400) lookups that ``list_filter`` and ``date_hierarchy`` do not name."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup in set(_named_lookups(self, request))


def guarded(admin_class: type[admin.ModelAdmin]) -> type[admin.ModelAdmin]:
    """Return ``admin_class`` with ``NamedLookupsMixin``."""
    if issubclass(admin_class, NamedLookupsMixin):
        return admin_class
    return type(
        admin_class.__name__,
        (NamedLookupsMixin, admin_class),
        {"__module__": admin_class.__module__, "__doc__": admin_class.__doc__},
    )


def is_named_autocomplete(site: admin.AdminSite, model: type[models.Model], field: str) -> bool:
    """Return whether a ModelAdmin or inline of ``model`` has this field in its ``autocomplete_fields``."""
    admins = [site.get_model_admin(registered) for registered in apps.get_models() if site.is_registered(registered)]
    editors = [editor for model_admin in admins for editor in (model_admin, *model_admin.inlines)]
    return any(editor.model is model and field in editor.autocomplete_fields for editor in editors)


def _named_lookups(model_admin: Any, request: HttpRequest | None) -> Iterator[str]:
    for item in model_admin.list_filter if request is None else model_admin.get_list_filter(request):
        if isinstance(item, type):
            yield from [str(item.parameter_name)] if issubclass(item, admin.SimpleListFilter) else []
        else:
            yield from _lookups_of_filter(model_admin.model, item[0] if isinstance(item, (tuple, list)) else item)
    if model_admin.date_hierarchy:
        yield from (f"{model_admin.date_hierarchy}__{part}" for part in ("year", "month", "day"))


def _lookups_of_filter(model: type[models.Model], path: str) -> Iterator[str]:
    """Yield the query parameters that Django's list filters use for a field, and no others."""
    yield path
    yield f"{path}__exact"
    yield f"{path}__isnull"
    yield f"{path}__isempty"
    field = _last_field(model, path)
    if field.is_relation:
        yield f"{path}__{field.target_field.name}__exact"
    elif isinstance(field, models.DateField):
        yield f"{path}__gte"
        yield f"{path}__lt"


def _last_field(model: type[models.Model], path: str) -> Any:
    field: Any = None
    next_model: Any = model
    for name in path.split("__"):
        field = next_model._meta.get_field(name)
        next_model = field.related_model
    return field
