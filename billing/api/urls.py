from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from billing.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("credits", views.CreditsView.as_view(), name="api_credits"),
    path("credits/entries", views.EntriesView.as_view(), name="api_credit_entries"),
    path("packs", views.PacksView.as_view(), name="api_packs"),
    path("checkouts", views.CheckoutsView.as_view(), name="api_checkouts"),
]
