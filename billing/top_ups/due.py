"""Whose credits have run low, and the purchase that is begun for it: once, whoever looks."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from billing import packs, queries, stripe_client
from billing.amounts import to_text
from billing.errors import UnknownCurrency, UnknownPack
from billing.models import (
    OPEN_TOP_UPS,
    Order,
    OrderOrigin,
    Pack,
    SavedCard,
    TopUp,
    TopUpRule,
    TopUpState,
)
from billing.packs import PriceTag
from billing.statements import month_of
from billing.top_ups import rules
from worker import doorbell

AT_A_TIME = 100
CHARGE = "billing.tasks.charge_top_up"
TELL_CAP = "billing.tasks.tell_top_up_cap"


def due() -> QuerySet[TopUpRule]:
    """Rules whose workspace has fallen below, and has no purchase under way.

    Whoever owes or is frozen buys nothing by itself: a person has to look first.
    """
    under_way = TopUp.objects.filter(workspace=OuterRef("workspace"), state__in=OPEN_TOP_UPS)
    account = "workspace__credit_account__"
    return TopUpRule.objects.filter(
        ~Exists(under_way),
        is_on=True,
        next_at__lte=timezone.now(),
        **{
            f"{account}debt": 0,
            f"{account}frozen": "",
            f"{account}balance__lt": F(f"{account}held") + F("threshold"),
        },
    )


def is_due() -> bool:
    return rules.is_offered() and due().exists()


def begin_all() -> int:
    """Begin what is due; the number of purchases."""
    if not rules.is_offered():
        return 0
    return sum(begin(rule) is not None for rule in due().order_by("next_at")[:AT_A_TIME])


@transaction.atomic(durable=True)
def begin(rule: TopUpRule) -> TopUp | None:
    """Write down the purchase, with its order, and have the card charged afterwards.

    None if it is not due any more, or may not be: then the rule says why or until when.
    """
    # Who waits here finds afterwards that there is a purchase, or that it has brought its credits.
    row = TopUpRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    if not due().filter(pk=row.pk).exists():
        return None
    card = queries.card_of(row.workspace)
    if card is None:
        rules.turn_off(row.workspace, reason="There is no card to charge.", tell=True)
        return None
    try:
        pack = packs.on_sale(row.pack)
        price = packs.price_in(pack, row.currency)
    except (UnknownPack, UnknownCurrency):
        pack = None
    if pack is None or not rules.lifts(pack, row.threshold):
        rules.turn_off(row.workspace, reason="The pack is not sold any more.", tell=True)
        return None
    if spent_this_month(row) + price.amount > row.monthly_cap:
        _wait_for_next_month(row)
        return None
    return write(row, card, pack, price)


def spent_this_month(rule: TopUpRule) -> int:
    """In the smallest unit of the rule's currency: what was charged, or is about to be."""
    charged = TopUp.objects.filter(
        workspace=rule.workspace,
        created_at__gte=month_of(timezone.now()).start,
        order__currency=rule.currency,
    ).exclude(state=TopUpState.FAILED)
    return charged.aggregate(sum=Sum("order__amount"))["sum"] or 0


def _wait_for_next_month(rule: TopUpRule) -> None:
    rule.next_at = month_of(timezone.now()).end
    rule.save(update_fields=["next_at"])
    doorbell.ring(TELL_CAP, rule.pk)


def write(rule: TopUpRule, card: SavedCard, pack: Pack, price: PriceTag) -> TopUp:
    top_up = TopUp(workspace=rule.workspace, card=card)
    order = Order(
        workspace=rule.workspace,
        origin=OrderOrigin.TOP_UP,
        pack=pack.slug,
        credits=pack.credits,
        amount=price.amount,
        currency=price.currency,
        livemode=stripe_client.is_live(),
        stripe_account=stripe_client.account(),
        customer=card.customer,
    )
    order.checkout_request = _request(top_up, order)
    order.save()
    top_up.order = order
    top_up.save()
    rule.next_at = timezone.now() + rules.distance()
    rule.save(update_fields=["next_at"])
    doorbell.ring(CHARGE, top_up.pk)
    return top_up


def _request(top_up: TopUp, order: Order) -> dict[str, object]:
    """The payment intent. Kept with the order: a repeat under the same key must be the same."""
    page = reverse("top_up_payment", args=[top_up.public_id])
    return {
        "amount": order.amount,
        "currency": order.currency,
        "customer": top_up.card.customer.stripe_id,
        "payment_method": top_up.card.stripe_id,
        "off_session": True,
        "confirm": True,
        "return_url": settings.SITE_URL + page,
        "description": f"{to_text(order.credits)} credits (automatic top-up)",
        "metadata": {
            "order": order.public_id,
            "top_up": top_up.public_id,
            "workspace": order.workspace.public_id,
        },
    }
