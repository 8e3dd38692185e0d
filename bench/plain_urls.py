"""One address: a template of the same size as the page it stands beside, with as many values to fill in."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import Context, engines
from django.urls import path

# Every heading and paragraph is filled in, as the page's own templates do.
_PARTS = re.split(r"(?<=>)([^<>{}%]{20,})(?=<)", settings.BENCH_WORDS)
_WORDS = _PARTS[1::2]
_SOURCE = "".join(part if index % 2 == 0 else f"{{{{ w{index // 2} }}}}" for index, part in enumerate(_PARTS))
_TEMPLATE = engines["django"].engine.from_string(_SOURCE)  # type: ignore[attr-defined]


def page(request: HttpRequest, slug: str = "") -> HttpResponse:
    return HttpResponse(_TEMPLATE.render(Context({f"w{index}": word for index, word in enumerate(_WORDS)})))


urlpatterns = [path("", page), path("treatments/<slug:slug>/", page)]
