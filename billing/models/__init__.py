from __future__ import annotations

from billing.models.alarms import LedgerAlarm
from billing.models.customers import Customer
from billing.models.ledger import CreditAccount, Entry, Hold
from billing.models.lots import Lot, LotDraw
from billing.models.orders import Order, OrderChange, OrderNote, OrderState, Pack, PackPrice
from billing.models.prices import Margin, OperationRate, PriceBook, UnitPrice
from billing.models.reversals import Dispute, Freeze, Refund
from billing.models.stripe_events import StripeEvent
from billing.models.watches import BalanceWatch

__all__ = [
    "BalanceWatch",
    "CreditAccount",
    "Customer",
    "Dispute",
    "Entry",
    "Freeze",
    "Hold",
    "LedgerAlarm",
    "Lot",
    "LotDraw",
    "Margin",
    "OperationRate",
    "Order",
    "OrderChange",
    "OrderNote",
    "OrderState",
    "Pack",
    "PackPrice",
    "PriceBook",
    "Refund",
    "StripeEvent",
    "UnitPrice",
]
