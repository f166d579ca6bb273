"""The credits of an order: what its payment brings, and what goes when the payment goes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from billing import credits
from billing.amounts import to_text
from billing.models import Entry, Order, OrderOrigin
from webhooks.outbox import announce


@dataclass(frozen=True)
class Part:
    """One lot of an order: micro-credits, under a key of the ledger."""

    key: str
    credits: int
    expires_at: datetime | None = None


def parts_of(order: Order) -> list[Part]:
    """A pack is one lot, a subscription's invoice one for each line that brings credits."""
    if order.origin != OrderOrigin.SUBSCRIPTION:
        return [Part(f"order:{order.public_id}:purchase", order.credits)]
    rows = order.subscription_grants.filter(credits__gt=0)
    return [Part(row.key, row.credits, row.expires_at) for row in rows]


def give(order: Order) -> None:
    """Grant what was paid for. The same again grants nothing."""
    is_subscription = order.origin == OrderOrigin.SUBSCRIPTION
    for part in parts_of(order):
        credits.grant(
            workspace=order.workspace,
            amount=part.credits,
            key=part.key,
            kind=Entry.Kind.SUBSCRIPTION if is_subscription else Entry.Kind.PURCHASE,
            note=f"Order {order.public_id}",
            expires_at=part.expires_at,
        )
    announce(
        workspace=order.workspace,
        type="credits.purchased",
        data={
            "order": order.public_id,
            "credits": to_text(order.credits),
            "balance": to_text(credits.balance(order.workspace).balance),
        },
    )


def repaid(order: Order) -> int:
    """How many of the credits that it brought repaid a debt at once."""
    keys = [credits.repayment_key(part.key) for part in parts_of(order)]
    return -(Entry.objects.filter(key__in=keys).aggregate(sum=Sum("amount"))["sum"] or 0)


def clawed_for(order: Order, *, lost: int) -> int:
    """The credits to have taken back in all when `lost` of the money went back.

    Rounded up: all of the money takes all of the credits, and a part leaves no more than was paid.
    """
    total = order.amount_total or 0
    if total <= 0:
        return 0
    return min(order.credits, -(-order.credits * min(lost, total) // total))


def take_back(order: Order, *, lost: int) -> None:
    """Post the difference between what should be taken back by now and what has been.

    Inside a transaction that has the order's row and counts its `syncs` up.
    """
    target = clawed_for(order, lost=lost)
    before = 0
    for number, part in enumerate(parts_of(order)):
        # The first lot is taken back first, so each lot's share follows from the sum alone.
        was, now = (max(0, min(part.credits, sum_ - before)) for sum_ in (order.clawed, target))
        _move(order, part, now - was, key=_key(order, number))
        before += part.credits
    if (target, lost) != (order.clawed, order.lost):
        order.clawed, order.lost = target, lost
        order.save(update_fields=["clawed", "lost"])


def _key(order: Order, number: int) -> str:
    key = f"order:{order.public_id}:sync:{order.syncs}"
    return f"{key}:{number}" if number else key


def _move(order: Order, part: Part, difference: int, *, key: str) -> None:
    if difference > 0:
        credits.claw_back(
            workspace=order.workspace,
            amount=difference,
            key=key,
            note=f"Payment of order {order.public_id} went back",
            lot_key=part.key,
        )
    elif difference < 0:
        credits.restore(
            workspace=order.workspace,
            amount=-difference,
            key=key,
            note=f"Payment of order {order.public_id} is ours again",
            expires_at=part.expires_at,
        )
