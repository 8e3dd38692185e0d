"""Views without a database: a template of the size of the page it stands beside, and a form."""

import re
from html import unescape

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import Context, engines
from django.urls import path
from django.utils.html import escape
from django.utils.safestring import mark_safe

# Every heading and paragraph is filled in, as the page's own templates do.
_PARTS = re.split(r"(?<=>)([^<>{}%]{20,})(?=<)", settings.BENCH_WORDS)
# As they are before they are escaped, so that the same bytes come out.
_PLAIN = [(unescape(word), word) for word in _PARTS[1::2]]
_WORDS = [plain if escape(plain) == word else mark_safe(word) for plain, word in _PLAIN]  # noqa: S308
_SOURCE = "".join(part if index % 2 == 0 else f"{{{{ w{index // 2} }}}}" for index, part in enumerate(_PARTS))
_TEMPLATE = engines["django"].engine.from_string(_SOURCE)  # type: ignore[attr-defined]


class Said(forms.Form):
    name = forms.CharField(max_length=200)
    email = forms.EmailField()
    phone = forms.CharField(max_length=30)
    reminders = forms.BooleanField(required=False)


def page(request: HttpRequest, slug: str = "") -> HttpResponse:
    return HttpResponse(_TEMPLATE.render(Context({f"w{index}": word for index, word in enumerate(_WORDS)})))


def said(request: HttpRequest) -> HttpResponse:
    """What a booking's POST would cost if nothing had to be looked at or kept."""
    form = Said(request.POST)
    return redirect("/") if form.is_valid() else HttpResponse(form.errors.as_text(), status=422)


def ready(request: HttpRequest) -> HttpResponse:
    """What the bench asks until a server answers; the site has a page of its own at this address."""
    return HttpResponse("ok")


READY = path("healthz/", ready)
urlpatterns = [path("", page), path("said/", said), path("treatments/<slug:slug>/", page), READY]
