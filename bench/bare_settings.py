"""The product's own settings without any middleware, and only the apps whose rows are written."""

from __future__ import annotations

from kling_saas.settings import *  # noqa: F403

INSTALLED_APPS = [
    *("generations", "billing", "webhooks", "accounts", "worker"),
    *("django_q", "django.contrib.auth", "django.contrib.contenttypes"),
]
MIDDLEWARE = []
ROOT_URLCONF = "bench.bare"
