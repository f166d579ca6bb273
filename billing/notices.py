"""Mails about orders. Rung inside the transaction that gives cause, sent by the queue after it."""

from __future__ import annotations

import logging

from django.conf import settings
from django.urls import reverse

from accounts import mails
from billing.models import Order
from worker import doorbell

logger = logging.getLogger(__name__)

TELL_OPERATOR = "billing.tasks.tell_operator"
TELL_BUYER = "billing.tasks.tell_payment_failed"


def ring_operator(order: Order, why: str) -> None:
    """A person has to look at this order: the mail's subject says why, the rest how it stands."""
    logger.error("order %s: %s", order.public_id, why)
    doorbell.ring(TELL_OPERATOR, order.pk, why)


def ring_payment_failed(order: Order) -> None:
    """A delayed payment has come to nothing, perhaps days after the buyer has left."""
    doorbell.ring(TELL_BUYER, order.pk)


def tell_operator(order: Order, why: str) -> None:
    page = settings.SITE_URL + reverse("admin:billing_order_change", args=[order.pk])
    _send("order_attention", mails.operators(), order, link=page, why=why)


def tell_payment_failed(order: Order) -> None:
    page = settings.SITE_URL + reverse("order", args=[order.public_id])
    _send("payment_failed", mails.managers_of(order.workspace), order, link=page)


def _send(name: str, to: list[str], order: Order, **context: str) -> None:
    mails.try_to_send(f"billing/email/{name}", to=to, about=order, order=order, **context)
