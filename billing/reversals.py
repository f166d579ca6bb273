"""Refunds and disputes of an order, copied from what Stripe says; and the freezes they cause."""

from __future__ import annotations

from django.db.models import Q, Sum

from billing import freezes, notices
from billing.facts import DisputeFact, Facts, RefundFact
from billing.models import Dispute, Order, Refund

FRAUD = "fraudulent"
FROZEN = "A payment of this workspace was reported as fraud."
# The buyer's bank has let go of it, or it never became a dispute.
SETTLED_FOR_US = ("won", "warning_closed", "prevented")
FAILED_REFUNDS = ("failed", "canceled")


def record(order: Order, said: Facts) -> None:
    """Inside the transaction that has the order's row."""
    for refund in said.refunds:
        _record_refund(order, refund)
    for dispute in said.disputes:
        _record_dispute(order, dispute)
    for warning in said.warnings:
        _freeze(order, cause=f"warning:{warning}")


def on_their_way(order: Order, said: Facts) -> int:
    """Refunds that we have asked for, and that Stripe did not have yet when it said this."""
    known = [refund.id for refund in said.refunds]
    ours = order.refunds.exclude(status__in=FAILED_REFUNDS)
    unknown = ours.filter(Q(stripe_id=None) | ~Q(stripe_id__in=known))
    return unknown.aggregate(sum=Sum("amount"))["sum"] or 0


def _freeze(order: Order, *, cause: str) -> None:
    if freezes.freeze(workspace=order.workspace, cause=cause, reason=FROZEN, order=order):
        notices.ring_operator(order, f"froze its workspace, reported as fraud ({cause})")


def _record_refund(order: Order, said: RefundFact) -> None:
    row = (
        Refund.objects.filter(stripe_id=said.id).first()
        # Ours, whose answer was lost.
        or Refund.objects.filter(order=order, public_id=said.public_id, stripe_id=None).first()
        or Refund(order=order, reason="Made at Stripe")
    )
    was = row.status
    row.stripe_id, row.amount, row.status, row.failure = (
        said.id,
        said.amount,
        said.status,
        said.failure,
    )
    row.save()
    if said.status in FAILED_REFUNDS and was != said.status:
        why = said.failure or said.status
        notices.ring_operator(order, f"refund {said.id} came back, the buyer has no money ({why})")


def _record_dispute(order: Order, said: DisputeFact) -> None:
    values = {
        "amount": said.amount,
        "lost": said.lost,
        "reason": said.reason,
        "status": said.status,
        "due_by": said.due_by,
    }
    _, is_new = Dispute.objects.update_or_create(
        stripe_id=said.id, defaults=values, create_defaults={**values, "order": order}
    )
    if is_new:
        notices.ring_operator(order, f"disputed as {said.reason} ({said.id})")
    cause = f"dispute:{said.id}"
    if said.status in SETTLED_FOR_US:
        freezes.lift(cause=cause, because=f"The dispute is {said.status}.")
    elif said.reason == FRAUD:
        _freeze(order, cause=cause)
