"""Credits and money in templates: `{% load money %}`."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

from accounts.models import Workspace
from billing import amounts, currencies, history, money_back
from billing.credits import balance
from billing.models import Dispute, Entry, Order, OrderState, Refund

register = template.Library()

TONES = {
    OrderState.PAID: "ok",
    OrderState.PROCESSING: "warn",
    OrderState.REVIEW: "warn",
    OrderState.FAILED: "bad",
}


@register.filter
def credits(micro: int) -> str:
    """Micro-credits as people read them: 1250500000 is "1,250.5"."""
    whole, dot, rest = amounts.to_text(abs(micro)).partition(".")
    sign = "−" if micro < 0 else ""
    return f"{sign}{int(whole):,}{dot}{rest}"


@register.filter
def job(entry: Entry) -> str:
    return history.job_of(entry)


@register.simple_tag
def deleted_jobs(entries: Iterable[Entry]) -> set[str]:
    return history.deleted_jobs(entries)


@register.filter
def order(entry: Entry) -> str:
    return history.order_of(entry)


@register.simple_tag
def available(workspace: Workspace) -> int:
    return balance(workspace).available


@register.simple_tag
def price(amount: int, currency: str) -> str:
    return currencies.to_text(amount, currency)


@register.filter
def order_state(order: Order) -> str:
    if order.state == OrderState.EXPIRED and order.canceled_at:
        return "Cancelled"
    return money_back.label_of(order) or order.get_state_display()


@register.filter
def going_back(row: Refund | Dispute) -> str:
    return money_back.words_for(row)


@register.filter
def tone(order: Order) -> str:
    """The badge's colour for an order's state."""
    return "warn" if money_back.label_of(order) else TONES.get(OrderState(order.state), "muted")
