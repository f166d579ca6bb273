"""What customers paid: orders by currency, less tax and what went back by refunds and disputes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce, Least, NullIf

from billing import currencies
from billing.amounts import MICRO
from billing.models import Order, OrderState

# Tax of what was kept: who pays back gives its share of the tax back, too.
TAX = F("amount_tax") - Coalesce(
    F("amount_tax") * Least("lost", "amount_total") / NullIf("amount_total", 0), 0
)


@dataclass(frozen=True)
class Revenue:
    """Money in the currency's smallest unit. `paid` and `refunded` are what customers see.

    `refunded` is what went back of these orders until now, whenever that was; `tax` is in the rest.
    """

    currency: str
    livemode: bool
    orders: int
    paid: int
    refunded: int
    tax: int

    @property
    def net(self) -> int:
        return self.paid - self.refunded - self.tax


def by_currency(start: datetime, end: datetime) -> list[Revenue]:
    """Of orders paid from `start` until before `end`; test payments apart from real ones."""
    rows = (
        Order.objects.filter(state=OrderState.PAID, paid_at__gte=start, paid_at__lt=end)
        .order_by()
        .values("currency", "livemode")
        .annotate(
            orders=Count("pk"),
            paid=Sum(Coalesce("amount_total", "amount")),
            refunded=Sum("lost"),
            tax=Sum(TAX),
        )
        .order_by("-livemode", "currency")
    )
    return [Revenue(**row) for row in rows]


def price_of_credit(currency: str, *, until: datetime) -> Decimal | None:
    """What a credit brought on average without tax, of all that were sold for the currency.

    None: none were.

    Test payments count only where there are no real ones.
    """
    sold = Order.objects.filter(state=OrderState.PAID, currency=currency, paid_at__lt=until)
    sums = (
        sold.order_by()
        .values("livemode")
        .annotate(
            money=Sum(Coalesce("amount_total", "amount") - F("lost") - TAX),
            left=Sum(F("credits") - F("clawed")),
        )
        .order_by("-livemode")
        .first()
    )
    if sums is None or not sums["left"]:
        return None
    money = Decimal(sums["money"]).scaleb(-currencies.decimals(currency))
    return money * MICRO / Decimal(sums["left"])
