"""`/api/v1`: credits, entries, packs, checkouts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.access import Actor
from accounts.keys import create_key
from accounts.models import Role, Scope
from billing import credits
from billing.amounts import to_micro
from billing.models import Order, Pack
from tests.conftest import Api, Person

PATHS = ["/credits", "/credits/entries", "/packs"]


def key_with(person: Person, *scopes: Scope) -> Api:
    owner = Actor(workspace=person.workspace, user=person.user, role=Role.OWNER)
    _, text = create_key(by=owner, label="narrow", scopes=scopes)
    return Api(text)


def test_it_tells_the_balance(ada: Person) -> None:
    with transaction.atomic():
        credits.hold(workspace=ada.workspace, amount=to_micro("2.5"), key="job:1")
    answer = ada.api.get("/credits")
    assert answer.status_code == 200
    assert answer.json() == {
        "balance": "100",
        "held": "2.5",
        "available": "97.5",
        "debt": "0",
        "frozen": "",
        "expiring": [],
    }


def test_it_tells_what_is_owed_and_what_expires(ada: Person) -> None:
    soon = timezone.now() + timedelta(days=3)
    with transaction.atomic():
        credits.claw_back(
            workspace=ada.workspace,
            amount=to_micro(100),
            key="refund",
            note="Refunded",
            lot_key="test:ada@example.com",
        )
        credits.grant(
            workspace=ada.workspace, amount=to_micro(7), key="gift", kind="grant", expires_at=soon
        )
    body = ada.api.get("/credits").json()
    assert body["expiring"] == [{"credits": "7", "expires_at": soon.isoformat()[:-6] + "Z"}]
    assert (body["available"], body["debt"]) == ("7", "0")


@pytest.mark.parametrize("path", PATHS)
def test_it_needs_a_key(nobody: Api, path: str, db: None) -> None:
    assert nobody.get(path).status_code in (401, 403)


@pytest.mark.parametrize("path", PATHS)
def test_it_needs_the_scope_read(ada: Person, path: str) -> None:
    assert key_with(ada, Scope.WRITE).get(path).status_code == 403
    assert key_with(ada, Scope.READ).get(path).status_code == 200


def test_it_lists_the_ledger_newest_first(ada: Person) -> None:
    with transaction.atomic():
        hold = credits.hold(workspace=ada.workspace, amount=to_micro(6), key="job:1")
        credits.settle(hold=hold, amount=to_micro("5.25"))
    body = ada.api.get("/credits/entries").json()
    assert body["next_cursor"] is None
    newest, oldest = body["data"]
    assert {name: newest[name] for name in ("seq", "kind", "credits", "balance_after")} == {
        "seq": 2,
        "kind": "capture",
        "credits": "-5.25",
        "balance_after": "94.75",
    }
    assert newest["reference"] == "job:1"
    assert (oldest["kind"], oldest["credits"], oldest["reference"]) == ("grant", "100", None)


def test_it_pages_through_the_ledger_while_it_grows(ada: Person) -> None:
    def gift(number: int) -> None:
        with transaction.atomic():
            credits.grant(workspace=ada.workspace, amount=1, key=f"gift:{number}", kind="grant")

    for number in range(6):
        gift(number)
    seen, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        body = ada.api.get("/credits/entries", **query).json()
        seen += [entry["seq"] for entry in body["data"]]
        cursor = body["next_cursor"]
        if cursor is None:
            break
        gift(100 + len(seen))
    assert seen == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "x"},
        {"cursor": "!"},
        {"cursor": "é"},
        {"cursor": "LTE"},
        {"cursor": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"},
    ],
    ids=str,
)
def test_it_refuses_a_wrong_page(ada: Person, query: dict[str, str]) -> None:
    answer = ada.api.get("/credits/entries", **query)
    assert answer.status_code in (400, 422)


def test_it_hides_the_ledger_of_others(ada: Person, charlie: Person) -> None:
    with transaction.atomic():
        credits.grant(workspace=ada.workspace, amount=1, key="secret gift", kind="grant")
    assert charlie.api.get("/credits").json()["balance"] == "100"
    assert len(charlie.api.get("/credits/entries").json()["data"]) == 1


def test_it_lists_the_packs_on_sale(ada: Person) -> None:
    Pack.objects.filter(slug="large").update(is_active=False)
    body = ada.api.get("/packs").json()
    assert body["data"] == [
        {
            "slug": "small",
            "name": "100 credits",
            "credits": "100",
            "amount": 1800,
            "currency": "usd",
            "prices": [{"amount": 1800, "currency": "usd"}],
            "plus_tax": False,
        },
        {
            "slug": "medium",
            "name": "500 credits",
            "credits": "500",
            "amount": 8500,
            "currency": "usd",
            "prices": [{"amount": 8500, "currency": "usd"}],
            "plus_tax": False,
        },
    ]


def test_a_key_without_the_scope_billing_buys_nothing(ada: Person) -> None:
    answer = key_with(ada, Scope.READ, Scope.WRITE).post("/checkouts", {"pack": "small"})
    assert answer.status_code == 403
    assert not Order.objects.exists()


@pytest.mark.parametrize("pack", ["no-such-pack", "", None, 5, {"a": 1}, "x" * 100])
def test_it_refuses_a_pack_that_is_not_on_sale(ada: Person, settings: object, pack: object) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"  # type: ignore[attr-defined]
    answer = ada.api.post("/checkouts", {"pack": pack})
    assert answer.status_code in (400, 422)
    assert "pack" in answer.content.decode()
    assert not Order.objects.exists()


def test_it_says_that_payment_is_not_set_up(ada: Person, settings: object) -> None:
    settings.STRIPE_SECRET_KEY = ""  # type: ignore[attr-defined]
    answer = ada.api.post("/checkouts", {"pack": "small"})
    assert answer.status_code == 503
    assert not Order.objects.exists()


def test_it_refuses_fields_of_a_checkout_that_it_does_not_know(ada: Person) -> None:
    """A `success_url` that was silently dropped would send buyers where nobody meant."""
    body = {"pack": "small", "success_url": "https://elsewhere.example"}
    answer = ada.api.post("/checkouts", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "success_url"
