"""Subscribing: the row first, then Stripe's page for it."""

from __future__ import annotations

import logging
from datetime import timedelta

import stripe
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from stripe.params.checkout import SessionCreateParams

from accounts.access import Actor
from accounts.models import Scope, Workspace
from billing import checkout, customers, pages, stripe_client
from billing.errors import AlreadySubscribed, NoAnswer, PaymentUnavailable
from billing.models import Subscription, SubscriptionPlan
from billing.models.subscriptions import LIVING
from billing.subscriptions import plans, syncing

logger = logging.getLogger(__name__)

# How long the page works; Stripe takes 30 minutes to a day.
LIFE = timedelta(hours=2)


def current(workspace: Workspace) -> Subscription | None:
    """The one that the workspace has, or is about to begin."""
    rows = Subscription.objects.filter(stripe_client.ours(), workspace=workspace, status__in=LIVING)
    return rows.select_related("plan", "customer", "workspace").first()


def start(*, by: Actor, slug: str) -> Subscription:
    """A subscription with `checkout_url`, the page where it is begun.

    Raises NotPermitted, UnknownPlan, AlreadySubscribed, PaymentUnavailable. Must not run inside a
    transaction.
    """
    by.require(Scope.BILLING)
    stripe_client.client()
    plan = plans.find(slug)
    earlier = _settled(by.workspace)
    if earlier is not None and earlier.plan_id == plan.pk:
        return _open(earlier)
    if earlier is not None and _close(earlier).is_living:
        raise AlreadySubscribed
    return _open(_write(by, plan))


def refresh(row: Subscription) -> Subscription:
    """As Stripe has it; one whose page nobody went through in time is over."""
    row = syncing.sync(row)
    is_over = row.is_starting and row.expires_at <= timezone.now()
    return _close(row) if is_over else row


def _settled(workspace: Workspace) -> Subscription | None:
    """One whose page is still open, if any. Raises AlreadySubscribed if it has been paid."""
    row = current(workspace)
    if row is None:
        return None
    row = refresh(row)
    if row.is_living and not row.is_starting:
        raise AlreadySubscribed
    return row if row.is_starting else None


def _write(by: Actor, plan: SubscriptionPlan) -> Subscription:
    row = Subscription(
        workspace=by.workspace,
        customer=customers.customer_of(by.workspace),
        plan=plan,
        livemode=stripe_client.is_live(),
        stripe_account=stripe_client.account(),
        created_by=by.user,
        expires_at=timezone.now() + LIFE,
    )
    row.checkout_request = dict(_request(row))
    try:
        with transaction.atomic(durable=True):
            row.save()
    except IntegrityError as exc:
        # The second click was as quick as the first.
        raise PaymentUnavailable("A subscription is being set up. Please try again.") from exc
    return row


def _open(row: Subscription) -> Subscription:
    """Make its page. Safe to repeat: the key names the row."""
    if row.checkout_url:
        return row
    try:
        made = pages.make(row, row.checkout_request, key=f"subscription:{row.public_id}")
    except stripe.InvalidRequestError as exc:
        syncing.move(row, to="expired", reason=str(exc.user_message or exc))
        raise PaymentUnavailable("This plan cannot be subscribed to at the moment.") from exc
    except stripe.StripeError as exc:
        logger.warning("session of %s: %s", row.public_id, type(exc).__name__)
        raise NoAnswer(exc.user_message or exc) from exc
    return syncing.opened(row, made)


def _close(row: Subscription) -> Subscription:
    """Let nobody pay on its page any more. It is living if somebody has done so meanwhile."""
    # An answer that was lost: the same key tells which session it is.
    row = _open(row) if not row.stripe_session_id and row.expires_at > timezone.now() else row
    if row.stripe_session_id:
        pages.close(row.stripe_session_id)
        row = syncing.sync(row)
    return syncing.move(row, to="expired", reason="Another one was chosen, or its time was over")


def _request(row: Subscription) -> SessionCreateParams:
    page = settings.SITE_URL + reverse("subscription")
    metadata = {"subscription": row.public_id, "workspace": row.workspace.public_id}
    request: SessionCreateParams = {
        "mode": "subscription",
        "client_reference_id": row.public_id,
        "line_items": [{"price": row.plan.stripe_price_id or "", "quantity": 1}],
        "metadata": metadata,
        # Stripe does not hand the session's metadata on to the subscription.
        "subscription_data": {"metadata": metadata},
        "success_url": page,
        "cancel_url": page,
        "expires_at": int(row.expires_at.timestamp()),
    }
    request.update(checkout.by_settings())
    return request
