from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from billing import hooks
from billing.views import (
    credits,
    history,
    orders,
    portal,
    statements,
    subscription,
    top_up,
    top_up_payment,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("credits/", credits.overview, name="credits"),
    path("credits/entries/", history.entries, name="credits_history"),
    path("credits/entries.csv", history.export, name="credits_export"),
    path("credits/statements/", statements.months, name="statements"),
    path("credits/statements/<slug:name>/", statements.statement, name="statement"),
    path("credits/statements/<slug:name>.csv", statements.export, name="statement_export"),
    path("credits/buy/<slug:slug>/", credits.buy, name="credits_buy"),
    path("credits/orders/", orders.listed, name="orders"),
    path("credits/orders/<slug:public_id>/", orders.order, name="order"),
    path("credits/orders/<slug:public_id>/canceled/", orders.canceled, name="order_canceled"),
    path("credits/orders/<slug:public_id>/state/", orders.state, name="order_state"),
    path("credits/orders/<slug:public_id>/cancel/", orders.cancel, name="order_cancel"),
    path("credits/orders/<slug:public_id>/invoice/", orders.invoice, name="order_invoice"),
    path("credits/orders/<slug:public_id>/receipt/", orders.receipt, name="order_receipt"),
    path("credits/portal/", portal.leave, name="portal"),
    path("credits/subscription/", subscription.overview, name="subscription"),
    path("credits/subscription/pay/", subscription.pay, name="subscription_pay"),
    path("credits/subscription/<slug:slug>/", subscription.start, name="subscription_start"),
    path("credits/top-up/", top_up.overview, name="top_up"),
    path("credits/top-up/off/", top_up.switch_off, name="top_up_off"),
    path("credits/top-up/card/", top_up.save_card, name="card_save"),
    path("credits/top-up/card/remove/", top_up.remove_card, name="card_remove"),
    path("credits/top-up/card/<slug:public_id>/", top_up.card_return, name="card_return"),
    path("credits/top-ups/<slug:public_id>/", top_up_payment.show, name="top_up_payment"),
    path(
        "credits/top-ups/<slug:public_id>/confirm/", top_up_payment.confirm, name="top_up_confirm"
    ),
    path("credits/top-ups/<slug:public_id>/cancel/", top_up_payment.cancel, name="top_up_cancel"),
    path("hooks/stripe", hooks.stripe, name="stripe_hook"),
]
