"""Subscription plans on sale. Their terms never change; another price is another plan."""

from __future__ import annotations

import calendar
from datetime import datetime

import stripe
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts.models import Workspace
from billing import stripe_client
from billing.errors import UnknownPlan, UnsaleablePlan
from billing.models import Entry, Lot, RollOver, SubscriptionPlan


def on_sale() -> QuerySet[SubscriptionPlan]:
    return SubscriptionPlan.objects.filter(is_active=True)


def find(slug: str) -> SubscriptionPlan:
    """Raises UnknownPlan."""
    plan = on_sale().filter(slug=slug).first()
    if plan is None:
        raise UnknownPlan(slug)
    return plan


def put_on_sale(plan: SubscriptionPlan) -> SubscriptionPlan:
    """Sell it from now on; its terms are final from here.

    Its price is made at Stripe if it has none. Raises UnsaleablePlan if the price there is
    another one, PaymentUnavailable. Must not run inside a transaction.
    """
    try:
        plan.full_clean()
    except ValidationError as exc:
        raise UnsaleablePlan(" ".join(exc.messages)) from exc
    price = _price(plan)
    with transaction.atomic(durable=True):
        # A draft may have been changed while Stripe was asked.
        row = SubscriptionPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
        problem = _mismatch(row, price)
        if problem:
            raise UnsaleablePlan(f"{price.id}: {problem}")
        row.stripe_price_id = price.id
        row.is_active = True
        row.published_at = row.published_at or timezone.now()
        row.save(update_fields=["stripe_price_id", "is_active", "published_at"])
    return row


def withdraw(plan: SubscriptionPlan) -> None:
    """Take it off sale. Who has it keeps it, and its credits."""
    SubscriptionPlan.objects.filter(pk=plan.pk).update(is_active=False)


def _price(plan: SubscriptionPlan) -> stripe.Price:
    with stripe_client.asking() as client:
        try:
            if plan.stripe_price_id:
                return client.v1.prices.retrieve(plan.stripe_price_id)
            return client.v1.prices.create(
                {
                    "currency": plan.currency,
                    "unit_amount": plan.amount,
                    "recurring": {"interval": "month"},
                    "product_data": {"name": plan.name},
                    "metadata": {"plan": plan.slug},
                },
                {"idempotency_key": f"plan:{plan.pk}:{plan.amount}:{plan.currency}:{plan.name}"},
            )
        except stripe.InvalidRequestError as exc:
            raise UnsaleablePlan(str(exc.user_message or exc)) from exc


def _mismatch(plan: SubscriptionPlan, price: stripe.Price) -> str:
    """What speaks against selling the plan for this price; empty if nothing does."""
    recurring = price.recurring
    rhythm = (recurring.interval, recurring.interval_count) if recurring else None
    expected: dict[str, tuple[object, object]] = {
        "livemode": (stripe_client.is_live(), price.livemode),
        "active": (True, price.active),
        "currency": (plan.currency, price.currency),
        "unit_amount": (plan.amount, price.unit_amount),
        "recurring": (("month", 1), rhythm),
    }
    wrong = [
        f"{name} is {found!r}, not {wanted!r}"
        for name, (wanted, found) in expected.items()
        if found != wanted
    ]
    return "; ".join(wrong)


def expiry(plan: SubscriptionPlan, period_end: datetime) -> datetime | None:
    """When the credits of a period expire; None: never."""
    match plan.roll_over:
        case RollOver.NONE:
            return period_end
        case RollOver.MONTHS:
            return months_after(period_end, plan.roll_over_months or 0)
    return None


def credits_for(plan: SubscriptionPlan, quantity: int, workspace: Workspace) -> int:
    """The micro-credits that a new period adds. A cap leaves room for what is missing to it."""
    full = plan.credits * quantity
    if plan.roll_over != RollOver.CAPPED:
        return full
    lots = Lot.objects.filter(
        account__workspace=workspace, source=Entry.Kind.SUBSCRIPTION, remaining__gt=0
    ).exclude(expires_at__lte=timezone.now())
    left = lots.aggregate(sum=Sum("remaining"))["sum"] or 0
    return max(0, min(full, (plan.roll_over_cap or 0) * quantity - left))


def months_after(at: datetime, months: int) -> datetime:
    """The same day and time; the last day where a month is shorter."""
    years, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + years, month + 1
    day = min(at.day, calendar.monthrange(year, month)[1])
    return at.replace(year=year, month=month, day=day)
