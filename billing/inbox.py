"""Stripe's events: verified, stored once, and worked by the queue."""

from __future__ import annotations

import json
import logging
from typing import Any

import stripe
from django.conf import settings
from django.db import transaction

from billing import stripe_client
from billing.models import StripeEvent
from worker import doorbell

logger = logging.getLogger(__name__)

TOLERANCE_SECONDS = 300
PROCESS = "billing.tasks.process_stripe_event"


class InvalidEvent(Exception):
    """Not from Stripe, too old, or not an event."""


def read(body: bytes, signature: str) -> dict[str, Any]:
    """The event in a signed body. Several secrets are in force while one is rolled."""
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(
                body, signature, secret, tolerance=TOLERANCE_SECONDS
            )
        # The library raises TypeError for a header and ValueError for a body that is not text.
        except (ValueError, TypeError, stripe.SignatureVerificationError):
            continue
        return _parsed(body)
    raise InvalidEvent("The signature is not Stripe's.")


def record(event: dict[str, Any]) -> StripeEvent:
    """Store the event, once, and have it worked; one that is not ours to work is only stored."""
    problem = _not_ours(event)
    with transaction.atomic():
        row, _ = StripeEvent.objects.get_or_create(
            event_id=event["id"],
            defaults={
                "type": event["type"],
                "object_id": event["data"]["object"].get("id") or "",
                "payload": event,
                "livemode": event["livemode"],
                "account": event.get("account") or "",
                "api_version": event.get("api_version") or "",
                "state": StripeEvent.State.IGNORED if problem else StripeEvent.State.NEW,
                "last_error": problem,
            },
        )
        if row.state == StripeEvent.State.NEW:
            doorbell.ring(PROCESS, row.pk)
    return row


def _not_ours(event: dict[str, Any]) -> str:
    """Why the event must not be worked; empty if it may."""
    if event["livemode"] != stripe_client.is_live():
        problem = "Of the other mode (live or test)."
    elif event.get("account") and event["account"] != stripe_client.account():
        problem = "Of another Stripe account."
    else:
        return ""
    logger.error("stripe event %s is not worked: %s", event["id"], problem)
    return problem


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
        fits = (
            event["object"] == "event"
            and isinstance(event["livemode"], bool)
            and 0 < len(event["id"]) <= 120
            and 0 < len(event["type"]) <= 120
            and isinstance(event["data"]["object"], dict)
            and isinstance(event.get("account") or "", str)
            and isinstance(event.get("api_version") or "", str)
        )
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        raise InvalidEvent("The body is not an event.") from exc
    if not fits:
        raise InvalidEvent("The body is not an event.")
    return dict(event)
