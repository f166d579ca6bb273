"""Orders follow Stripe: fetch what it says, compare, move, and post the difference.

Webhook, return page and sweep all call `sync_order`; none of them is believed on its own. It may
run any number of times, at once, in any order of events.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from billing import crediting, facts, notices, reversals, stripe_client
from billing.errors import OtherAccount, PaymentUnavailable
from billing.facts import Facts
from billing.models import Order, OrderChange, OrderOrigin, OrderState

# Paid is final. An expired or failed order may still be paid: Stripe's word is the later one.
MOVES: dict[OrderState, frozenset[OrderState]] = {
    OrderState.NEW: frozenset(
        {OrderState.OPEN, OrderState.FAILED, OrderState.EXPIRED, OrderState.REVIEW}
    ),
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

# Each look that is overtaken means that another one was written down; more than these at once
# have better things to do than to wait.
MOST_LOOKS = 10


def sync_order(order: Order, *, session_id: str = "", intent_id: str = "") -> Order:
    """The order as Stripe has it now.

    `session_id` or `intent_id` is for an order whose session or payment was made, but whose answer
    was lost. Raises PaymentUnavailable if Stripe cannot be asked, OtherAccount if it is not the
    order's.
    """
    known = _known(order, session_id, intent_id)
    if not known:
        return order
    require_ours(order)
    is_ours = known in (order.stripe_session_id, order.stripe_payment_intent, order.stripe_invoice)
    for _ in range(MOST_LOOKS):
        syncs = Order.objects.values_list("syncs", flat=True).get(pk=order.pk)
        said = _look(order, known)
        if not is_ours and said.reference != order.public_id:
            return order  # What anybody may write into an address: it is of another purchase.
        recorded = record(order, said, syncs=syncs)
        if recorded is not None:
            return recorded
    raise PaymentUnavailable("This order changes faster than we can look.")


def _known(order: Order, session_id: str, intent_id: str) -> str:
    """Under which id Stripe has what this order is paid by; empty if that is not known yet."""
    match order.origin:
        case OrderOrigin.TOP_UP:
            return order.stripe_payment_intent or intent_id
        case OrderOrigin.SUBSCRIPTION:
            return order.stripe_invoice
    return order.stripe_session_id or session_id


def _look(order: Order, known: str) -> Facts:
    match order.origin:
        case OrderOrigin.TOP_UP:
            return facts.fetch_intent(known)
        case OrderOrigin.SUBSCRIPTION:
            return facts.fetch_invoice(known, reference=order.public_id)
    return facts.fetch(known)


def require_ours(order: Order) -> None:
    """Raises OtherAccount: what our key sees of another account or mode says nothing about it."""
    if order.livemode != stripe_client.is_live():
        raise OtherAccount("This order is of the other mode (live or test).")
    if order.stripe_account and order.stripe_account != stripe_client.account():
        raise OtherAccount(f"This order is of the Stripe account {order.stripe_account}.")


def record(order: Order, said: Facts, *, syncs: int) -> Order | None:
    """Write down what Stripe said, in one transaction with the credits that it brings or takes.

    `syncs` is the order's count before Stripe was asked. None if another look has been written
    down since and saw something else: what was said may be out of date, so ask again.
    """
    with transaction.atomic():
        row = locked(order)
        if row.syncs != syncs:
            return row if row.seen == said.digest else None
        problem = _mismatch(row, said)
        is_of_it = said.reference == row.public_id
        if is_of_it:
            _attach(row, said, fits=not problem)
        state, reason = (OrderState.REVIEW, problem) if problem else _verdict(row, said)
        if state in MOVES[OrderState(row.state)]:
            if state == OrderState.PAID:
                crediting.give(row)
            _tell(row, to=state, why=reason)
            move(row, to=state, reason=reason)
        if is_of_it:
            reversals.record(row, said)
        if row.state == OrderState.PAID and not problem:
            crediting.take_back(row, lost=said.lost + reversals.on_their_way(row, said))
        if state == OrderState.REVIEW:
            row.attention = reason[:300]
        elif row.state != OrderState.REVIEW:
            row.attention = ""
        row.syncs, row.seen, row.synced_at = syncs + 1, said.digest, timezone.now()
        row.save(update_fields=["attention", "syncs", "seen", "synced_at"])
    return row


def locked(order: Order) -> Order:
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


def _tell(order: Order, *, to: OrderState, why: str) -> None:
    if to == OrderState.REVIEW:
        notices.ring_operator(order, f"under review: {why}")
    elif to == OrderState.FAILED and order.state == OrderState.PROCESSING:
        notices.ring_payment_failed(order)


def _attach(order: Order, said: Facts, *, fits: bool) -> None:
    """Keep the ids under which Stripe has this order."""
    order.stripe_session_id = order.stripe_session_id or said.session or None
    order.stripe_payment_intent = said.intent or order.stripe_payment_intent
    order.stripe_invoice = said.invoice or order.stripe_invoice
    if fits:
        order.checkout_url = said.url or order.checkout_url
        order.amount_total = said.amount_total
        # A customer's balance at Stripe may have paid some of it, tax and all.
        order.amount_tax = max(0, min(said.amount_tax, said.amount_total))
    order.save(
        update_fields=[
            "stripe_session_id",
            "stripe_payment_intent",
            "stripe_invoice",
            "checkout_url",
            "amount_total",
            "amount_tax",
        ]
    )
    if order.state == OrderState.NEW and fits:
        move(order, to=OrderState.OPEN, reason="Stripe has it")


def _mismatch(order: Order, said: Facts) -> str:
    """What speaks against crediting this order for this session; empty if nothing does."""
    expected: dict[str, tuple[object, object]] = {
        "client_reference_id": (order.public_id, said.reference),
        "session": (order.stripe_session_id or said.session, said.session),
        "mode": ("payment", said.mode),
        "livemode": (order.livemode, said.livemode),
        "currency": (order.currency, said.currency),
        # Before tax and discounts, which change `amount_total` and not what was bought.
        "amount_subtotal": (order.amount, said.amount_subtotal),
    }
    wrong = [
        f"{name} is {found!r}, not {wanted!r}"
        for name, (wanted, found) in expected.items()
        if found != wanted
    ]
    return "; ".join(wrong)


def _verdict(order: Order, said: Facts) -> tuple[OrderState, str]:
    if said.payment_status == "paid":
        return OrderState.PAID, "Paid"
    if said.status == "expired":
        return OrderState.EXPIRED, "Checkout session expired"
    if said.status != "complete":
        return OrderState.OPEN, "Waiting for payment"
    if said.payment_status == "no_payment_required" and order.allows_free:
        return OrderState.PAID, "Nothing to pay after the discount"
    if said.payment_status == "no_payment_required":
        return OrderState.REVIEW, "Nothing was paid, and a full discount did not count as paid"
    if said.payment_status != "unpaid":
        return OrderState.REVIEW, f"Payment status {said.payment_status}"
    if said.intent_status in FAILED_INTENTS:
        return OrderState.FAILED, "The payment failed"
    return OrderState.PROCESSING, "The payment is on its way"
