"""What gunicorn serves."""

import os
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

django = get_wsgi_application()

from clinic.page_cache import PageCache  # noqa: E402  (knows models, which are there only now)
from clinic.refusals import REFUSED_CONTENT_TYPE, is_plain_content_type  # noqa: E402

pages = PageCache(django)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Django reads the content type before any middleware can refuse it, and fails on codecs that are none."""
    if not is_plain_content_type(environ.get("CONTENT_TYPE", "")):
        environ["CONTENT_TYPE"] = REFUSED_CONTENT_TYPE
    return pages(environ, start_response)


def refuse_stale_zone_data() -> None:
    """Do not serve times that are an hour wrong. gunicorn runs no system checks, so this one is made here."""
    from clinic.checks import zone_data_is_current

    problems = zone_data_is_current(None)
    if problems:
        raise ImproperlyConfigured(f"{problems[0].msg} {problems[0].hint}")


refuse_stale_zone_data()
