from __future__ import annotations

from billing.models.alarms import LedgerAlarm
from billing.models.cards import CardConsent, SavedCard
from billing.models.customers import Customer
from billing.models.ledger import CreditAccount, Entry, Hold
from billing.models.lots import ExpiryNotice, Lot, LotDraw
from billing.models.orders import (
    Order,
    OrderChange,
    OrderNote,
    OrderOrigin,
    OrderState,
    Pack,
    PackPrice,
)
from billing.models.prices import Margin, OperationRate, PriceBook, UnitPrice
from billing.models.reconciliations import Reconciliation
from billing.models.reversals import Dispute, Freeze, Refund
from billing.models.stripe_events import StripeEvent
from billing.models.subscriptions import (
    RollOver,
    Subscription,
    SubscriptionChange,
    SubscriptionGrant,
    SubscriptionPlan,
)
from billing.models.top_ups import OPEN_TOP_UPS, TopUp, TopUpChange, TopUpRule, TopUpState
from billing.models.watches import BalanceWatch

__all__ = [
    "OPEN_TOP_UPS",
    "BalanceWatch",
    "CardConsent",
    "CreditAccount",
    "Customer",
    "Dispute",
    "Entry",
    "ExpiryNotice",
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
    "OrderOrigin",
    "OrderState",
    "Pack",
    "PackPrice",
    "PriceBook",
    "Reconciliation",
    "Refund",
    "RollOver",
    "SavedCard",
    "StripeEvent",
    "Subscription",
    "SubscriptionChange",
    "SubscriptionGrant",
    "SubscriptionPlan",
    "TopUp",
    "TopUpChange",
    "TopUpRule",
    "TopUpState",
    "UnitPrice",
]
