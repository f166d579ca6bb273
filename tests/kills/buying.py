"""Journeys of a purchase: through the API, the real `stripe` library, and signed events."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import requests
import stripe
from django.conf import settings
from django.db import transaction
from django.test import Client

from accounts.models import User
from billing import credits, refunds, stripe_client, tasks
from billing.amounts import to_micro, to_text
from billing.models import Customer, Entry, Order, Refund, StripeEvent
from tests.kills.journeys import Journey
from tests.queue import drain_queue

PAID = "checkout.session.completed"


class Purchase(Journey):
    """A pack is bought; the buyer has not paid yet."""

    kind = "purchase"

    def go(self) -> None:
        self._buy()

    def recover(self) -> None:
        restart()
        if not self.orders:
            self._buy()  # nothing was written down: they press the button again
        self._pay()
        self._hear(PAID)
        restart()

    def facts(self) -> dict[str, Any]:
        return {
            **super().facts(),
            "orders": [order.state for order in self.orders],
            "purchases": self._entries("purchase"),
            "at stripe": self._at_stripe(),
        }

    @property
    def orders(self) -> list[Order]:
        return list(Order.objects.filter(workspace=self.workspace).select_related("workspace"))

    def _buy(self) -> None:
        answer = self.api.post("/checkouts", {"pack": "small"})
        assert answer.status_code == 201, answer.content

    def _pay(self) -> None:
        for order in self.orders:
            page = requests.post(f"{order.checkout_url}/pay", allow_redirects=False, timeout=10)
            assert page.status_code == 303

    def _hear(self, kind: str) -> None:
        """Stripe sends its events of that kind, once more if it has before."""
        take_in(self._events(kind))

    def _events(self, kind: str) -> list[dict[str, Any]]:
        intents = {order.stripe_payment_intent for order in self.orders}
        sessions = {order.stripe_session_id for order in self.orders}
        found = stripe_client.client().v1.events.list({"type": kind, "limit": 30})
        events = [json.loads(str(event)) for event in found.data]
        return [
            event
            for event in events
            if event["data"]["object"]["id"] in sessions
            or event["data"]["object"].get("payment_intent") in intents - {""}
        ]

    def _entries(self, kind: str) -> list[str]:
        rows = Entry.objects.filter(account__workspace=self.workspace, kind=kind)
        return [to_text(abs(row.amount) + row.debt) for row in rows]

    def _at_stripe(self) -> dict[str, int]:
        """What there is at Stripe of this customer."""
        client = stripe_client.client()
        customers = client.v1.customers.list({"email": self.email}).data
        known = Customer.objects.get(workspace=self.workspace).stripe_id
        assert known in [customer.id for customer in customers]
        sessions = client.v1.checkout.sessions.list({"customer": str(known)}).data
        intents = client.v1.payment_intents.list({"customer": str(known)}).data
        return {"customers": len(customers), "sessions": len(sessions), "intents": len(intents)}


class Payment(Purchase):
    """Stripe tells that the order is paid."""

    kind = "payment"

    def prepare(self) -> None:
        super().prepare()
        self._buy()
        self._pay()
        self.told = self._events(PAID)

    def go(self) -> None:
        take_in(self.told)

    def recover(self) -> None:
        self._hear(PAID)
        self._hear(PAID)
        restart()


class LostPayment(Payment):
    """The same, and Stripe never sends that event again: the sweep has to find it."""

    kind = "lost-payment"

    def recover(self) -> None:
        restart()


class MoneyBack(Payment):
    """Stripe tells of a refund after a part of the credits was spent: the rest becomes a debt."""

    kind = "money-back"
    event = "charge.refunded"

    def prepare(self) -> None:
        super().prepare()
        self._hear(PAID)
        with transaction.atomic():
            hold = credits.hold(workspace=self.workspace, amount=to_micro(60), key=self.name)
            credits.settle(hold=hold, amount=to_micro(60))
        [order] = self.orders
        self._happen(order)
        self.told = self._events(self.event)

    def recover(self) -> None:
        self._hear(self.event)
        self._hear(self.event)
        restart()

    def facts(self) -> dict[str, Any]:
        [order] = self.orders
        balance = credits.balance(self.workspace)
        return {
            **super().facts(),
            "clawed": [to_text(order.clawed), *self._entries("claw_back")],
            "debt": to_text(balance.debt),
            "frozen": bool(balance.frozen),
        }

    def _happen(self, order: Order) -> None:
        control(f"charges/{order.stripe_payment_intent}/refund")


class Fraud(MoneyBack):
    """A dispute that freezes the workspace and takes the money."""

    kind = "fraud"
    event = "charge.dispute.created"

    def _happen(self, order: Order) -> None:
        control(f"charges/{order.stripe_payment_intent}/dispute", reason="fraudulent")


class OwnRefund(MoneyBack):
    """The operator gives back what is unspent, and the process dies while Stripe is told."""

    kind = "own-refund"

    def _happen(self, order: Order) -> None:
        pass

    def go(self) -> None:
        self._ask()
        tasks.send_refund(Refund.objects.get(order__workspace=self.workspace).pk)

    def recover(self) -> None:
        self._ask()  # the operator presses the button again: the form has its key
        restart()
        self._hear(self.event)

    def facts(self) -> dict[str, Any]:
        [order] = self.orders
        wanted: Any = {"payment_intent": order.stripe_payment_intent}
        made = stripe_client.client().v1.refunds.list(wanted).data
        ours = list(Refund.objects.filter(order=order).values_list("amount", "status"))
        return {
            **super().facts(),
            "refunds": {"ours": ours, "at stripe": [refund.amount for refund in made]},
        }

    def _ask(self) -> None:
        [order] = self.orders
        key = UUID(int=order.pk).hex
        user = User.objects.get(email=self.email)
        refunds.request(order=order, amount=720, key=key, reason="They asked", by=user)


def restart() -> None:
    """What runs by itself once there are workers again."""
    tasks.sweep()
    drain_queue()


def take_in(events: list[dict[str, Any]]) -> None:
    """The hook stores each, and a worker works it."""
    for event in events:
        send(event)
        tasks.process_stripe_event(event["id"])


def send(event: dict[str, Any]) -> None:
    """As Stripe sends it: signed, to our hook; until it was taken."""
    body = json.dumps(event)
    secret = settings.STRIPE_WEBHOOK_SECRETS[0]
    signature = stripe.WebhookSignature.generate_signature_header(body, secret)
    answer = Client().post(
        "/hooks/stripe",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature},
    )
    assert answer.status_code == 200, answer.content
    assert StripeEvent.objects.filter(pk=event["id"]).exists()


def control(path: str, **form: str) -> None:
    answer = requests.post(
        f"{settings.STRIPE_API_BASE}/control/{path}",
        data=form,
        headers={"Accept": "application/json"},
        timeout=10,
    )
    assert answer.ok, answer.text
