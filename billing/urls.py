from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from billing import hooks
from billing.views import credits, history, orders, statements

urlpatterns: list[URLPattern | URLResolver] = [
    path("credits/", credits.overview, name="credits"),
    path("credits/entries/", history.entries, name="credits_history"),
    path("credits/entries.csv", history.export, name="credits_export"),
    path("credits/statements/", statements.months, name="statements"),
    path("credits/statements/<slug:name>/", statements.statement, name="statement"),
    path("credits/statements/<slug:name>.csv", statements.export, name="statement_export"),
    path("credits/buy/<slug:slug>/", credits.buy, name="credits_buy"),
    path("credits/orders/<slug:public_id>/", orders.order, name="order"),
    path("credits/orders/<slug:public_id>/canceled/", orders.canceled, name="order_canceled"),
    path("credits/orders/<slug:public_id>/state/", orders.state, name="order_state"),
    path("credits/orders/<slug:public_id>/cancel/", orders.cancel, name="order_cancel"),
    path("credits/orders/<slug:public_id>/invoice/", orders.invoice, name="order_invoice"),
    path("credits/orders/<slug:public_id>/receipt/", orders.receipt, name="order_receipt"),
    path("hooks/stripe", hooks.stripe, name="stripe_hook"),
]
