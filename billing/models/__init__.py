from __future__ import annotations

from billing.models.ledger import CreditAccount, Entry, Hold
from billing.models.orders import Order, OrderChange, OrderState, Pack
from billing.models.prices import Margin, OperationRate, PriceBook, UnitPrice
from billing.models.stripe_events import StripeEvent

__all__ = [
    "CreditAccount",
    "Entry",
    "Hold",
    "Margin",
    "OperationRate",
    "Order",
    "OrderChange",
    "OrderState",
    "Pack",
    "PriceBook",
    "StripeEvent",
    "UnitPrice",
]
