"""How a top-up moves, and what its failures do to the rule. Each function is one transaction.

CHARGING → ACTION | CLOSING, ACTION → CLOSING; and PAID or FAILED once its order is.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.access import Actor
from billing.models import (
    OPEN_TOP_UPS,
    Order,
    OrderState,
    TopUp,
    TopUpChange,
    TopUpRule,
    TopUpState,
)
from billing.top_ups import rules
from worker import doorbell

# For the customer to confirm at the bank.
ACT_WITHIN = timedelta(days=3)
# After the first decline: the card may have money again.
BACK_OFF = timedelta(hours=6)
MOST_DECLINES = 2
TELL = "billing.tasks.tell_top_up"

FINAL = {OrderState.PAID: TopUpState.PAID, OrderState.FAILED: TopUpState.FAILED}


def current(pk: int) -> TopUp:
    return TopUp.objects.select_related("order__workspace", "card", "workspace").get(pk=pk)


@transaction.atomic(durable=True)
def follow(top_up: TopUp, order: Order) -> TopUp:
    """Close it with its order, which has brought its credits by then, or never will."""
    final = FINAL.get(OrderState(order.state))
    row = _locked(top_up)
    # A payment that was thought to be lost may still arrive.
    is_news = row.state in OPEN_TOP_UPS or (row.state, final) == ("failed", "paid")
    if final is None or not is_news:
        return row
    # Not declined, but not taken at all: such as of a card that Stripe does not know any more.
    was_refused = final == TopUpState.FAILED and row.state == TopUpState.CHARGING
    row.finished_at = timezone.now()
    _move(row, to=final, reason=f"Order {order.get_state_display().lower()}")
    if was_refused:
        _count_decline(row, is_final=False)
    elif final == TopUpState.PAID:
        TopUpRule.objects.filter(workspace=row.workspace).update(soft_declines=0)
        _tell(row)
    return row


@transaction.atomic(durable=True)
def wait_for_customer(top_up: TopUp) -> None:
    row = _locked(top_up)
    if row.state == TopUpState.CHARGING:
        row.acts_until = timezone.now() + ACT_WITHIN
        _move(row, to=TopUpState.ACTION, reason="The bank wants its customer to confirm")
        _tell(row)


@transaction.atomic(durable=True)
def decline(top_up: TopUp, *, code: str, is_final: bool) -> None:
    """The card has refused. `is_final`: it always will."""
    row = _locked(top_up)
    if row.state in (TopUpState.CHARGING, TopUpState.ACTION):
        row.decline = code[:120]
        _move(row, to=TopUpState.CLOSING, reason=f"Declined: {code}")
        _count_decline(row, is_final=is_final)


@transaction.atomic(durable=True)
def lapse(top_up: TopUp) -> None:
    """Nobody has confirmed it in time, or nobody can: the card was removed."""
    row = _locked(top_up)
    if row.state != TopUpState.ACTION:
        return
    if row.card.removed_at is not None:
        _move(row, to=TopUpState.CLOSING, reason="The card was removed")
    elif row.acts_until and row.acts_until <= timezone.now():
        row.decline = "not_confirmed"
        _move(row, to=TopUpState.CLOSING, reason="Nobody has confirmed it at the bank")
        _count_decline(row, is_final=False)


@transaction.atomic(durable=True)
def give_up(top_up: TopUp, *, by: Actor) -> None:
    """Its customer does not want it; else the next look would begin another one."""
    row = _locked(top_up)
    if row.state == TopUpState.ACTION:
        _move(row, to=TopUpState.CLOSING, reason=f"Cancelled by {by.name}")
        rules.turn_off(row.workspace, reason=f"Switched off by {by.name}.", by=by)


def next_attempt(top_up: TopUp) -> int | None:
    """The number of the attempt that begins now; None if there is nothing to confirm."""
    waiting = TopUp.objects.filter(pk=top_up.pk, state=TopUpState.ACTION)
    if not waiting.update(attempt=F("attempt") + 1):
        return None
    return current(top_up.pk).attempt


def _count_decline(row: TopUp, *, is_final: bool) -> None:
    rule = TopUpRule.objects.select_for_update(of=("self",)).get(workspace=row.workspace)
    rule.soft_declines += 1
    rule.next_at = max(rule.next_at, timezone.now() + BACK_OFF * settings.TIMER_SCALE)
    rule.save(update_fields=["soft_declines", "next_at"])
    if is_final:
        rules.turn_off(row.workspace, reason=f"{row.card} cannot be charged.")
    elif rule.soft_declines >= MOST_DECLINES:
        rules.turn_off(row.workspace, reason=f"{row.card} was declined again.")
    _tell(row)


def _locked(top_up: TopUp) -> TopUp:
    rows = TopUp.objects.select_for_update(of=("self",)).select_related("workspace", "card")
    return rows.get(pk=top_up.pk)


def _move(row: TopUp, *, to: TopUpState, reason: str) -> None:
    was, row.state = row.state, to
    row.save(update_fields=["state", "decline", "acts_until", "finished_at"])
    TopUpChange.objects.create(top_up=row, was=was, now=to, reason=reason[:200])


def _tell(row: TopUp) -> None:
    """The mail says how it stands when it is sent."""
    doorbell.ring(TELL, row.pk)
