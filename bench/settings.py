"""The site's settings, with nothing between the server and the two views that are compared."""

from clinic.settings import *  # noqa: F403

ROOT_URLCONF = "bench.views"
MIDDLEWARE: list[str] = []
