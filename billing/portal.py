"""Stripe's customer portal: cards, tax ids, invoices, and what one has subscribed to."""

from __future__ import annotations

import stripe
from django.conf import settings
from django.urls import reverse

from accounts.access import Actor
from accounts.models import Scope, Workspace
from billing import customers, stripe_client
from billing.errors import NoCustomer
from billing.models import Customer


def customer_of(workspace: Workspace) -> Customer | None:
    """The one that Stripe knows, if it does. Nothing is made for a mere look."""
    return Customer.objects.filter(
        stripe_client.ours(), workspace=workspace, stripe_id__isnull=False, deleted_at=None
    ).first()


def open_portal(*, by: Actor, back_to: str) -> str:
    """The address of the portal, which works for some minutes; `back_to` names a page of ours.

    Raises NotPermitted, NoCustomer, PaymentUnavailable.
    """
    by.require(Scope.BILLING)
    customer = customer_of(by.workspace)
    if customer is None or not customer.stripe_id:
        raise NoCustomer
    page = settings.SITE_URL + reverse(back_to)
    with stripe_client.asking() as client:
        try:
            session = client.v1.billing_portal.sessions.create(
                {"customer": customer.stripe_id, "return_url": page}
            )
        except stripe.InvalidRequestError as exc:
            if not customers.is_unknown(exc):
                raise
            customers.give_up(customer)
            raise NoCustomer from exc
    return session.url
