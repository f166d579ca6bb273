from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from billing import hooks
from billing.views import credits, orders

urlpatterns: list[URLPattern | URLResolver] = [
    path("credits/", credits.overview, name="credits"),
    path("credits/entries.csv", credits.export, name="credits_export"),
    path("credits/buy/<slug:slug>/", credits.buy, name="credits_buy"),
    path("credits/orders/<slug:public_id>/", orders.order, name="order"),
    path("credits/orders/<slug:public_id>/canceled/", orders.canceled, name="order_canceled"),
    path("hooks/stripe", hooks.stripe, name="stripe_hook"),
]
