from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from kling_saas import environment_files

environment_files.load()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kling_saas.settings")
django_application = get_wsgi_application()
# Loads every view now: once for all processes, and not while the first visitor waits.
get_resolver().url_patterns  # noqa: B018

# It needs the apps to be loaded.
from kling_saas.chunked import ChunkedBodies  # noqa: E402

application = ChunkedBodies(django_application)
