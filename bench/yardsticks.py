"""Yardsticks with startproject's default middleware: "ok", a plain page, rows, a form. Only "queried" has queries."""

from collections.abc import Callable

import django
from django import forms
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.test import override_settings
from django.urls import path

from bench.plain_pages import from_string, sections
from bench.yardstick_rows import queried, rows

STARTPROJECT_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
PLAIN_TEMPLATE = """<!doctype html>
<html lang="en"><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1>
{% for section in sections %}<h2>{{ section.heading }}</h2>
{% for paragraph in section.paragraphs %}<p>{{ paragraph }}</p>
{% endfor %}{% endfor %}</body></html>"""


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
    return HttpResponse(
        from_string(PLAIN_TEMPLATE).render({"title": "A plain page", "sections": sections(size)}, request)
    )


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


urlpatterns = [
    path("ok/", ok),
    path("plain/", plain),
    path("rows/", rows),
    path("queried/", queried),
    path("form/", form),
    path("healthz/", ok),
]
