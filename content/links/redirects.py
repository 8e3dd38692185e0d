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
from django.utils import timezone

from booking.models import Practitioner, Service
from content.models import Page, Revision, SlugRedirect
from content.pages.ordinary_paths import OTHER_PREFIXES, is_known, page_at

_WAITLIST = "waitlist/"  # The waitlist form of a service is one level below the service's path.
_TARGETS: dict[type, str] = {Page: "page", Practitioner: "practitioner", Service: "service"}


def path_of(instance: Any) -> str:
    """Return the path of an object, or "" if its path does not depend on a slug."""
    return instance.get_absolute_url() if instance.slug else ""


def paths_of(instance: Any) -> dict[Any, str]:
    """Return the path of an object and, for an ordinary page, those of the pages below it."""
    is_ordinary = isinstance(instance, Page) and instance.kind == Page.Kind.ORDINARY
    children = instance.children.all() if is_ordinary else ()
    return {instance: path_of(instance)} | {child: path_of(child) for child in children}


def remember_old_paths(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    if instance.pk and not raw:
        stored = type(instance)._base_manager.filter(pk=instance.pk).first()
        instance.old_paths = paths_of(stored) if stored else {}


def record_redirects(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    old_paths = instance.__dict__.pop("old_paths", {})
    if raw or old_paths.get(instance) == path_of(instance):
        return  # The pages below it have moved only if it has.
    for moved, path in paths_of(instance).items():
        SlugRedirect.objects.filter(path=path).delete()
        old = old_paths.get(moved, "")
        if old and old != path and _was_published(moved):
            SlugRedirect.objects.update_or_create(path=old, defaults=_target_fields(moved))


def record_gone(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Record that the path of a deleted object is gone."""
    path = path_of(instance)
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
        pre_save.connect(remember_old_paths, sender=model, dispatch_uid=f"former-before-{model.__name__}")
        post_save.connect(record_redirects, sender=model, dispatch_uid=f"former-after-{model.__name__}")
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
        if len(path) > 200:
            return response
        try:
            if path.startswith(OTHER_PREFIXES) or is_known(request, path if path.endswith("/") else f"{path}/"):
                return resolve_former_path(request, path) or response
            return response
        except DatabaseError:
            return response  # Without the database, leave the 404 page.


def resolve_former_path(request: HttpRequest, path: str) -> HttpResponse | None:
    """Return a redirect to the current path or a 410 response; None if the 404 response is right.

    Former paths are stored with their trailing slash. A former path without it is redirected in one hop, and so is the
    current path of an ordinary page; any other 404 is left to CommonMiddleware, which runs next and adds the slash
    (APPEND_SLASH).
    """
    if not path.endswith("/"):
        is_page = Revision.objects.live(at=timezone.now()).filter(page__in=page_at(path)).exists()
        target = f"{path}/" if is_page else current_path(f"{path}/")
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
    return redirects.select_related("page__parent", "practitioner", "service").first()


def _path_suffix(path: str) -> str:
    """Return the part of the path after the stored former path."""
    return _WAITLIST if re.fullmatch(f"/book/[^/]+/{_WAITLIST}", path) else ""


def _current_path_of(redirect: SlugRedirect, path: str) -> str:
    """Return the current path of the redirect's object; "" if readers cannot see it."""
    if redirect.page is not None and Revision.objects.live(at=timezone.now()).filter(page=redirect.page).exists():
        return path_of(redirect.page)
    for instance in (redirect.practitioner, redirect.service):
        if instance is not None and instance.is_active:
            return path_of(instance) + _path_suffix(path)
    return ""


def _is_hidden_page(path: str) -> bool:
    """Whether a page was once published at this path. False for drafts, which must not be revealed."""
    parts = path.strip("/").split("/")
    is_treatment = len(parts) == 2 and parts[0] == "treatments"
    pages = Page.objects.treatments().filter(slug=parts[1]) if is_treatment else page_at(path)
    return bool(_published_revisions().filter(page__in=pages).exists())


def _gone_response(request: HttpRequest) -> HttpResponse:
    return render(request, "content/gone.html", status=410)
