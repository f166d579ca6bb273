from __future__ import annotations

import os

from django.core.checks import Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from kling_saas import environment_files

environment_files.load()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kling_saas.settings")
django_application = get_wsgi_application()
# No command of Django's asks before a web server starts.
if problems := [one for one in run_checks(tags=[Tags.security]) if one.is_serious()]:
    raise ImproperlyConfigured("\n".join(map(str, problems)))
# Loads every view now: once for all processes, and not while the first visitor waits.
get_resolver().url_patterns  # noqa: B018

# It needs the apps to be loaded.
from kling_saas.chunked import ChunkedBodies  # noqa: E402

application = ChunkedBodies(django_application)
