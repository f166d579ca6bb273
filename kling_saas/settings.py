"""The settings. Every value that an operator sets comes from `environment`."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from kling_saas import environment, logs, services
from kling_saas.payment import *  # noqa: F403  STRIPE_…, PAYMENT_SANDBOX

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
# Everything this installation writes, but for what DATABASE_URL and STORAGE_URL put elsewhere.
VAR_DIR = Path(environment.text("VAR_DIR", str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

# --- where it runs -----------------------------------------------------------------------
# Not set: development values, and the pages that customers see. On: Django's own error pages
# and templates that reload. Off: production, which refuses development values.
DEBUG = environment.flag("DEBUG")
DEVELOPMENT = DEBUG or not environment.text("DEBUG")
PORT = environment.integer("PORT", 8000, least=1, most=65535)
SITE_URL = environment.text("SITE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
DEVELOPMENT_SECRET_KEY = "development-only-secret-key-never-for-production-0123456789"  # noqa: S105
SECRET_KEY = environment.text("SECRET_KEY", DEVELOPMENT_SECRET_KEY)
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
if not DEVELOPMENT:
    if SECRET_KEY == DEVELOPMENT_SECRET_KEY:
        raise ImproperlyConfigured("Set SECRET_KEY (50 random characters) when DEBUG is off.")
    if not environment.text("ALLOWED_HOSTS"):
        raise ImproperlyConfigured("Set ALLOWED_HOSTS (your host names) when DEBUG is off.")

INSTALLED_APPS = [
    "kling_saas",
    "generations",
    "billing",
    "webhooks",
    "accounts",
    "worker",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "django_htmx",
    "csp",
    "django_structlog",
    "whitenoise.runserver_nostatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "kling_saas.health.HealthMiddleware",
    "kling_saas.middleware.AddressMiddleware",
    "kling_saas.middleware.PermissionsPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kling_saas.middleware.RequestIdMiddleware",
    "accounts.middleware.RateLimitMiddleware",
    "kling_saas.middleware.RequestLogMiddleware",
    "generations.kling_api.middleware.KlingEnvelopeMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.ActorMiddleware",
]
ROOT_URLCONF = "kling_saas.urls"
WSGI_APPLICATION = "kling_saas.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
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
                "kling_saas.context.site",
            ],
        },
    },
]

# --- data --------------------------------------------------------------------------------
DATABASES = {
    "default": services.database(
        environment.text("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}")
    )
}
# PostgreSQL: the role in which requests of tenants work, bound by row-level security.
DATABASE_TENANT_ROLE = environment.text("DATABASE_TENANT_ROLE")
STORAGES = services.storages(
    environment.text("STORAGE_URL", f"file:{VAR_DIR / 'media'}"),
    base=BASE_DIR,
    collected=not DEVELOPMENT,
)
# Compressing a thousand files takes longer than all the rest of a first `make run`.
WHITENOISE_USE_FINDERS = DEVELOPMENT
CACHES = {
    # Shared by all processes: sign-in throttles would otherwise count per process.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # When it is full it throws away live entries: Django's 300 are filled by 300 sign-ins
        # with wrong addresses, and the counts of the throttles were gone.
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    },
    "queue": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}

# --- queue -------------------------------------------------------------------------------
TASK_TIMEOUT = 300
Q_CLUSTER = {
    "name": "kling",
    "orm": "default",
    "workers": environment.integer("WORKERS", 2, least=1),
    "timeout": TASK_TIMEOUT,
    # The redelivery clock runs while a task waits for a free process, hence more than twice.
    "retry": 2 * TASK_TIMEOUT + 60,
    "queue_limit": environment.integer("WORKERS", 2, least=1),
    "bulk": 1,
    # Attempts are counted in our own rows; the queue itself never repeats a failed task.
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 500,
    "poll": 0.2,
    # Reads a line of its own besides the queue, for heartbeats.
    "broker_class": "worker.broker.Broker",
    # The sentinel would write its statistics into the database cache twice a second.
    "cache": "queue",
    "label": "Queue",
}
# Functions that say what is due; the worker's clock asks them and rings.
WORKER_ALARMS = ["generations.alarms.due", "billing.alarms.due", "webhooks.alarms.due"]
# What tasks load when they need it; loaded once instead, the workers share its memory.
WORKER_PRELOAD = ["av"]
TIMER_SCALE = environment.positive("TIMER_SCALE", 1.0)

# --- prices ------------------------------------------------------------------------------
# Names the jobs by which two price books are compared; billing itself knows none.
BILLING_TYPICAL_JOBS = "generations.typical.jobs"
# Breaks the charges of a statement down by what was made.
BILLING_CHARGES_BY = "generations.usage.charges_by_operation"
# Says which jobs an entry of the ledger must not link to any more.
BILLING_DELETED_JOBS = "generations.queries.deleted_among"
# What unit costs of provider accounts are in; the reports compare revenue with it.
OPERATOR_CURRENCY = environment.text("OPERATOR_CURRENCY", "usd").lower()
if not re.fullmatch(r"[a-z]{3}", OPERATOR_CURRENCY):
    raise ImproperlyConfigured("OPERATOR_CURRENCY is three letters, as in ISO 4217: usd.")

# --- people ------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Not ACCOUNT_CHANGE_EMAIL: it takes an address that nobody could confirm yet for one that is
# being changed to, deletes it, and leaves a person without any.
ACCOUNT_MAX_EMAIL_ADDRESSES = 3
ACCOUNT_FORMS = {
    "login": "accounts.account_forms.LoginForm",
    "signup": "accounts.account_forms.SignupForm",
    "add_email": "accounts.account_forms.AddEmailForm",
    "change_password": "accounts.account_forms.ChangePasswordForm",
    "set_password": "accounts.account_forms.SetPasswordForm",
    "reset_password": "accounts.account_forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.account_forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.account_forms.ReauthenticateForm",
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "studio"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"

EMAIL_URL = environment.text("EMAIL_URL")
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "studio@localhost")
globals().update(services.email(EMAIL_URL))
OPERATOR_EMAILS = environment.words("OPERATOR_EMAIL")  # empty: every superuser
# Nobody could confirm an address while mail goes nowhere.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_URL else "none"

# --- provider ----------------------------------------------------------------------------
KLING_CATALOGUE = environment.text("KLING_CATALOGUE")  # empty: the one that ships
PROVIDER_CREDENTIALS: dict[str, dict[str, str]] = {
    "cometapi": {
        "key": environment.text("COMETAPI_KEY"),
        "base_url": environment.text("COMETAPI_BASE_URL", "https://api.cometapi.com"),
    },
    "cloudsway": {
        "key": environment.text("CLOUDSWAY_KEY"),
        "endpoint_path": environment.text("CLOUDSWAY_ENDPOINT_PATH"),
        "base_url": environment.text("CLOUDSWAY_BASE_URL", "https://genaiapi.cloudsway.net"),
    },
    "official": {
        "key": environment.text("KLING_API_KEY"),
        "access_key": environment.text("KLING_ACCESS_KEY"),
        "secret_key": environment.text("KLING_SECRET_KEY"),
        "base_url": environment.text("KLING_BASE_URL", "https://api-singapore.klingai.com"),
    },
}
# Set by `manage.py serve` when it has started the embedded simulator.
SIMULATOR_URL = environment.text("SIMULATOR_URL")
# Managers are told when fewer micro-credits are left, unless their workspace says otherwise.
LOW_BALANCE = environment.integer("LOW_BALANCE", 10) * 1_000_000
# How long a job waits for an approval before it is given up.
APPROVAL_LIFETIME = timedelta(days=environment.integer("APPROVAL_DAYS", 7, least=1, most=90))
FETCH_ALLOW_PRIVATE = environment.flag("FETCH_ALLOW_PRIVATE")

# --- requests ----------------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 40 * 1024 * 1024  # three 10 MB images in Base64
MAX_UPLOAD_BYTES = 200 * 1024 * 1024  # a clip of omni video
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns of one that is not there
STATICFILES_DIRS = [BASE_DIR / "static"]
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["kling_saas.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [],
    "EXCEPTION_HANDLER": "kling_saas.api_errors.handle",
    "UNAUTHENTICATED_USER": None,
    # There is only JSON: `?format=…` is a parameter that nobody knows, not a reason for a 404.
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Kling studio API",
    "DESCRIPTION": "Create videos, images and sound with Kling. Credits are held when a job is "
    "created, and charged by what the provider really deducts.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "SERVERS": [{"url": SITE_URL}],
    "TAGS": [
        {
            "name": "generations",
            "description": "Jobs: price them, create them, see what came of them.",
        },
        {"name": "catalogue", "description": "What can be made, with which models and settings."},
        {"name": "media", "description": "Results, and files to use as input."},
        {"name": "credits", "description": "Balance, ledger, usage, and buying more."},
        {"name": "webhooks", "description": "Be told when something has happened."},
    ],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "kling_saas.openapi.document_problems",
        "generations.api.description.describe_operations",
    ],
    "ENUM_NAME_OVERRIDES": {
        "MediaKind": "generations.models.MediaKind",
        "GenerationStatus": "generations.states.State",
        "EntryKind": "billing.models.Entry.Kind",
    },
}

# --- safety ------------------------------------------------------------------------------
SECURE = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
# A browser keeps a cookie of that name only from https, and from no other host of the domain.
COOKIE_PREFIX = "__Host-" if SECURE else ""
SESSION_COOKIE_NAME = COOKIE_PREFIX + (f"kling_session_{PORT}" if DEVELOPMENT else "kling_session")
CSRF_COOKIE_NAME = COOKIE_PREFIX + (f"kling_csrf_{PORT}" if DEVELOPMENT else "kling_csrf")
CSRF_COOKIE_HTTPONLY = True  # scripts read the token from the page
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE_SSL_REDIRECT = SECURE and environment.flag("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
BEHIND_PROXY = environment.flag("BEHIND_PROXY")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Without it all people behind the proxy would share one throttle.
TRUSTED_PROXY_COUNT = environment.integer("TRUSTED_PROXY_COUNT", int(BEHIND_PROXY), most=10)
# Of programs without a usable key, by address; a key's own limit is its plan's. 0: no limit.
ANONYMOUS_REQUESTS_PER_MINUTE = environment.integer("ANONYMOUS_REQUESTS_PER_MINUTE", 300)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

# One line a request, at its end.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
LOGGING = logs.configuration(json=environment.flag("LOG_JSON", default=not DEVELOPMENT))
logs.configure()
