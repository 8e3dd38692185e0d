"""Read settings from environment variables.

An invalid value raises ImproperlyConfigured with a message that says how to fix it; nothing falls back to a guess.
"""

from clinic.ops.environment.databases import database
from clinic.ops.environment.folders import error_page, media_root, static_root, var_dir
from clinic.ops.environment.forms_keys import forms_keys, make_forms_key
from clinic.ops.environment.mail import MAIL_FILES, mail, sms
from clinic.ops.environment.media import media_storage
from clinic.ops.environment.monitoring import logging_config, metrics_bind, metrics_dir, sentry_dsn
from clinic.ops.environment.secret_files import secret
from clinic.ops.environment.secret_keys import (
    is_secret_key_named,
    make_secret_key,
    secret_key,
    secret_key_fallbacks,
)
from clinic.ops.environment.site import LOCAL_SITE, host_of, is_local_host, site_url, trusted_proxies
from clinic.ops.environment.values import clock_tolerance, switch, whole_number

__all__ = [
    "LOCAL_SITE",
    "MAIL_FILES",
    "clock_tolerance",
    "database",
    "error_page",
    "forms_keys",
    "host_of",
    "is_local_host",
    "is_secret_key_named",
    "logging_config",
    "mail",
    "make_forms_key",
    "make_secret_key",
    "media_root",
    "media_storage",
    "metrics_bind",
    "metrics_dir",
    "secret",
    "secret_key",
    "secret_key_fallbacks",
    "sentry_dsn",
    "site_url",
    "sms",
    "static_root",
    "switch",
    "trusted_proxies",
    "var_dir",
    "whole_number",
]
