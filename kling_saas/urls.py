from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from generations.hooks import kling_callback
from kling_saas import pages

urlpatterns: list[URLPattern | URLResolver] = [
    # What programs ask comes first: the patterns are tried one after the other.
    path("api/v1/", include("kling_saas.api_urls")),
    path("kling/v1/", include("generations.kling_api.urls")),
    path("", include("generations.urls")),
    path("", include("billing.urls")),
    path("", include("webhooks.urls")),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("favicon.ico", pages.favicon),
    path("docs/errors", pages.errors, name="errors"),
    path("hooks/kling/<slug:token>", kling_callback, name="kling_callback"),
    path("admin/", admin.site.urls),
]
handler500 = "kling_saas.pages.fault"
