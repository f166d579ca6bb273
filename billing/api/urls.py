from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from billing.api import automatic, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("credits", views.CreditsView.as_view(), name="api_credits"),
    path("credits/entries", views.EntriesView.as_view(), name="api_credit_entries"),
    path("credits/top-up", automatic.TopUpView.as_view(), name="api_top_up"),
    path("subscription", automatic.SubscriptionView.as_view(), name="api_subscription"),
    path("packs", views.PacksView.as_view(), name="api_packs"),
    path("checkouts", views.CheckoutsView.as_view(), name="api_checkouts"),
]
