"""Giving money back: asked for by the operator, done by Stripe, followed in the ledger by sync.

The credits are taken back when the refund is asked for, before Stripe hears of it: else they could
be spent, or refunded a second time, while it is under way. They return if Stripe refuses.

Amounts are in the smallest unit of the order's currency.
"""

from __future__ import annotations

import logging
from datetime import timedelta

import stripe
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from accounts.models import User
from billing import crediting, credits, currencies, orders, stripe_client
from billing.amounts import to_text
from billing.errors import NoAnswer, RefundRefused
from billing.models import CreditAccount, Entry, Lot, Order, OrderState, Refund
from billing.reversals import FAILED_REFUNDS
from worker import doorbell

logger = logging.getLogger(__name__)

SEND = "billing.tasks.send_refund"
# Stripe keeps an idempotency key for a day; after that it is asked before anything is repeated.
REPEAT_FOR = timedelta(hours=20)
REFUSED = (stripe.InvalidRequestError, stripe.IdempotencyError, stripe.CardError)


def left(order: Order) -> int:
    """What of the payment has not gone back, and is not asked to."""
    asked = order.refunds.exclude(status__in=FAILED_REFUNDS).aggregate(sum=Sum("amount"))["sum"]
    disputed = order.disputes.aggregate(sum=Sum("lost"))["sum"]
    return max(0, (order.amount_total or 0) - (asked or 0) - (disputed or 0))


def unspent(order: Order) -> int:
    """The share of the payment whose credits are still there and not held, rounded down."""
    keys = [part.key for part in crediting.parts_of(order)]
    given_back = Q(source=Entry.Kind.RESTORE, entry__key__startswith=f"order:{order.public_id}:")
    lots = Lot.objects.filter(Q(entry__key__in=keys) | given_back)
    there = min(
        lots.aggregate(sum=Sum("remaining"))["sum"] or 0, credits.balance(order.workspace).available
    )
    if there <= 0:
        return 0
    share = (order.amount_total or 0) * there // order.credits
    step = currencies.step(order.currency)
    return max(0, min(left(order), share // step * step))


@transaction.atomic(durable=True)
def request(
    *, order: Order, amount: int, key: str, reason: str, by: User, beyond_unspent: bool = False
) -> Refund:
    """Note that `amount` shall go back, and have it sent. Raises RefundRefused.

    The same key again is the same refund. More than the unspent share takes other credits of the
    workspace, and leaves it in debt where there are none, so it has to be asked for as such.
    """
    row = orders.locked(order)
    earlier = Refund.objects.filter(order=row, public_id=f"ref_{key}").first()
    if earlier is not None:
        return earlier
    if row.state != OrderState.PAID or not row.stripe_payment_intent:
        raise RefundRefused("Only what was paid can be refunded.")
    if amount <= 0:
        raise RefundRefused("A refund is of more than zero.")
    if amount > left(row):
        most = currencies.to_text(left(row), row.currency)
        raise RefundRefused(f"At most {most} of this order can go back.")
    # From here on nobody spends what is counted.
    CreditAccount.objects.select_for_update(no_key=True).filter(workspace=row.workspace).first()
    there = unspent(row)
    if amount > there and not beyond_unspent:
        raise RefundRefused(_beyond(row, there, amount))
    refund = Refund.objects.create(
        public_id=f"ref_{key}", order=row, amount=amount, reason=reason[:300], requested_by=by
    )
    _take_back(row, more=amount)
    doorbell.ring(SEND, refund.pk)
    return refund


def _beyond(row: Order, there: int, amount: int) -> str:
    """What more than the unspent share would take."""
    wanted = crediting.clawed_for(row, lost=row.lost + amount) - row.clawed
    owed = max(0, wanted - credits.balance(row.workspace).available)
    takes = "takes other credits of the workspace"
    if owed:
        takes = f"leaves the workspace {to_text(owed)} credits in debt"
    most, asked = (currencies.to_text(sum_, row.currency) for sum_ in (there, amount))
    return f"Only {most} is unspent; {asked} {takes}."


def _take_back(row: Order, *, more: int) -> None:
    """Take the credits of so much more of the money; below zero: give them back."""
    crediting.take_back(row, lost=row.lost + more)
    # A look at Stripe from before this must not be written down.
    row.syncs += 1
    row.save(update_fields=["syncs"])


def send(refund: Refund) -> Refund:
    """Have Stripe make the refund. Safe to repeat; raises PaymentUnavailable."""
    orders.require_ours(refund.order)
    if refund.created_at < timezone.now() - REPEAT_FOR:
        orders.sync_order(refund.order)
        refund.refresh_from_db()
    if refund.status != Refund.REQUESTED:
        return refund
    try:
        made = stripe_client.client().v1.refunds.create(
            {
                "payment_intent": refund.order.stripe_payment_intent,
                "amount": refund.amount,
                "reason": "requested_by_customer",
                "metadata": {"refund": refund.public_id, "order": refund.order.public_id},
            },
            {"idempotency_key": f"refund:{refund.public_id}"},
        )
    except REFUSED as exc:
        return _fail(refund, str(exc.user_message or exc))
    except stripe.StripeError as exc:
        raise NoAnswer(exc.user_message or exc) from exc
    Refund.objects.filter(pk=refund.pk, stripe_id=None).update(
        stripe_id=made.id, status=made.status or ""
    )
    orders.sync_order(refund.order)
    refund.refresh_from_db()
    return refund


def _fail(refund: Refund, why: str) -> Refund:
    logger.error("refund %s was refused: %s", refund.public_id, why)
    with transaction.atomic(durable=True):
        row = orders.locked(refund.order)
        asked = Refund.objects.filter(pk=refund.pk, status=Refund.REQUESTED)
        if asked.update(status="failed", failure=why[:300]):
            _take_back(row, more=-refund.amount)
    refund.refresh_from_db()
    return refund
