"""Mails about a subscription. Rung inside the transaction that gives cause, sent after it."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from accounts import mails
from billing.models import Subscription


def tell(subscription: Subscription) -> None:
    """That it has begun, is going to end, or has ended: as it stands when the mail is sent."""
    _send("subscription", subscription)


def tell_failed(subscription: Subscription) -> None:
    if subscription.is_living:
        _send("subscription_failed", subscription)


def _send(name: str, subscription: Subscription) -> None:
    mails.try_to_send(
        f"billing/email/{name}",
        to=mails.managers_of(subscription.workspace),
        about=subscription,
        subscription=subscription,
        link=settings.SITE_URL + reverse("subscription"),
    )
