"""What happens at Stripe after a purchase, without any request of ours."""

from __future__ import annotations

from typing import Any

from billing.models import Order
from billing.sandbox.account import Account
from billing.sandbox.resources import disputes, refunds
from billing.sandbox.server import Sandbox


class Bank:
    def __init__(self, sandbox: Sandbox) -> None:
        self.account = Account(sandbox.store)

    def charge_of(self, order: Order) -> str:
        intents = self.account.all("payment_intent")
        found = [one for one in intents if one["metadata"].get("order") == order.public_id]
        return str(found[0]["latest_charge"])

    def refund(self, order: Order, amount: int) -> str:
        """Made in the dashboard."""
        wanted = {"charge": self.charge_of(order), "amount": amount}
        return str(refunds.create(self.account, wanted)["id"])

    def finish_refund(self, refund_id: str, status: str) -> None:
        refunds.finish(self.account, refund_id, status)

    def dispute(self, order: Order, **how: Any) -> str:
        how = {"reason": "product_not_received", "amount": None, "inquiry": False, **how}
        return str(disputes.open_dispute(self.account, self.charge_of(order), **how)["id"])

    def escalate(self, dispute_id: str) -> None:
        disputes.escalate(self.account, dispute_id)

    def close_dispute(self, dispute_id: str, *, won: bool) -> None:
        disputes.close(self.account, dispute_id, won=won)

    def warn(self, order: Order) -> str:
        return str(disputes.warn(self.account, self.charge_of(order))["id"])
