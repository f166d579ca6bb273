"""All of Stripe's API that the sandbox speaks."""

from __future__ import annotations

from billing.sandbox.api.route import Route
from billing.sandbox.checkout import sessions
from billing.sandbox.resources import (
    accounts,
    balance,
    charges,
    customers,
    disputes,
    events,
    intents_api,
    invoices,
    invoices_api,
    leaving,
    methods,
    portal,
    prices,
    products,
    promotions,
    refunds,
    setups,
    subscriptions,
)

ROUTES: tuple[Route, ...] = (
    *accounts.ROUTES,
    *balance.ROUTES,
    *charges.ROUTES,
    *customers.ROUTES,
    *disputes.ROUTES,
    *events.ROUTES,
    *intents_api.ROUTES,
    *invoices.ROUTES,
    *methods.ROUTES,
    *prices.ROUTES,
    *products.ROUTES,
    *promotions.ROUTES,
    *refunds.ROUTES,
    *sessions.ROUTES,
    *setups.ROUTES,
    *subscriptions.ROUTES,
    *portal.ROUTES,
    *invoices_api.ROUTES,
    *leaving.ROUTES,
)
