"""What the world outside does: by buttons, and over HTTP for programs."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import requests
import stripe

from tests.billing.conftest import Shop
from tests.billing.sandbox.conftest import SESSION, Desk


@pytest.fixture
def shop(sandbox: Any) -> Shop:
    return Shop(sandbox, "")


def test_it_refunds_disputes_and_judges(desk: Desk, shop: Shop) -> None:
    paid = desk.paid()
    refund = shop.control(f"charges/{paid.id}/refund", amount=500)
    assert desk.stripe.refunds.retrieve(refund["id"]).amount == 500
    assert shop.control(f"refunds/{refund['id']}/finish", status="failed")["status"] == "failed"
    dispute = shop.control(
        f"charges/{paid.payment_intent.id}/dispute", reason="product_not_received", amount=700
    )
    assert (dispute["reason"], dispute["amount"]) == ("product_not_received", 700)
    assert shop.control(f"disputes/{dispute['id']}/win")["status"] == "won"
    inquiry = shop.control(f"charges/{paid.id}/dispute", inquiry="on")
    assert inquiry["status"] == "warning_needs_response"
    assert shop.control(f"disputes/{inquiry['id']}/escalate")["status"] == "needs_response"
    assert shop.control(f"disputes/{inquiry['id']}/lose")["status"] == "lost"
    assert shop.control(f"charges/{paid.id}/warn")["object"] == "radar.early_fraud_warning"


def test_a_card_may_change_its_mind(desk: Desk, shop: Shop) -> None:
    customer = desk.stripe.customers.create({}).id
    card = desk.stripe.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    charge: dict[str, Any] = {
        "amount": 500,
        "currency": "usd",
        "customer": customer,
        "payment_method": card,
        "confirm": True,
        "off_session": True,
    }
    assert desk.stripe.payment_intents.create(charge).status == "succeeded"
    shop.control(f"cards/{card}/outcome", outcome="lost_card")
    with pytest.raises(stripe.CardError) as refused:
        desk.stripe.payment_intents.create(charge)
    assert refused.value.error.advice_code == "do_not_try_again"
    shop.control(f"cards/{card}/outcome", outcome="succeed")
    assert desk.stripe.payment_intents.create(charge).status == "succeeded"


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("charges/ch_none/refund", {}, 404),
        ("charges/ch_none/refund", {"amount": "much"}, 404),
        ("cards/pm_none/outcome", {"outcome": "succeed"}, 404),
        ("clock/advance", {"days": "-1"}, 400),
        ("clock/advance", {"days": "5000"}, 400),
        ("faults", {"colour": "1"}, 400),
        ("faults", {"lose": "1.5"}, 400),
        ("faults", {"lose": "often"}, 400),
        ("faults", {"lose": "nan"}, 400),
        ("faults", {"seed": "nan"}, 400),
        ("faults", {"next_replies": "lose,laugh"}, 400),
        ("weather", {}, 404),
    ],
)
def test_it_refuses_what_cannot_be(desk: Desk, path: str, form: Any, status: int) -> None:
    for headers in ({"Accept": "application/json"}, {}):
        answer = requests.post(
            f"{desk.sandbox.url}/control/{path}", data=form, headers=headers, timeout=10
        )
        assert answer.status_code == status


def test_the_overview_has_all_of_it(desk: Desk, shop: Shop) -> None:
    customer = desk.stripe.customers.create({}).id
    paid = desk.paid(customer=customer, payment_intent_data={"setup_future_usage": "off_session"})
    shop.control(f"charges/{paid.id}/refund", amount=300)
    shop.control(f"charges/{paid.id}/dispute")
    page = requests.get(desk.sandbox.url, timeout=10).text
    for text in ("Payment sandbox – no real money", "$3.00 refunded", "fraudulent", "Visa ending"):
        assert text in page
    assert "<script" not in page
    charge = paid.payment_intent.latest_charge.id
    pressed = requests.post(
        f"{desk.sandbox.url}/control/charges/{charge}/warn", allow_redirects=False, timeout=10
    )
    assert (pressed.status_code, pressed.headers["Location"]) == (303, "/")
    assert len(desk.stripe.radar.early_fraud_warnings.list().data) == 1


def test_it_listens_on_loopback_only(tmp_path: Any) -> None:
    command = [sys.executable, "-m", "billing.sandbox", "--state", str(tmp_path), "--host"]
    asked = ["0.0.0.0", "--webhook-url", "http://127.0.0.1:9", "--webhook-secret", "x"]
    refused = subprocess.run([*command, *asked], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2
    assert "loopback only" in refused.stderr


# --- faults
def client_that_retries(desk: Desk) -> Any:
    return stripe.StripeClient(
        "sk_test_x", base_addresses={"api": desk.sandbox.url}, max_network_retries=2
    ).v1


@pytest.mark.parametrize("fault", ["lose", "fail"])
def test_a_lost_answer_is_given_again(desk: Desk, shop: Shop, fault: str) -> None:
    shop.control("faults", next_replies=fault)
    made = client_that_retries(desk).checkout.sessions.create(
        SESSION, {"idempotency_key": "order:1"}
    )
    assert [one.id for one in desk.stripe.checkout.sessions.list().data] == [made.id]


def test_a_caller_that_gives_up_does_not_know(desk: Desk, shop: Shop) -> None:
    shop.control("faults", next_replies="lose,ok,fail")
    with pytest.raises(stripe.APIConnectionError):
        desk.stripe.checkout.sessions.create(SESSION, {"idempotency_key": "order:1"})
    (lost,) = desk.stripe.checkout.sessions.list().data
    again = desk.stripe.checkout.sessions.create(SESSION, {"idempotency_key": "order:1"})
    assert again.id == lost.id
    with pytest.raises(stripe.APIError):
        desk.stripe.checkout.sessions.create(SESSION, {"idempotency_key": "order:2"})
    assert len(desk.stripe.checkout.sessions.list().data) == 1


def queued(desk: Desk, shop: Shop, **faults: Any) -> list[str]:
    """Types of the events of five payments, in the order in which they would be sent now."""
    shop.control("faults", **faults)
    for _ in range(5):
        desk.paid()
    found = []
    for waiting in desk.sandbox.store.due():
        event = desk.sandbox.store.get("event", waiting.event_id)
        assert event is not None
        found.append(f"{event['type']} {event['data']['object']['id']}")
    return found


def test_events_get_lost_and_can_be_sent_again(desk: Desk, shop: Shop) -> None:
    assert queued(desk, shop, lose=1) == []
    lost = desk.stripe.events.list({"delivery_success": False, "limit": 100}).data
    assert len(lost) == 10
    shop.control(f"events/{lost[0].id}/resend")
    assert [waiting.event_id for waiting in desk.sandbox.store.due()] == [lost[0].id]


def test_events_are_sent_twice(desk: Desk, shop: Shop) -> None:
    found = queued(desk, shop, double=1)
    assert len(found) == 20
    assert all(found.count(one) == 2 for one in found)
    assert len({waiting.event_id for waiting in desk.sandbox.store.due()}) == 10


def test_one_change_makes_two_events(desk: Desk, shop: Shop) -> None:
    found = queued(desk, shop, twin=1)
    assert all(found.count(one) == 2 for one in found)
    assert len({waiting.event_id for waiting in desk.sandbox.store.due()}) == 20


def test_events_come_late(desk: Desk, shop: Shop) -> None:
    assert queued(desk, shop, delay=1, delay_seconds=3600) == []
    assert len(desk.stripe.events.list({"delivery_success": False, "limit": 100}).data) == 10


def test_events_come_out_of_order(desk: Desk, shop: Shop) -> None:
    made = queued(desk, shop, reorder=1, seed=3)
    types = [one.split()[0] for one in made]
    assert sorted(types) == sorted(["payment_intent.succeeded", "checkout.session.completed"] * 5)
    assert types != ["payment_intent.succeeded", "checkout.session.completed"] * 5


def test_a_seed_gives_the_same_faults_again(desk: Desk, shop: Shop) -> None:
    def fates() -> list[int]:
        chances = {"lose": 0.3, "double": 0.3, "seed": 11}
        before = len(desk.sandbox.store.due())
        queued(desk, shop, **chances)
        ids = [waiting.event_id for waiting in desk.sandbox.store.due()[before:]]
        events = [event.id for event in desk.stripe.events.list({"limit": 20}).data][::-1]
        return [ids.count(event) for event in events]

    first = fates()
    assert fates() == first
    assert set(first) == {0, 1, 2}
