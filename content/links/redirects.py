"""Redirects from former URLs when a slug changes, and 410 Gone for what was deleted or hidden.

Redirects are recorded by signal handlers, because objects with a slug are saved in many places (the admin,
commands, the sample clinic) and services and practitioners belong to ``booking``, which must not import ``content``.
The lookup costs one query and runs only after a 404, so a new page at a former path takes precedence.
"""

import re
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from booking.models import Practitioner, Service
from content.models import Page, Revision, SlugRedirect

_PREFIXES = ("/treatments/", "/team/", "/book/")
_WAITLIST = "waitlist/"  # The waitlist form of a service is one level below the service's path.
_TARGETS: dict[type, str] = {Page: "page", Practitioner: "practitioner", Service: "service"}


def path_of(instance: Any, slug: str) -> str:
    """Return the path of an object under this slug, or "" if its path does not depend on a slug."""
    if isinstance(instance, Practitioner):
        return reverse("content:practitioner", args=[slug]) if slug else ""
    if isinstance(instance, Service):
        return reverse("booking:times", args=[slug]) if slug else ""
    return reverse("content:treatment", args=[slug]) if slug and instance.kind == Page.Kind.TREATMENT else ""


def remember_old_slug(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    if instance.pk and not raw:
        instance.old_slug = type(instance)._base_manager.filter(pk=instance.pk).values_list("slug", flat=True).first()


def record_redirect(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    old_slug = instance.__dict__.pop("old_slug", None)
    if raw or old_slug == instance.slug:
        return
    SlugRedirect.objects.filter(path=path_of(instance, instance.slug)).delete()
    if old_slug and (old := path_of(instance, old_slug)) and _was_published(instance):
        SlugRedirect.objects.update_or_create(path=old, defaults=_target_fields(instance))


def record_gone(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Record that the path of a deleted object is gone."""
    path = path_of(instance, instance.slug)
    if path and (not isinstance(instance, Page) or instance.__dict__.pop("was_published", False)):
        SlugRedirect.objects.update_or_create(path=path, defaults=_target_fields(None))


def remember_if_published(sender: Any, instance: Page, **kwargs: Any) -> None:
    instance.__dict__["was_published"] = _was_published(instance)


def _was_published(instance: Any) -> bool:
    """Whether readers could see it. Practitioners and services always could; drafts leave no redirect."""
    return not isinstance(instance, Page) or _published_revisions().filter(page=instance.pk).exists()


def _published_revisions() -> Any:
    return Revision.objects.filter(is_public=True, goes_live_at__lte=timezone.now())


def _target_fields(instance: Any) -> dict[str, Any]:
    return {name: instance if isinstance(instance, kind) else None for kind, name in _TARGETS.items()}


def connect_signals() -> None:
    for model in _TARGETS:
        pre_save.connect(remember_old_slug, sender=model, dispatch_uid=f"former-before-{model.__name__}")
        post_save.connect(record_redirect, sender=model, dispatch_uid=f"former-after-{model.__name__}")
        post_delete.connect(record_gone, sender=model, dispatch_uid=f"former-gone-{model.__name__}")
    pre_delete.connect(remember_if_published, sender=Page, dispatch_uid="former-seen-Page")


# Lookup


class SlugRedirectMiddleware:
    """Replace a 404 by a redirect to the current path (301), or by 410 Gone."""

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
            return resolve_former_path(request, path) or response
        except DatabaseError:
            return response  # Without the database, leave the 404 page.


def resolve_former_path(request: HttpRequest, path: str) -> HttpResponse | None:
    """Return a redirect to the current path or a 410 response; None if the 404 response is right.

    Former paths are stored with their trailing slash. A former path without it is redirected in one hop; any other
    404 is left to CommonMiddleware, which runs next and adds the slash (APPEND_SLASH).
    """
    if not path.endswith("/"):
        target = current_path(f"{path}/")
        return _redirect(request, target) if target else None
    redirect = _find_redirect(path)
    if redirect is None:
        return _gone_response(request) if _is_hidden_page(path) else None
    target = _current_path_of(redirect, path)
    return _redirect(request, target) if target and target != path else _gone_response(request)


def _redirect(request: HttpRequest, target: str) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    response = HttpResponsePermanentRedirect(f"{target}?{query}" if query else target)
    # A former path may be reused later, so browsers may cache the redirect for a day only.
    response.headers["Cache-Control"] = "max-age=86400"
    return response


def current_path(path: str) -> str:
    """Return the current path for a former one; "" if there is none, or if its object is hidden or deleted."""
    redirect = _find_redirect(path)
    return _current_path_of(redirect, path) if redirect else ""


def _find_redirect(path: str) -> SlugRedirect | None:
    path = path.removesuffix(_path_suffix(path))
    redirects = SlugRedirect.objects.filter(path=path) if "\0" not in path else SlugRedirect.objects.none()
    return redirects.select_related("page", "practitioner", "service").first()


def _path_suffix(path: str) -> str:
    """Return the part of the path after the stored former path."""
    return _WAITLIST if re.fullmatch(f"/book/[^/]+/{_WAITLIST}", path) else ""


def _current_path_of(redirect: SlugRedirect, path: str) -> str:
    """Return the current path of the redirect's object; "" if readers cannot see it."""
    if redirect.page is not None and Revision.objects.live(at=timezone.now()).filter(page=redirect.page).exists():
        return path_of(redirect.page, redirect.page.slug)
    for instance in (redirect.practitioner, redirect.service):
        if instance is not None and instance.is_active:
            return path_of(instance, instance.slug) + _path_suffix(path)
    return ""


def _is_hidden_page(path: str) -> bool:
    """Whether a treatment was once published at this path. False for drafts, which must not be revealed."""
    parts = path.strip("/").split("/")
    if len(parts) != 2 or parts[0] != "treatments":
        return False
    return bool(_published_revisions().filter(page__kind=Page.Kind.TREATMENT, page__slug=parts[1]).exists())


def _gone_response(request: HttpRequest) -> HttpResponse:
    return render(request, "content/gone.html", status=410)
