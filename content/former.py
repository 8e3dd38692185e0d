"""Links that do not break: a changed slug leaves its address behind, and the address leads on.

What has an address is saved in many places (the admin, commands, the sample clinic), and services
and people belong to ``booking``, which knows nothing of pages. So the moment of saving is listened
to, here alone. Looking up costs one query, and only where nothing else was found: whoever takes
an old address over wins by being there.
"""

from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from booking.models import Practitioner, Service
from content.models import FormerAddress, Page, Revision

_PREFIXES = ("/treatments/", "/team/", "/book/")
_TARGETS: dict[type, str] = {Page: "page", Practitioner: "practitioner", Service: "service"}


def address_of(thing: Any, slug: str) -> str:
    """Where it stands under this slug; "" if it has no address of its own to choose."""
    if isinstance(thing, Practitioner):
        return reverse("content:practitioner", args=[slug]) if slug else ""
    if isinstance(thing, Service):
        return reverse("booking:times", args=[slug]) if slug else ""
    return reverse("content:treatment", args=[slug]) if slug and thing.kind == Page.Kind.TREATMENT else ""


def remember_slug(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    if instance.pk and not raw:
        instance.slug_before = (
            type(instance)._base_manager.filter(pk=instance.pk).values_list("slug", flat=True).first()
        )


def leave_address(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    before = instance.__dict__.pop("slug_before", None)
    if raw or before == instance.slug:
        return
    FormerAddress.objects.filter(path=address_of(instance, instance.slug)).delete()
    if before and (old := address_of(instance, before)) and _was_seen(instance):
        FormerAddress.objects.update_or_create(path=old, defaults=_leading_to(instance))


def close_address(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Something with an address was deleted: what was there is gone, and says so."""
    path = address_of(instance, instance.slug)
    if path and (not isinstance(instance, Page) or instance.__dict__.pop("was_seen", False)):
        FormerAddress.objects.update_or_create(path=path, defaults=_leading_to(None))


def note_whether_seen(sender: Any, instance: Page, **kwargs: Any) -> None:
    instance.__dict__["was_seen"] = _was_seen(instance)


def _was_seen(thing: Any) -> bool:
    """A draft that no reader ever saw leaves nothing behind."""
    return not isinstance(thing, Page) or _seen().filter(page=thing.pk).exists()


def _seen() -> Any:
    return Revision.objects.filter(is_public=True, goes_live_at__lte=timezone.now())


def _leading_to(thing: Any) -> dict[str, Any]:
    return {name: thing if isinstance(thing, kind) else None for kind, name in _TARGETS.items()}


def connect() -> None:
    for model in _TARGETS:
        pre_save.connect(remember_slug, sender=model, dispatch_uid=f"former-before-{model.__name__}")
        post_save.connect(leave_address, sender=model, dispatch_uid=f"former-after-{model.__name__}")
        post_delete.connect(close_address, sender=model, dispatch_uid=f"former-gone-{model.__name__}")
    pre_delete.connect(note_whether_seen, sender=Page, dispatch_uid="former-seen-Page")


# Following


class FormerAddressMiddleware:
    """Where nothing was found: the place that the address leads to today (301), or that it is gone (410)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 404 or request.method not in {"GET", "HEAD"}:
            return response
        path = request.path
        if not path.startswith(_PREFIXES) or len(path) > 200:
            return response
        try:
            return follow(request, path) or response
        except DatabaseError:
            return response  # It is not known to have moved, and the page that says so stands.


def follow(request: HttpRequest, path: str) -> HttpResponse | None:
    former = _at(path)
    if former is None:
        return _gone(request) if _is_hidden_page(path) else None
    goal = _goal(former)
    if not goal or goal == path:
        return _gone(request)
    query = request.META.get("QUERY_STRING", "")
    response = HttpResponsePermanentRedirect(f"{goal}?{query}" if query else goal)
    # Addresses may be given to something else one day: browsers ask again after a day.
    response.headers["Cache-Control"] = "max-age=86400"
    return response


def leads_to(path: str) -> str:
    """Where an old address leads today; "" if it never was one, or what it led to is hidden or gone."""
    former = _at(path)
    return _goal(former) if former else ""


def _at(path: str) -> FormerAddress | None:
    found = FormerAddress.objects.filter(path=path) if "\0" not in path else FormerAddress.objects.none()
    return found.select_related("page", "practitioner", "service").first()


def _goal(former: FormerAddress) -> str:
    """Where it leads today; "" when readers no longer see what is there."""
    if former.page is not None and Revision.objects.live(at=timezone.now()).filter(page=former.page).exists():
        return address_of(former.page, former.page.slug)
    for thing in (former.practitioner, former.service):
        if thing is not None and thing.is_active:
            return address_of(thing, thing.slug)
    return ""


def _is_hidden_page(path: str) -> bool:
    """A treatment that readers once saw here and that is hidden now. Nothing is told of drafts."""
    parts = path.strip("/").split("/")
    if len(parts) != 2 or parts[0] != "treatments":
        return False
    return bool(_seen().filter(page__kind=Page.Kind.TREATMENT, page__slug=parts[1]).exists())


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "content/gone.html", status=410)
