"""The site's settings: one file, driven by the few variables of ``clinic/environment.py``.

SITE_URL decides hosts, cookies and HSTS; DATABASE_URL, EMAIL_URL, SECRET_KEY, MEDIA_ROOT,
TRUSTED_PROXIES and a few more have sensible defaults for one machine. docs/deployment.md lists them.
"""

import os
import sys
import zoneinfo
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from clinic import environment

# Zone data comes from the pinned tzdata package alone. Python would prefer the system's files,
# and many systems still hold an Alberta that changes its clocks.
zoneinfo.reset_tzpath(to=())

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = environment.var_dir(BASE_DIR / "var")

SITE_URL = environment.site_url()
_site = urlsplit(SITE_URL)
IS_HTTPS = _site.scheme == "https"
IS_LOCAL = environment.is_local_host(_site.hostname or "")
IS_TESTING = "pytest" in sys.modules

DEBUG = False
SECRET_KEY = environment.secret_key(VAR_DIR)
ALLOWED_HOSTS = [_site.hostname] + (["127.0.0.1", "localhost", "[::1]"] if IS_LOCAL else [])
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TRUSTED_PROXIES = environment.trusted_proxies()

INSTALLED_APPS = [
    "clinic",
    "content",
    "booking",
    "content_editor",
    "django_prose_editor",
    "crispy_forms",
    "phonenumber_field",
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

MIDDLEWARE = [
    "clinic.proxies.trust_only_named_proxies",
    "clinic.packing.PackPagesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "clinic.csp.ContentSecurityPolicyMiddleware",
    "clinic.refusals.refuse_impossible_addresses",
    "clinic.refusals.refuse_other_encodings",
    "clinic.refusals.drop_impossible_cookies",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.refusals.refuse_huge_bodies",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clinic.staff.sessions.IdleSessionMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "content.former.FormerAddressMiddleware",
    "clinic.refusals.LimitsMiddleware",
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
                "booking.context.clinic",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = ("clinic",)
CRISPY_TEMPLATE_PACK = "clinic"
CRISPY_FAIL_SILENTLY = False

DATABASES = {"default": environment.database(VAR_DIR)}
if IS_TESTING and DATABASES["default"]["ENGINE"] == "clinic.queued_sqlite":
    # A file, because threads that share one in-memory connection would prove nothing about locks.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / f"test-{os.getpid()}.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Two transactions may wait for one another only inside a command that asks for it.
ATOMIC_REQUESTS = False

if IS_TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Fast, and only here.

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Staff log in at /staff/login/. What limits their tries is BOOKING_LIMITS, below: allauth counts in the cache,
# which the site's processes do not share. Nobody signs up, so no address is ever verified.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
STAFF_SECOND_FACTOR = IS_HTTPS  # Demanded of everybody where patients are; a local run may do without.
STAFF_IDLE = timedelta(minutes=environment.whole_number("STAFF_IDLE_MINUTES", 30, lowest=1))
ACCOUNT_ADAPTER = "clinic.staff.adapter.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]  # Nobody sees them; a check reads them.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_RATE_LIMITS = False
ACCOUNT_SESSION_REMEMBER = False  # A login ends with the browser, or when it has been idle.
ACCOUNT_FORMS = {
    "login": "clinic.staff.forms.LoginForm",
    "reauthenticate": "clinic.staff.forms.PasswordAgainForm",
    "change_password": "clinic.staff.forms.ChangePasswordForm",
    "reset_password": "clinic.staff.forms.ResetPasswordForm",
    "reset_password_from_key": "clinic.staff.forms.NewPasswordForm",
}
MFA_ADAPTER = "clinic.staff.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = False
MFA_TOTP_TOLERANCE = 1  # Clocks of phones are half a minute off.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS
MFA_FORMS = {
    "authenticate": "clinic.staff.forms.CodeForm",
    "reauthenticate": "clinic.staff.forms.CodeAgainForm",
    "activate_totp": "clinic.staff.forms.ActivateTOTPForm",
    "add_webauthn": "clinic.staff.forms.AddPasskeyForm",
    "edit_webauthn": "clinic.staff.forms.RenamePasskeyForm",
    "authenticate_webauthn": "clinic.staff.forms.PasskeyForm",
    "reauthenticate_webauthn": "clinic.staff.forms.PasskeyAgainForm",
    "login_webauthn": "clinic.staff.forms.PasskeyLoginForm",
}

LANGUAGE_CODE = "en-ca"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale"]
USE_TZ = True
# Instants are UTC everywhere; a page shows them in the location's zone, which it names itself.
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["clinic.formats"]

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
BUILD_DIR = VAR_DIR / "build"  # site.css and the fonts, made by the build_static command
BUILD_DIR.mkdir(exist_ok=True)
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static", BUILD_DIR]
MEDIA_URL = "/media/"
MEDIA_ROOT = environment.media_root(VAR_DIR)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if IS_TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Compressing these makes them no smaller, or (source maps) nobody fetches them.
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

# Readers of pages get no cookie; a session begins when somebody chooses a time.
SESSION_ENGINE = "clinic.sessions"
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
CSRF_FAILURE_VIEW = "clinic.refusals.csrf_failure"

SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz/$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Same names as Django 6.0's, so that moving there is deleting our middleware.
SECURE_CSP = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'", "data:"],  # The stylesheet carries the letters that every page needs.
    "manifest-src": ["'self'"],
    "connect-src": ["'self'"],  # No page of ours connects; checkers that run inside one fetch robots.txt so.
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
# The office and its login pages need scripts: from our files, and import maps that carry the nonce.
SECURE_CSP_ADMIN = SECURE_CSP | {
    "script-src": ["'self'", "<nonce>"],
    "connect-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "clinic.logs.DiscreetFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "booking": {"level": "INFO"},
        "clinic": {"level": "INFO"},
        "django.request": {"level": "ERROR"},
        # Anybody can forge a host or send too much: a traceback for each would drown what matters.
        "django.security": {"level": "CRITICAL"},
        "django.security.csrf": {"level": "WARNING"},
    },
}

# What a clinic may want to change without touching code.
BOOKING_HOLD = timedelta(minutes=10)
BOOKING_LIVE_HOLDS = 10  # times that one network address may hold at once
# How much, in how long: per network address, or per e-mail address where the name says so. Many people may share
# a network address (a library, a phone company), so what is counted by it is far more than one person needs.
BOOKING_LIMITS = {
    "hold": (100, timedelta(hours=1)),  # choosing a time
    "book": (20, timedelta(days=1)),
    "book by e-mail": (12, timedelta(days=1)),
    "link": (30, timedelta(hours=1)),  # links to a visit that open nothing
    "lost link": (10, timedelta(hours=1)),
    "lost link by e-mail": (3, timedelta(hours=1)),
    "waitlist": (10, timedelta(hours=1)),
    "waitlist by e-mail": (6, timedelta(days=1)),
    "contact": (10, timedelta(hours=1)),
    "helped": (1, timedelta(days=1)),  # saying that one page helped
    "login": (50, timedelta(minutes=15)),  # failed tries
    "login by name": (10, timedelta(minutes=15)),  # failed tries of one name from one address
    "login of one account": (50, timedelta(hours=1)),  # the same from all addresses, but not in a browser it knows
    "second factor": (10, timedelta(minutes=15)),  # wrong codes of somebody who knows the password
    "code once": (1, timedelta(minutes=2)),  # longer than any code is good for
    "password link": (10, timedelta(hours=1)),
    "password link by e-mail": (3, timedelta(hours=1)),
}
BOOKING_CONFIRMATION_DELAY = timedelta(seconds=environment.whole_number("CONFIRMATION_DELAY_SECONDS", 120))
