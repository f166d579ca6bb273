"""`/api/v1`: each app brings its own paths."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("generations.api.urls")),
    path("", include("billing.api.urls")),
    path("", include("webhooks.api.urls")),
]
