"""What gunicorn serves."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

application = get_wsgi_application()


def refuse_stale_zone_data() -> None:
    """Do not serve times that are an hour wrong. gunicorn runs no system checks, so this one is made here."""
    from clinic.checks import zone_data_is_current

    problems = zone_data_is_current(None)
    if problems:
        raise ImproperlyConfigured(f"{problems[0].msg} {problems[0].hint}")


refuse_stale_zone_data()
