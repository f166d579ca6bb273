from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from billing.sandbox.server import Sandbox

ITEM = {
    "quantity": 1,
    "price_data": {"currency": "usd", "unit_amount": 1800, "product_data": {"name": "100 credits"}},
}
SESSION: dict[str, Any] = {
    "mode": "payment",
    "line_items": [ITEM],
    "client_reference_id": "ord_1",
    "success_url": "http://127.0.0.1:1/done?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://127.0.0.1:1/canceled",
}


def client(url: str, key: str = "sk_test_x") -> Any:
    return stripe.StripeClient(key, base_addresses={"api": url})


class Desk:
    """The real library at the sandbox, and a buyer's browser."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.stripe = client(sandbox.url).v1

    def press(self, url: str, button: str, **form: str) -> requests.Response:
        return requests.post(f"{url}/{button}", data=form, allow_redirects=False, timeout=10)

    def paid(self, card: str = "pm_card_visa", **params: Any) -> Any:
        """A session that was paid, with its payment intent and charge in place."""
        made = self.stripe.checkout.sessions.create({**SESSION, **params})
        assert self.press(made.url, "pay", card=card).status_code == 303
        return self.stripe.checkout.sessions.retrieve(
            made.id, {"expand": ["payment_intent.latest_charge"]}
        )

    def events(self, *patterns: str) -> list[str]:
        """Types of the events so far, oldest first."""
        listed = self.stripe.events.list({"types": list(patterns or ("*",)), "limit": 100})
        return [event.type for event in listed.data][::-1]


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox)
