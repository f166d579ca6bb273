"""The settings. Every value that an operator sets comes from `environment`.

What has a subject of its own stands in a file of its own; all of it is imported here.
"""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured

from kling_saas import environment, logs, services
from kling_saas.settings.api import *
from kling_saas.settings.payment import *
from kling_saas.settings.people import *
from kling_saas.settings.place import *
from kling_saas.settings.safety import *

django_stubs_ext.monkeypatch()

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
    "kling_saas.middleware.BrokenOffMiddleware",
    "kling_saas.middleware.PermissionsPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kling_saas.middleware.RequestIdMiddleware",
    # Asked hundreds of times a second: before whatever costs a query or a line of log.
    "generations.views.watching.WatchMiddleware",
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

# One line a request, at its end.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
LOGGING = logs.configuration(json=environment.flag("LOG_JSON", default=not DEVELOPMENT))
logs.configure()
