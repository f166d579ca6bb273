"""Orders follow Stripe: fetch the session, compare, move, and credit once.

Webhook, return page and sweep all call `sync_order`; none of them is believed on its own. It may
run any number of times, at once, in any order of events.
"""

from __future__ import annotations

from typing import Any

import stripe
from django.db import transaction
from django.utils import timezone
from stripe.checkout import Session

from billing import credits as ledger
from billing import stripe_client
from billing.amounts import to_text
from billing.errors import PaymentUnavailable
from billing.models import Entry, Order, OrderChange, OrderState
from webhooks.outbox import announce

# Paid is final. An expired or failed order may still be paid: Stripe's word is the later one.
MOVES: dict[OrderState, frozenset[OrderState]] = {
    OrderState.NEW: frozenset({OrderState.OPEN, OrderState.FAILED, OrderState.REVIEW}),
    OrderState.OPEN: frozenset(
        {
            OrderState.PROCESSING,
            OrderState.PAID,
            OrderState.FAILED,
            OrderState.EXPIRED,
            OrderState.REVIEW,
        }
    ),
    OrderState.PROCESSING: frozenset({OrderState.PAID, OrderState.FAILED, OrderState.REVIEW}),
    OrderState.FAILED: frozenset({OrderState.PAID, OrderState.REVIEW}),
    OrderState.EXPIRED: frozenset({OrderState.PAID, OrderState.REVIEW}),
    OrderState.REVIEW: frozenset({OrderState.PAID, OrderState.EXPIRED, OrderState.FAILED}),
    OrderState.PAID: frozenset(),
}
UNFINISHED = (OrderState.NEW, OrderState.OPEN, OrderState.PROCESSING)

# What a payment intent shows once a delayed payment has come to nothing.
FAILED_INTENTS = ("requires_payment_method", "canceled")


def sync_order(order: Order, *, session_id: str = "") -> Order:
    """The order as Stripe has it now. Raises PaymentUnavailable if Stripe cannot be asked.

    `session_id` is for an order whose session was made, but whose answer was lost.
    """
    known = order.stripe_session_id or session_id
    if not known:
        return order
    try:
        session = stripe_client.client().v1.checkout.sessions.retrieve(
            known, {"expand": ["payment_intent"]}
        )
    except stripe.StripeError as exc:
        raise PaymentUnavailable(f"Stripe did not answer: {exc.user_message or exc}") from exc
    return record(order, session)


def record(order: Order, session: Session) -> Order:
    """Write down what the session says, in one transaction with the credits it brings."""
    with transaction.atomic():
        row = _locked(order)
        problem = _mismatch(row, session)
        if row.state == OrderState.NEW and not problem:
            _attach(row, session)
        state, reason = (OrderState.REVIEW, problem) if problem else _verdict(session)
        if state in MOVES[OrderState(row.state)]:
            if state == OrderState.PAID:
                _credit(row, session)
            move(row, to=state, reason=reason)
        row.synced_at = timezone.now()
        row.save(update_fields=["synced_at"])
    return row


def _locked(order: Order) -> Order:
    # Itself only: whoever has the credit account may be about to refer to the workspace, and we,
    # with the workspace, about to ask for the account.
    rows = Order.objects.select_for_update(of=("self",)).select_related("workspace")
    return rows.get(pk=order.pk)


def move(order: Order, *, to: OrderState, reason: str) -> None:
    """The only writer of `Order.state`. Inside a transaction that has the order's row."""
    was = OrderState(order.state)
    if to not in MOVES[was]:
        raise ValueError(f"An order does not go from {was} to {to}.")
    order.state = to
    order.paid_at = timezone.now() if to == OrderState.PAID else None
    order.save(update_fields=["state", "paid_at"])
    OrderChange.objects.create(order=order, was=was, now=to, reason=reason[:200])


def _attach(order: Order, session: Session) -> None:
    order.stripe_session_id = session.id
    order.checkout_url = session.url or ""
    order.save(update_fields=["stripe_session_id", "checkout_url"])
    move(order, to=OrderState.OPEN, reason="Checkout session made")


def _mismatch(order: Order, session: Session) -> str:
    """What speaks against crediting this order for this session; empty if nothing does."""
    expected: dict[str, tuple[Any, Any]] = {
        "client_reference_id": (order.public_id, session.client_reference_id),
        "session": (order.stripe_session_id or session.id, session.id),
        "mode": ("payment", session.mode),
        "livemode": (order.livemode, session.livemode),
        "currency": (order.currency, session.currency),
        # Before tax and discounts, which change `amount_total` and not what was bought.
        "amount_subtotal": (order.amount, session.amount_subtotal),
    }
    wrong = [
        f"{name} is {found!r}, not {wanted!r}"
        for name, (wanted, found) in expected.items()
        if found != wanted
    ]
    return "; ".join(wrong)


def _verdict(session: Session) -> tuple[OrderState, str]:
    if session.payment_status == "paid":
        return OrderState.PAID, "Paid"
    if session.payment_status != "unpaid":
        return OrderState.REVIEW, f"Payment status {session.payment_status}"
    if session.status == "expired":
        return OrderState.EXPIRED, "Checkout session expired"
    if session.status != "complete":
        return OrderState.OPEN, "Waiting for payment"
    intent = session.payment_intent
    if isinstance(intent, stripe.PaymentIntent) and intent.status in FAILED_INTENTS:
        return OrderState.FAILED, "The payment failed"
    return OrderState.PROCESSING, "The payment is on its way"


def _credit(order: Order, session: Session) -> None:
    intent = session.payment_intent
    order.stripe_payment_intent = intent if isinstance(intent, str) else (intent or session).id
    order.save(update_fields=["stripe_payment_intent"])
    ledger.grant(
        workspace=order.workspace,
        amount=order.credits,
        key=f"order:{order.public_id}:purchase",
        kind=Entry.Kind.PURCHASE,
        note=f"Order {order.public_id}",
    )
    announce(
        workspace=order.workspace,
        type="credits.purchased",
        data={
            "order": order.public_id,
            "credits": to_text(order.credits),
            "balance": to_text(ledger.balance(order.workspace).balance),
        },
    )
