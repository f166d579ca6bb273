"""Stripe's objects, with the fields that a caller may count on."""

from __future__ import annotations

import secrets
import time
from typing import Any

API_VERSION = "2026-10-28.endive"
SESSION = "checkout.session"
INTENT = "payment_intent"
EVENT = "event"
SESSION_SECONDS = 24 * 3600

Row = dict[str, Any]


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(16)}"


def session(request: Row) -> Row:
    now = int(time.time())
    total = sum(
        item["price_data"]["unit_amount"] * item["quantity"] for item in request["line_items"]
    )
    return {
        "id": new_id("cs_test"),
        "object": SESSION,
        "adaptive_pricing": None,
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": request.get("cancel_url"),
        "client_reference_id": request.get("client_reference_id"),
        "client_secret": None,
        "created": now,
        "currency": request["line_items"][0]["price_data"]["currency"],
        "custom_fields": [],
        "customer": None,
        "customer_email": request.get("customer_email"),
        "discounts": [],
        "expires_at": request.get("expires_at", now + SESSION_SECONDS),
        "invoice": None,
        "livemode": False,
        "locale": None,
        "metadata": request.get("metadata", {}),
        "mode": "payment",
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": None,
        "payment_status": "unpaid" if total else "no_payment_required",
        "presentment_details": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": request["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        # Not part of an answer: `shown` takes them off.
        "_line_items": request["line_items"],
        "_intent_metadata": request.get("payment_intent_data", {}).get("metadata", {}),
    }


def shown(row: Row, *, base: str) -> Row:
    """As the API shows it: a session's page is under the address it was asked at."""
    visible = {name: value for name, value in row.items() if not name.startswith("_")}
    if row["object"] == SESSION:
        visible["url"] = f"{base}/pay/{row['id']}" if row["status"] == "open" else None
    return visible


def intent(of: Row) -> Row:
    return {
        "id": new_id("pi"),
        "object": INTENT,
        "amount": of["amount_total"],
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "created": int(time.time()),
        "currency": of["currency"],
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": of["_intent_metadata"],
        "next_action": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "setup_future_usage": None,
        "status": "requires_payment_method",
    }


def event(kind: str, of: Row, *, base: str) -> Row:
    return {
        "id": new_id("evt"),
        "object": EVENT,
        "api_version": API_VERSION,
        "created": int(time.time()),
        "data": {"object": shown(of, base=base)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
