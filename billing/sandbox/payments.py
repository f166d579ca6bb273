"""What a buyer does with a session, and the events that follow."""

from __future__ import annotations

import time

from billing.sandbox import objects
from billing.sandbox.errors import Refused, missing
from billing.sandbox.objects import INTENT, SESSION, Row
from billing.sandbox.store import Store


class Payments:
    def __init__(self, store: Store) -> None:
        self.store = store

    def create(self, request: Row, *, base: str) -> Row:
        now = int(time.time())
        currencies = {item.get("price_data", {}).get("currency") for item in request["line_items"]}
        for item in request["line_items"]:
            if "price" in item:
                raise missing("price", item["price"])
            if "price_data" not in item:
                raise Refused("A line item needs a price.", code="parameter_missing")
        if len(currencies) != 1:
            raise Refused("All line items must have the same currency.", param="line_items")
        if not 1800 <= request.get("expires_at", now + 1800) - now <= objects.SESSION_SECONDS:
            raise Refused("expires_at must be 30 minutes to 24 hours away.", param="expires_at")
        return objects.shown(self.store.put(objects.session(request)), base=base)

    def session(self, session_id: str, *, base: str) -> Row:
        row = self.store.get(SESSION, session_id)
        if row is None:
            raise missing("checkout.session", session_id)
        if row["status"] == "open" and row["expires_at"] <= time.time():
            return self._expired(row, base=base)
        return row

    def expire(self, session_id: str, *, base: str) -> Row:
        return self._expired(self._open(session_id, base=base), base=base)

    def pay(self, session_id: str, *, base: str) -> Row:
        row = self._open(session_id, base=base)
        intent = self._intent(row)
        row.update(status="complete", payment_intent=intent["id"], payment_status="paid")
        self._succeed(intent, base=base)
        return self._changed(row, "checkout.session.completed", base=base)

    def pay_later(self, session_id: str, *, base: str) -> Row:
        """A delayed method, such as a bank transfer: the session completes, the money does not."""
        row = self._open(session_id, base=base)
        intent = self._intent(row)
        row.update(status="complete", payment_intent=intent["id"])
        intent["status"] = "processing"
        self._changed(intent, "payment_intent.processing", base=base)
        return self._changed(row, "checkout.session.completed", base=base)

    def decline(self, session_id: str, *, base: str) -> Row:
        """The card is refused; the session stays open for another try."""
        row = self._open(session_id, base=base)
        intent = self._intent(row)
        row["payment_intent"] = intent["id"]
        self._fail(intent, base=base)
        return self.store.put(row)

    def arrive(self, session_id: str, *, base: str) -> Row:
        row, intent = self._waiting(session_id, base=base)
        row["payment_status"] = "paid"
        self._succeed(intent, base=base)
        return self._changed(row, "checkout.session.async_payment_succeeded", base=base)

    def come_to_nothing(self, session_id: str, *, base: str) -> Row:
        row, intent = self._waiting(session_id, base=base)
        self._fail(intent, base=base)
        return self._changed(row, "checkout.session.async_payment_failed", base=base)

    def _open(self, session_id: str, *, base: str) -> Row:
        row = self.session(session_id, base=base)
        if row["status"] != "open":
            raise Refused(
                f"This session is {row['status']}, not open.", code="checkout_session_not_open"
            )
        return row

    def _waiting(self, session_id: str, *, base: str) -> tuple[Row, Row]:
        row = self.session(session_id, base=base)
        intent = self.store.get(INTENT, row["payment_intent"] or "")
        if intent is None or intent["status"] != "processing":
            raise Refused("No payment is on its way.")
        return row, intent

    def _intent(self, row: Row) -> Row:
        earlier = self.store.get(INTENT, row["payment_intent"] or "")
        return earlier or objects.intent(row)

    def _succeed(self, intent: Row, *, base: str) -> None:
        intent.update(
            status="succeeded",
            amount_received=intent["amount"],
            latest_charge=objects.new_id("ch"),
            last_payment_error=None,
        )
        self._changed(intent, "payment_intent.succeeded", base=base)

    def _fail(self, intent: Row, *, base: str) -> None:
        intent["status"] = "requires_payment_method"
        intent["last_payment_error"] = {
            "type": "card_error",
            "code": "card_declined",
            "decline_code": "generic_decline",
            "message": "Your card was declined.",
        }
        self._changed(intent, "payment_intent.payment_failed", base=base)

    def _expired(self, row: Row, *, base: str) -> Row:
        row["status"] = "expired"
        return self._changed(row, "checkout.session.expired", base=base)

    def _changed(self, row: Row, kind: str, *, base: str) -> Row:
        """Store the new state and its event together; the delivery follows."""
        self.store.put(row)
        event = self.store.put(objects.event(kind, row, base=base))
        self.store.queue(event["id"])
        return row
