"""The credits page of a workspace."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Membership, Plan, Role, User
from billing import credits
from billing.amounts import to_micro
from billing.models import Order
from tests.conftest import Person


def page(client: Client, path: str = "/credits/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def viewer(ada: Person) -> Client:
    user = User.objects.create_user("vera@example.com", "a-long-enough-passphrase")
    Membership.objects.create(workspace=ada.workspace, user=user, role=Role.VIEWER)
    client = Client()
    client.force_login(user)
    return client


def test_it_shows_what_is_there_and_what_is_held(ada: Person) -> None:
    with transaction.atomic():
        credits.hold(workspace=ada.workspace, amount=to_micro("2.5"), key="job:1")
    html = page(ada.browser)
    for text in ("97.5", "2.5", "100"):
        assert text in html


def test_it_sends_strangers_to_the_sign_in_page(db: None) -> None:
    for path in ("/credits/", "/credits/entries.csv", "/credits/orders/ord_x/"):
        answer = Client().get(path)
        assert answer.status_code == 302
        assert "login" in answer["Location"]


def test_it_offers_the_packs(ada: Person) -> None:
    html = page(ada.browser)
    assert "$85.00" in html
    assert 'action="/credits/buy/medium/"' in html


def test_a_viewer_may_look_but_not_buy(ada: Person, viewer: Client, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    html = page(viewer)
    assert "$85.00" in html
    assert "/credits/buy/" not in html
    assert viewer.post("/credits/buy/small/").status_code == 403
    assert not Order.objects.exists()


@pytest.mark.parametrize("path", ["/credits/", "/credits/top-up/"])
def test_it_says_what_the_plan_lets_you_spend_a_day(ada: Person, settings: Any, path: str) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    assert "credits a day (UTC)" not in page(ada.browser, path)
    Plan.objects.update(daily_credits=to_micro("1200"))
    assert "lets this workspace spend 1,200 credits a day (UTC)" in page(ada.browser, path)


def test_it_lists_all_orders(ada: Person, charlie: Person) -> None:
    assert "No order yet" in page(ada.browser, "/credits/orders/")
    terms = {"pack": "small", "credits": to_micro(100), "amount": 1800, "currency": "usd"}
    made = [Order.objects.create(workspace=ada.workspace, **terms) for _ in range(52)]
    foreign = Order.objects.create(workspace=charlie.workspace, **terms)
    overview, first = page(ada.browser), page(ada.browser, "/credits/orders/")
    assert 'href="/credits/orders/"' in overview
    assert made[41].public_id not in overview
    older = re.search(r'href="(\?cursor=\w+)" rel="next"', first)
    assert older is not None
    second = page(ada.browser, f"/credits/orders/{older[1]}")
    assert re.findall(r"/credits/orders/(ord_\w+)/", first + second) == [
        order.public_id for order in reversed(made)
    ]
    assert foreign.public_id not in overview + first + second
    assert ada.browser.get("/credits/orders/?cursor=%00")["Location"] == "/credits/orders/"


def test_it_says_where_tax_may_be_added(ada: Person, settings: Any) -> None:
    settings.STRIPE_TAX = False
    assert "Tax may be added" not in page(ada.browser)
    assert not any(pack["plus_tax"] for pack in ada.api.get("/packs").json()["data"])
    settings.STRIPE_TAX = True
    assert all(pack["plus_tax"] for pack in ada.api.get("/packs").json()["data"])
    assert "Tax may be added to these prices when you pay." in page(ada.browser)


def test_it_leads_nobody_to_the_top_up_who_may_not_buy(
    ada: Person, viewer: Client, settings: Any
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    assert 'href="/credits/top-up/"' in page(ada.browser)
    html = page(viewer)
    assert 'href="/credits/top-up/"' not in html
    assert "An owner or admin of this workspace can set it up." in html


def test_it_buys_only_by_post(ada: Person) -> None:
    assert ada.browser.get("/credits/buy/small/").status_code == 405


def test_it_needs_the_csrf_token(ada: Person) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(ada.user)
    assert careful.post("/credits/buy/small/").status_code == 403


def test_it_says_that_a_pack_is_gone(ada: Person, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    answer = ada.browser.post("/credits/buy/no-such-pack/", follow=True)
    assert "There is no such pack" in answer.content.decode()


def test_it_marks_the_sandbox(ada: Person, settings: Any) -> None:
    settings.PAYMENT_SANDBOX = False
    assert "no real money" not in page(ada.browser)
    settings.PAYMENT_SANDBOX = True
    assert "Payment sandbox: no real money is taken." in page(ada.browser)


def test_a_form_may_lead_to_the_payment_page(ada: Person, settings: Any) -> None:
    settings.STRIPE_API_BASE = ""
    policy = ada.browser.get("/credits/")["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.stripe.com" in policy
    settings.STRIPE_API_BASE = "http://127.0.0.1:4242"
    policy = ada.browser.get("/credits/")["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:4242" in policy


def test_it_shows_the_latest_of_the_history(ada: Person) -> None:
    with transaction.atomic():
        for number in range(12):
            gift = {"amount": 1, "key": f"gift:{number}", "note": f"gift number {number} of ada"}
            credits.grant(workspace=ada.workspace, kind="grant", **gift)
    html = page(ada.browser)
    assert "gift number 11 of ada" in html
    assert "gift number 1 of ada" not in html
    assert 'href="/credits/entries/"' in html


def test_it_links_what_a_job_cost_to_the_job(ada: Person) -> None:
    with transaction.atomic():
        hold = credits.hold(workspace=ada.workspace, amount=to_micro("2"), key="gen_abc123")
        credits.settle(hold=hold, amount=to_micro("2"))
        credits.refund(hold=hold, amount=to_micro("1"), key="back", reason="No result came")
    html = page(ada.browser)
    assert html.count('<a href="/generations/gen_abc123">Generation</a>') == 2
    assert "No result came" in html


def test_it_keeps_references_of_ours_to_itself(ada: Person) -> None:
    with transaction.atomic():
        hold = credits.hold(workspace=ada.workspace, amount=to_micro("2"), key="job:0f0f")
        credits.settle(hold=hold, amount=to_micro("2"))
    html = page(ada.browser)
    assert "job:0f0f" not in html
    assert "Charge" in html


def test_it_survives_a_reference_that_leads_nowhere(ada: Person) -> None:
    with transaction.atomic():
        hold = credits.hold(workspace=ada.workspace, amount=to_micro("2"), key="gen_a/b c")
        credits.settle(hold=hold, amount=to_micro("2"))
    assert "Charge" in page(ada.browser)
