"""What a workspace has ordered for when its credits run low."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.access import Actor
from accounts.models import Scope, Workspace
from billing import credits, currencies, packs, queries
from billing.amounts import to_text
from billing.errors import InvalidTopUp, NoSavedCard, UnknownCurrency, UnknownPack
from billing.models import Pack, TopUp, TopUpRule
from billing.packs import PriceTag
from worker import doorbell

# Between two purchases, whatever happens: a mistake that spends must not spend all at once.
DISTANCE = timedelta(minutes=10)
TELL_OFF = "billing.tasks.tell_top_up_off"
# A cap of a month beyond that is a slip of the hand, as with a pack.
MOST_CAP = 10**9


def is_offered() -> bool:
    """Charging a card by itself adds no tax, so it is not offered where tax is to be added."""
    return bool(settings.STRIPE_SECRET_KEY) and not settings.STRIPE_TAX


def rule_of(workspace: Workspace) -> TopUpRule | None:
    return TopUpRule.objects.filter(workspace=workspace).first()


def order(
    *, by: Actor, threshold: int, pack: str, monthly_cap: int, currency: str = ""
) -> TopUpRule:
    """Top up from now on, below `threshold` micro-credits, for at most `monthly_cap`.

    Raises NotPermitted, InvalidTopUp, NoSavedCard. What failed before is forgotten.
    """
    by.require(Scope.BILLING)
    if not is_offered():
        raise InvalidTopUp("pack", "Automatic top-up is not offered here.")
    if queries.card_of(by.workspace) is None:
        raise NoSavedCard
    price = _checked(threshold=threshold, slug=pack, monthly_cap=monthly_cap, currency=currency)
    credits.account_of(by.workspace)
    values = {
        "is_on": True,
        "threshold": threshold,
        "pack": pack,
        "currency": price.currency,
        "monthly_cap": monthly_cap,
        "next_at": _next_at(by.workspace),
        "soft_declines": 0,
        "off_reason": "",
        "changed_by": by.user,
    }
    with transaction.atomic(durable=True):
        rule, _ = TopUpRule.objects.update_or_create(workspace=by.workspace, defaults=values)
        audit.record(
            by=by,
            action="top_up.changed",
            below=to_text(threshold),
            pack=pack,
            monthly_cap=currencies.to_text(monthly_cap, price.currency),
        )
    return rule


def _checked(*, threshold: int, slug: str, monthly_cap: int, currency: str) -> PriceTag:
    try:
        pack = packs.on_sale(slug)
        price = packs.price_in(pack, currency)
    except (UnknownPack, UnknownCurrency) as exc:
        raise InvalidTopUp("pack", str(exc)) from exc
    if threshold <= 0:
        raise InvalidTopUp("threshold", "More than 0.")
    if not lifts(pack, threshold):
        raise InvalidTopUp(
            "threshold",
            f"At most {to_text(pack.credits)}: one purchase has to lift the credits above it.",
        )
    if monthly_cap < price.amount:
        least = currencies.to_text(price.amount, price.currency)
        raise InvalidTopUp("monthly_cap", f"At least {least}, the price of the pack.")
    if monthly_cap > MOST_CAP:
        raise InvalidTopUp("monthly_cap", "This is too much.")
    return price


def lifts(pack: Pack, threshold: int) -> bool:
    """Whether one purchase ends the crossing: else each would be followed by another."""
    return pack.credits >= threshold


def _next_at(workspace: Workspace) -> datetime:
    last = TopUp.objects.filter(workspace=workspace).order_by("-pk").first()
    now = timezone.now()
    return max(now, last.created_at + distance()) if last else now


def distance() -> timedelta:
    return DISTANCE * settings.TIMER_SCALE


def switch_off(*, by: Actor) -> None:
    """Raises NotPermitted. A purchase that is under way goes on."""
    by.require(Scope.BILLING)
    with transaction.atomic(durable=True):
        turn_off(by.workspace, reason=f"Switched off by {by.name}.", by=by)


def turn_off(
    workspace: Workspace, *, reason: str, by: Actor | None = None, tell: bool = False
) -> bool:
    """Inside a transaction. Whether it was on; then `tell` has the managers told."""
    on = TopUpRule.objects.filter(workspace=workspace, is_on=True)
    if not on.update(is_on=False, off_reason=reason[:200], changed_at=timezone.now()):
        return False
    audit.record(by=by or Actor(workspace=workspace), action="top_up.off", reason=reason)
    if tell:
        doorbell.ring(TELL_OFF, workspace.pk)
    return True
