"""WSGI application for gunicorn."""

import logging
import os
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

django = get_wsgi_application()

from clinic.ops.error_page import last_resort  # noqa: E402  (needs the apps)
from clinic.web.request_guards import REFUSED_CONTENT_TYPE, is_plain_content_type  # noqa: E402

# Import the views now, not at the first request: an upgrade may replace the files in between.
import_module(settings.ROOT_URLCONF)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Call Django, with invalid content types replaced.

    Django reads the content type before any middleware runs, and fails on names that are no text codecs.
    """
    if not is_plain_content_type(environ.get("CONTENT_TYPE", "")):
        environ["CONTENT_TYPE"] = REFUSED_CONTENT_TYPE
    try:
        return django(environ, start_response)
    except Exception:  # In the error views themselves: Django answers every other one.
        logging.getLogger("clinic").exception("The error page failed")
        start_response("500 Internal Server Error", [("Content-Type", "text/html"), ("Cache-Control", "no-store")])
        return [last_resort().encode()]


def run_system_checks() -> None:
    """Raise ImproperlyConfigured for an error, log a warning: gunicorn itself runs no system checks."""
    from clinic import checks as own

    checks: tuple[Any, ...] = (
        own.zone_data_is_current,
        own.https_has_a_front_server,
        own.public_site_sends_mail,
        own.secret_key_is_set,
    )
    if not settings.IS_TESTING:  # Tests import this module without a database.
        checks = (*checks, own.forms_key_opens_answers)
    for problem in (problem for check in checks for problem in check(None)):
        if problem.is_serious():
            raise ImproperlyConfigured(f"{problem.msg} {problem.hint}")
        logging.getLogger("clinic").warning("%s %s", problem.msg, problem.hint)
    connections.close_all()  # A server that loads the site before it forks must not hand on an open connection.


run_system_checks()
