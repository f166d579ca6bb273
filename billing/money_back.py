"""How an order stands with its money: what of it went back, is about to, or is disputed."""

from __future__ import annotations

from dataclasses import dataclass

from billing.models import Dispute, Order, OrderState, Refund
from billing.reversals import FAILED_REFUNDS, SETTLED_FOR_US

ARRIVED = "succeeded"

REFUND_WORDS = {
    Refund.REQUESTED: "requested",
    ARRIVED: "paid back",
    "failed": "did not go through",
    "canceled": "cancelled",
}
DISPUTE_WORDS = {
    "won": "decided: the payment stands",
    "lost": "decided: your bank paid it back",
    "warning_closed": "closed",
    "prevented": "closed",
}
UNDER_WAY = "under way"


@dataclass(frozen=True)
class MoneyBack:
    """In the smallest unit of the order's currency. `disputed` is what the bank has taken."""

    refunded: int
    coming: int
    disputed: int
    is_disputed: bool
    is_whole: bool

    @property
    def label(self) -> str:
        """Instead of "Paid"; empty if nothing went back or is about to."""
        if self.is_disputed:
            return "Disputed"
        if self.coming:
            return "Being paid back"
        if self.refunded or self.disputed:
            return "Paid back" if self.is_whole else "Partly paid back"
        return ""


def of(order: Order) -> MoneyBack:
    refunds, disputes = order.refunds.all(), order.disputes.all()
    alive = [refund for refund in refunds if refund.status not in FAILED_REFUNDS]
    return MoneyBack(
        refunded=sum(refund.amount for refund in alive if refund.status == ARRIVED),
        coming=sum(refund.amount for refund in alive if refund.status != ARRIVED),
        disputed=sum(dispute.lost for dispute in disputes),
        is_disputed=any(_is_open(dispute) for dispute in disputes),
        is_whole=order.lost >= (order.amount_total or 0),
    )


def label_of(order: Order) -> str:
    return of(order).label if order.state == OrderState.PAID else ""


def words_for(row: Refund | Dispute) -> str:
    words = REFUND_WORDS if isinstance(row, Refund) else DISPUTE_WORDS
    return words.get(row.status, UNDER_WAY)


def _is_open(dispute: Dispute) -> bool:
    return dispute.status not in (*SETTLED_FOR_US, "lost")
