"""`/api/v1`: each app brings its own paths."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

# Registers our key scheme: here, and not in ready(), since workers need no OpenAPI (15 MB each).
from kling_saas import openapi  # noqa: F401
from kling_saas.api_views import DocsView, NothingHereView, SchemaView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("generations.api.urls")),
    path("", include("billing.api.urls")),
    path("", include("webhooks.api.urls")),
    path("schema", SchemaView.as_view(), name="api_schema"),
    path("docs", DocsView.as_view(url_name="api_schema"), name="api_docs"),
    re_path("", NothingHereView.as_view()),  # whatever it is, an encoded newline included
]
