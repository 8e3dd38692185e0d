"""The site's settings, with next to nothing between the server and the two views that are compared."""

from clinic.settings import *  # noqa: F403

ROOT_URLCONF = "bench.views"
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]  # allauth does not start without.
