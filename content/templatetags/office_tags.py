"""Template tags of the admin's frame."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from content.models import Menu, Notice, Page, Picture

register = template.Library()
PLACES = ((Page, _("Pages")), (Picture, _("Pictures")), (Menu, _("Menus")), (Notice, _("Notices")))


@dataclass(frozen=True)
class OfficePlace:
    """A link of the bar. ``current`` is its aria-current value: "page", "true" for a page below it, or ""."""

    label: str
    address: str
    current: str


@register.simple_tag(takes_context=True)
def office_places(context: template.Context) -> list[OfficePlace]:
    """Return the lists of content that this user may view."""
    request = context["request"]
    places = []
    for model, label in PLACES:
        name = model._meta.model_name
        if not any(request.user.has_perm(f"content.{action}_{name}") for action in ("view", "change")):
            continue
        address = reverse(f"admin:content_{name}_changelist")
        below = "true" if request.path.startswith(address) else ""
        places.append(OfficePlace(str(label), address, "page" if request.path == address else below))
    return places


@register.simple_tag(takes_context=True)
def may_find_pages(context: Any) -> bool:
    user = context["request"].user
    return bool(user.has_perm("content.view_page") or user.has_perm("content.change_page"))
