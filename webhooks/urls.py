from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from webhooks import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/webhooks", views.endpoint_list, name="settings_webhooks"),
    # Before the ids, which all begin with whe_.
    path("settings/webhooks/signing-secret", views.workspace_secret, name="webhook_secret"),
    path(
        "settings/webhooks/jobs/<slug:delivery_id>",
        views.job_delivery_page,
        name="webhook_job_delivery",
    ),
    path("settings/webhooks/<slug:public_id>", views.endpoint_page, name="webhook_endpoint"),
    path("settings/webhooks/<slug:public_id>/rotate", views.rotate, name="webhook_rotate"),
    path("settings/webhooks/<slug:public_id>/test", views.send_test, name="webhook_test"),
    path("settings/webhooks/<slug:public_id>/switch", views.switch, name="webhook_switch"),
    path("settings/webhooks/<slug:public_id>/delete", views.delete, name="webhook_delete"),
    path(
        "settings/webhooks/<slug:public_id>/redeliver-failed",
        views.redeliver_failed,
        name="webhook_redeliver_failed",
    ),
    path(
        "settings/webhooks/<slug:public_id>/deliveries/<slug:delivery_id>",
        views.delivery_page,
        name="webhook_delivery",
    ),
    path(
        "settings/webhooks/<slug:public_id>/deliveries/<slug:delivery_id>/redeliver",
        views.redeliver,
        name="webhook_redeliver",
    ),
]
