"""Mails about automatic top-up. Rung inside the transaction that gives cause, sent after it."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from accounts import mails
from accounts.models import Workspace
from billing.models import TopUp, TopUpRule, TopUpState
from billing.top_ups import charging

# The template of each state; of one that is being closed, its decline is told.
NAMES = {
    TopUpState.PAID: "top_up_paid",
    TopUpState.ACTION: "top_up_action",
    TopUpState.CLOSING: "top_up_declined",
    TopUpState.FAILED: "top_up_declined",
}


def tell(top_up: TopUp) -> None:
    """Each charge, each refusal, and each payment that waits for its customer."""
    name = NAMES.get(TopUpState(top_up.state))
    if name is None:
        return
    page = charging.page_of(top_up)
    if top_up.state == TopUpState.PAID:
        page = settings.SITE_URL + reverse("order", args=[top_up.order.public_id])
    rule = TopUpRule.objects.filter(workspace=top_up.workspace).first()
    _send(name, top_up.workspace, top_up=top_up, order=top_up.order, rule=rule, page=page)


def tell_off(rule: TopUpRule) -> None:
    if not rule.is_on:
        _send("top_up_off", rule.workspace, rule=rule)


def tell_cap(rule: TopUpRule) -> None:
    _send("top_up_cap", rule.workspace, rule=rule)


def _send(name: str, workspace: Workspace, **context: object) -> None:
    mails.try_to_send(
        f"billing/email/{name}",
        to=mails.managers_of(workspace),
        about=workspace,
        workspace=workspace,
        link=settings.SITE_URL + reverse("top_up"),
        **context,
    )
