from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from webhooks.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("webhook-endpoints", views.Endpoints.as_view()),
    # Before the ids, which all begin with whe_.
    path("webhook-endpoints/signing-secret", views.WorkspaceSecret.as_view()),
    path("webhook-endpoints/signing-secret/rotate", views.RotateWorkspaceSecret.as_view()),
    path(
        "webhook-endpoints/<slug:endpoint_id>",
        views.OneEndpoint.as_view(),
        name="api_webhook_endpoint",
    ),
    path("webhook-endpoints/<slug:endpoint_id>/rotate-secret", views.RotateSecret.as_view()),
    path("webhook-endpoints/<slug:endpoint_id>/test", views.SendTest.as_view()),
    path("webhook-endpoints/<slug:endpoint_id>/deliveries", views.Deliveries.as_view()),
    path("webhook-endpoints/<slug:endpoint_id>/redeliver", views.RedeliverFailed.as_view()),
    path(
        "webhook-endpoints/<slug:endpoint_id>/deliveries/<slug:delivery_id>/redeliver",
        views.Redeliver.as_view(),
    ),
]
