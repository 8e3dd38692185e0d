"""Yardsticks with startproject's default middleware: "ok", a plain page, a form. None queries the database."""

from collections.abc import Callable
from functools import cache

import django
from django import forms
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.backends.django import DjangoTemplates
from django.test import override_settings
from django.urls import path

STARTPROJECT_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
STARTPROJECT_CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
PLAIN_TEMPLATE = """<!doctype html>
<html lang="en"><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1>
{% for section in sections %}<h2>{{ section.heading }}</h2>
{% for paragraph in section.paragraphs %}<p>{{ paragraph }}</p>
{% endfor %}{% endfor %}</body></html>"""
PARAGRAPH = "A plain sentence that somebody could read aloud. " * 8
PARAGRAPHS_A_SECTION = 3


def application() -> WSGIHandler:
    """Return a WSGI application of these views, which can run in the same process as the site."""
    django.setup()
    with override_settings(MIDDLEWARE=["bench.yardsticks.use_these_urls", *STARTPROJECT_MIDDLEWARE]):
        return get_wsgi_application()


def use_these_urls(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        request.urlconf = __name__
        return get_response(request)

    return middleware


def ok(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def plain(request: HttpRequest) -> HttpResponse:
    """Render a page of ``?bytes=`` bytes with a template that loops over headings and paragraphs."""
    size = int(request.GET["bytes"])
    return HttpResponse(_template().render({"title": "A plain page", "sections": _sections(size)}, request))


@cache
def _template():  # type: ignore[no-untyped-def]  # django-stubs does not export the backend's template class.
    options = {"context_processors": STARTPROJECT_CONTEXT_PROCESSORS}
    engine = DjangoTemplates({"NAME": "plain", "DIRS": [], "APP_DIRS": False, "OPTIONS": options})
    return engine.from_string(PLAIN_TEMPLATE)


@cache
def _sections(size: int) -> list[dict[str, object]]:
    section: dict[str, object] = {
        "heading": "A heading of some words",
        "paragraphs": [PARAGRAPH] * PARAGRAPHS_A_SECTION,
    }
    length = len("<h2></h2>\n") + len("A heading of some words") + PARAGRAPHS_A_SECTION * (len(PARAGRAPH) + 8)
    return [section] * round(size / length)


class DetailsForm(forms.Form):
    """As many fields as the site's form for a patient's details, with Django's default widgets and validation."""

    booking_for = forms.ChoiceField(choices=[("me", "Me"), ("child", "My child"), ("other", "Somebody else")])
    name = forms.CharField(max_length=120)
    preferred_name = forms.CharField(max_length=120, required=False)
    pronouns = forms.CharField(max_length=40, required=False)
    email = forms.EmailField()
    phone = forms.CharField(max_length=30)
    reminders = forms.BooleanField(required=False)
    note = forms.CharField(max_length=300, required=False)


def form(request: HttpRequest) -> HttpResponse:
    details = DetailsForm(request.POST)
    return redirect("/") if details.is_valid() else HttpResponse(details.errors.as_text(), status=422)


urlpatterns = [path("ok/", ok), path("plain/", plain), path("form/", form), path("healthz/", ok)]
