"""Django settings, configured by the environment variables that ``clinic/ops/environment/`` reads.

SITE_URL decides hosts, cookies and HSTS; DATABASE_URL, EMAIL_URL, SECRET_KEY, MEDIA_ROOT,
TRUSTED_PROXIES and others have defaults for one machine. docs/operations/configuration.md lists them.
"""

import os
import sys
import zoneinfo
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django_prose_editor.config import html_tags, process_link
from js_asset import static_lazy

from clinic.ops import environment

# Read time zones from the pinned tzdata package alone. Python prefers the system's files, and many systems still have
# data in which Alberta changes its clocks.
zoneinfo.reset_tzpath(to=())

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = environment.var_dir(BASE_DIR / "var")

SITE_URL = environment.site_url()
_site = urlsplit(SITE_URL)
IS_HTTPS = _site.scheme == "https"
IS_LOCAL = environment.is_local_host(_site.hostname or "")
IS_TESTING = "pytest" in sys.modules

DEBUG = False
# Commands that sign nothing run without a key; clinic/checks.py refuses to serve the site without one.
SECRET_KEY = environment.secret_key(VAR_DIR) or ("the key of tests, which sign nothing real" if IS_TESTING else "")
IS_SECRET_KEY_NAMED = environment.is_secret_key_named()
SECRET_KEY_FALLBACKS = environment.secret_key_fallbacks()
# Encrypt answers to health forms, newest first. A public site names its own: only a local one has a file in VAR_DIR.
FORMS_KEYS = environment.forms_keys(VAR_DIR) or (["dGhlIGtleSBvZiB0ZXN0cywgb3BlbnMgbm8gZm9ybXM="] if IS_TESTING else [])
ALLOWED_HOSTS = [environment.host_of(SITE_URL)] + (["127.0.0.1", "localhost", "[::1]"] if IS_LOCAL else [])
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TRUSTED_PROXIES, TRUST_UNIX_SOCKET = environment.trusted_proxies()

INSTALLED_APPS = [
    "clinic",
    "content",
    "booking",
    "content_editor",
    "django_prose_editor",
    "crispy_forms",
    "phonenumber_field",
    "django_htmx",
    "django_linear_migrations",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "clinic.apps.ClinicAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
]

FIRST_PARTY_APPS = ["booking", "clinic", "content"]  # django-linear-migrations keeps their max_migration.txt.

MIDDLEWARE = [
    "clinic.web.request_id.request_id_middleware",  # Before what replaces the proxy's address.
    "clinic.ops.logs.access_log.access_log_middleware",
    "clinic.ops.metrics.middleware.metrics_middleware",
    "clinic.web.proxies.trusted_proxy_middleware",
    "clinic.web.health.probes.probe_middleware",
    "django.middleware.security.SecurityMiddleware",
    "clinic.web.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Safe against BREACH: each response masks its CSRF tokens anew and has random padding, and the session cookie is
    # SameSite=Lax, so that another site cannot request a patient's page repeatedly.
    "django.middleware.gzip.GZipMiddleware",  # After WhiteNoise, whose files are compressed already.
    # Middleware above the page cache also runs for cached pages.
    "django.middleware.http.ConditionalGetMiddleware",
    "clinic.web.page_cache.PageCacheMiddleware",
    "clinic.web.request_guards.reject_control_characters",
    "clinic.web.request_guards.reject_other_charsets",
    "clinic.web.request_guards.drop_impossible_cookies",
    "clinic.web.storable_values.StorableValuesMiddleware",
    "clinic.web.write_queue.queue_visitors_writes",  # Before the first middleware that writes.
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.web.request_guards.limit_body_size",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "clinic.web.htmx.leave_the_desk",  # Before what redirects to the login.
    "clinic.accounts.idle_sessions.IdleSessionMiddleware",
    "clinic.accounts.second_step.second_step_middleware",
    "allauth.account.middleware.AccountMiddleware",
    "clinic.accounts.staff_area.StaffAreaMiddleware",
    "clinic.web.errors.being_set_up.being_set_up_middleware",
    "content.links.redirects.SlugRedirectMiddleware",
    "clinic.web.request_guards.RateLimitMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "booking.site_context.clinic",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = ("clinic",)
CRISPY_TEMPLATE_PACK = "clinic"
CRISPY_FAIL_SILENTLY = False

DATABASES = {"default": environment.database(VAR_DIR)}
if IS_TESTING and DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, because threads that share one in-memory connection would not contend for locks.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / f"test-{os.getpid()}.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
# Cache public pages in the memory of each process (clinic/web/page_cache.py). PAGE_CACHE=off disables it.
PAGE_CACHE = environment.switch("PAGE_CACHE", default=not DEBUG)
# On SQLite, serialize visitors' POST requests (clinic/web/write_queue.py). WRITE_QUEUE=off disables it.
WRITE_QUEUE = environment.switch("WRITE_QUEUE", default=True)
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "OPTIONS": {"MAX_ENTRIES": 500},  # Tens of kilobytes each.
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Commands open their own transactions, as short as possible.
ATOMIC_REQUESTS = False

if IS_TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Fast, and only here.

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Staff log in at /staff/login/. Their rate limits are in BOOKING_LIMITS, below: allauth counts in the cache, which
# the site's processes do not share. Nobody signs up, so no e-mail address is verified.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
STAFF_SECOND_FACTOR = IS_HTTPS  # Required of everybody on a public site, optional on a local one.
STAFF_IDLE = timedelta(minutes=environment.whole_number("STAFF_IDLE_MINUTES", 30, lowest=1))
# For logins that see only their own day, on a phone.
STAFF_IDLE_OWN_DAY = timedelta(minutes=environment.whole_number("STAFF_IDLE_OWN_DAY_MINUTES", 5, lowest=2))
STAFF_SESSION = timedelta(hours=environment.whole_number("STAFF_SESSION_HOURS", 12, lowest=1))  # However busy it is.
ACCOUNT_ADAPTER = "clinic.accounts.adapter.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = [
    "username*",
    "email*",
    "password1*",
    "password2*",
]  # Only for allauth's check.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_RATE_LIMITS = False
ACCOUNT_SESSION_REMEMBER = False  # A login ends with the browser session, after STAFF_IDLE, or after STAFF_SESSION.
ACCOUNT_FORMS = {
    "login": "clinic.accounts.forms.LoginForm",
    "reauthenticate": "clinic.accounts.forms.PasswordAgainForm",
    "change_password": "clinic.accounts.forms.ChangePasswordForm",
    "reset_password": "clinic.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "clinic.accounts.forms.NewPasswordForm",
}
MFA_ADAPTER = "clinic.accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = False
MFA_TOTP_TOLERANCE = 1  # Time steps of 30 seconds, because phones' clocks differ.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS
MFA_FORMS = {
    "authenticate": "clinic.accounts.forms.CodeForm",
    "reauthenticate": "clinic.accounts.forms.CodeAgainForm",
    "activate_totp": "clinic.accounts.forms.ActivateTOTPForm",
    "add_webauthn": "clinic.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "clinic.accounts.forms.RenamePasskeyForm",
    "authenticate_webauthn": "clinic.accounts.forms.PasskeyForm",
    "reauthenticate_webauthn": "clinic.accounts.forms.PasskeyAgainForm",
    "login_webauthn": "clinic.accounts.forms.PasskeyLoginForm",
}

LANGUAGE_CODE = "en-ca"
USE_I18N = True
USE_TZ = True
# Instants are UTC; pages show them in the location's time zone explicitly.
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["clinic.formats"]

STATIC_URL = "/static/"
STATIC_ROOT = environment.static_root(VAR_DIR)
BUILD_DIR = VAR_DIR / "build"  # site.css, made by the build_static command
STATICFILES_DIRS = [BASE_DIR / "static", BUILD_DIR]
SILENCED_SYSTEM_CHECKS = ["staticfiles.W004"]  # BUILD_DIR may be missing: a site serves what is in STATIC_ROOT.
MEDIA_URL = "/media/"
MEDIA_ROOT = environment.media_root(VAR_DIR)
ERROR_PAGE = environment.error_page()
STORAGES = {
    "default": environment.media_storage(),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if IS_TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# These are compressed already, or (source maps) not fetched by browsers.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("png", "jpg", "jpeg", "webp", "avif", "ico", "woff", "woff2", "map")
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000  # A long page in the admin has many small fields.

EMAIL_FILE_PATH = str(VAR_DIR / "mail")
globals().update(environment.mail())
SMS = environment.sms(SITE_URL)
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "")

PHONENUMBER_DEFAULT_REGION = "CA"
PHONENUMBER_DB_FORMAT = "E164"

# Public pages set no cookie; a session starts when a visitor chooses a time.
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(hours=8).total_seconds())
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_AGE = None  # Ends with the browser, as the privacy page says.
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "clinic.web.errors.views.csrf_failure"

SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz/?$", r"^readyz$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# The rich text editor's extensions of our own, and what the sanitizer keeps of them (content/fields/rich_text.py).
DJANGO_PROSE_EDITOR_EXTENSIONS = [
    {
        "js": [static_lazy("js/rich_text_paste.js")],
        "extensions": {"WebLink": process_link, "PastedText": html_tags([])},
    }
]

# The names of Django 6.0's settings, whose own middleware can then replace clinic/web/csp.py.
SECURE_CSP = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'"],
    "manifest-src": ["'self'"],
    "connect-src": ["'self'"],  # Only for page checkers such as Lighthouse, which fetch robots.txt from within a page.
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
# The admin and the login pages need scripts: static files, and import maps with a nonce.
SECURE_CSP_ADMIN = SECURE_CSP | {
    "script-src": ["'self'", "<nonce>"],
    "connect-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
}

LOGGING = environment.logging_config()
ACCESS_LOG = environment.switch("ACCESS_LOG", default=False)
METRICS_BIND = environment.metrics_bind()
METRICS_DIR = environment.metrics_dir(VAR_DIR)
if METRICS_BIND:
    # prometheus_client reads it when it is imported. gunicorn's processes have set it already (clinic/ops/gunicorn.py).
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(METRICS_DIR / "commands"))
SENTRY_DSN = environment.sentry_dsn()

# Settings that a clinic may want to change.
BOOKING_HOLD = timedelta(minutes=10)
BOOKING_UNHELD = timedelta(hours=1)  # how long a chosen time is kept in mind that could not be held
BOOKING_CONFIRM_WITHIN = timedelta(minutes=60)  # a booking that the patient has to confirm by e-mail
BOOKING_IS_STAFF = "clinic.accounts.second_factor.has_office_access"  # Takes a request; rate limits spare staff.
BOOKING_LIVE_HOLDS = 10  # slots that one network address may hold at once
# Rate limits: count and window, per network address unless the name or the comment says otherwise. Many people may
# share a network address (a library, a mobile network), so its limits are far above what one person needs.
BOOKING_LIMITS = {
    "hold": (100, timedelta(hours=1)),  # holding a slot
    "hold by e-mail": (10, timedelta(hours=1)),  # holds that need no share of a day, by who has proved an address
    "book": (20, timedelta(days=1)),
    "book by e-mail": (12, timedelta(days=1)),
    "link": (30, timedelta(hours=1)),  # invalid links to an appointment
    "lost link": (10, timedelta(hours=1)),
    "lost link by e-mail": (3, timedelta(hours=1)),
    "form": (200, timedelta(hours=1)),  # pages of health forms
    "waitlist": (10, timedelta(hours=1)),
    "waitlist by e-mail": (6, timedelta(days=1)),
    "contact": (10, timedelta(hours=1)),
    "helped": (1, timedelta(days=1)),  # feedback that one page helped
    "login": (50, timedelta(minutes=15)),  # failed attempts
    "login by name": (10, timedelta(minutes=15)),  # failed attempts with one name from one address
    "login of one account": (50, timedelta(hours=1)),  # the same from all addresses, except in known browsers
    "second factor": (10, timedelta(minutes=15)),  # wrong codes after the right password
    "read a calendar": (30, timedelta(hours=1)),  # own calendars that one login adds or tests
    "code once": (1, timedelta(minutes=2)),  # longer than any code is valid
    "password link": (10, timedelta(hours=1)),
    "password link by e-mail": (3, timedelta(hours=1)),
}
# By how much the worker's clock may differ from what else tells the time; None: it is not compared.
CLOCK_TOLERANCE = environment.clock_tolerance()
BOOKING_CONFIRMATION_DELAY = timedelta(seconds=environment.whole_number("CONFIRMATION_DELAY_SECONDS", 120))
# Networks whose calendars may be read although they are not public, at any port and also over http. For tests.
CALENDAR_NETWORKS: list[str] = []
