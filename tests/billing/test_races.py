"""Many at once, with real threads and connections. Each race has a control that shows it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Workspace
from billing import credits, orders
from billing.amounts import to_micro
from billing.models import CreditAccount, Entry, Hold, Order
from tests.accounts.test_members_race import wait_until_blocked
from tests.billing.conftest import Shop
from tests.conftest import Person
from webhooks.outbox import announce

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]

ONE = to_micro(1)
THREADS = 12
FOR = 5


def together(calls: list[Callable[[], object]]) -> list[object]:
    """Start all calls at the same moment; what each returned or raised."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            start.wait(timeout=20)
            return call()
        except Exception as exc:  # noqa: BLE001  what was raised is the result
            return exc
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def funded(workspace: Workspace) -> Workspace:
    with transaction.atomic():
        credits.grant(workspace=workspace, amount=FOR * ONE, key="gift", kind="grant")
    return workspace


@pytest.fixture
def held(funded: Workspace) -> Hold:
    with transaction.atomic():
        return credits.hold(workspace=funded, amount=ONE, key="job")


def kinds(results: list[object]) -> dict[str, int]:
    names = [type(result).__name__ for result in results]
    return {name: names.count(name) for name in sorted(set(names))}


def test_it_holds_no_more_than_is_there(funded: Workspace) -> None:
    def take(number: int) -> Hold:
        with transaction.atomic():
            return credits.hold(workspace=funded, amount=ONE, key=f"job:{number}")

    results = together([lambda n=n: take(n) for n in range(THREADS)])  # type: ignore[misc]
    assert kinds(results) == {"Hold": FOR, "InsufficientCredits": THREADS - FOR}
    assert credits.balance(funded).available == 0


def test_without_the_lock_more_would_be_held(funded: Workspace) -> None:
    """The control: who looks first and takes afterwards is stopped by the constraint alone."""
    account = credits.account_of(funded)
    looked = threading.Barrier(THREADS)

    def look_then_take(number: int) -> Hold:
        assert credits.balance(funded).available >= ONE
        looked.wait(timeout=20)
        with transaction.atomic():
            return Hold.objects.create(account=account, reference=f"job:{number}", amount=ONE)

    results = together(
        [lambda n=n: look_then_take(n) for n in range(THREADS)]  # type: ignore[misc]
    )
    assert kinds(results) == {"Hold": FOR, "IntegrityError": THREADS - FOR}


def test_it_gives_one_hold_for_one_key(funded: Workspace) -> None:
    def take() -> Hold:
        with transaction.atomic():
            return credits.hold(workspace=funded, amount=ONE, key="job")

    results = together([take] * THREADS)
    assert kinds(results) == {"Hold": THREADS}
    assert Hold.objects.count() == 1


def test_it_grants_once_for_one_key(workspace: Workspace) -> None:
    def give() -> Entry:
        with transaction.atomic():
            return credits.grant(workspace=workspace, amount=ONE, key="gift", kind="grant")

    results = together([give] * THREADS)
    assert kinds(results) == {"Entry": THREADS}
    assert credits.balance(workspace).balance == ONE


def test_without_the_lock_one_key_would_collide(funded: Workspace) -> None:
    """The control: all see that the key is new, and all but one meet the unique constraint."""
    account = CreditAccount.objects.get(workspace=funded)
    looked = threading.Barrier(THREADS)

    def look_then_give() -> Entry:
        assert not Entry.objects.filter(key="bonus").exists()
        looked.wait(timeout=20)
        with transaction.atomic():
            return Entry.objects.create(
                account=account,
                seq=2,
                kind="grant",
                amount=ONE,
                balance_after=(FOR + 1) * ONE,
                key="bonus",
            )

    results = together([look_then_give] * THREADS)
    assert kinds(results) == {"Entry": 1, "IntegrityError": THREADS - 1}
    assert any(isinstance(result, IntegrityError) for result in results)


def test_it_closes_a_hold_one_way_only(held: Hold) -> None:
    def settle() -> int:
        with transaction.atomic():
            return credits.settle(hold=Hold.objects.get(pk=held.pk), amount=ONE)

    def release() -> None:
        with transaction.atomic():
            credits.release(hold=Hold.objects.get(pk=held.pk), reason="canceled")

    results = together([settle, release] * (THREADS // 2))
    held.refresh_from_db()
    released = "AlreadySettled" if held.state == "captured" else "NoneType"
    assert kinds(results) == {released: THREADS // 2, "int": THREADS // 2}
    # Charged once in any case: released first, by an adjustment.
    kind = "capture" if held.state == "captured" else "adjustment"
    (entry,) = held.entries.all()
    assert (entry.kind, entry.amount) == (kind, -ONE)


def test_it_refunds_no_more_than_was_charged(held: Hold) -> None:
    with transaction.atomic():
        credits.settle(hold=held, amount=ONE)

    def give_back(number: int) -> Entry:
        with transaction.atomic():
            return credits.refund(hold=held, amount=ONE, key=f"refund:{number}", reason="lost")

    results = together([lambda n=n: give_back(n) for n in range(THREADS)])  # type: ignore[misc]
    assert kinds(results) == {"Entry": 1, "RefundTooLarge": THREADS - 1}


def test_it_makes_one_account(workspace: Workspace) -> None:
    results = together([lambda: credits.account_of(workspace).pk] * THREADS)
    assert len(set(map(str, results))) == 1
    assert CreditAccount.objects.count() == 1


def test_it_credits_an_order_once(ada: Person, shop: Shop) -> None:
    ada.browser.post("/credits/buy/small/")
    order = Order.objects.get()
    shop.press(order.checkout_url, "pay")
    results = together([lambda: orders.sync_order(order).state] * THREADS)
    assert results == ["paid"] * THREADS
    assert Entry.objects.filter(kind="purchase").count() == 1


def test_a_purchase_and_a_job_that_ends_do_not_lock_each_other_out(ada: Person, shop: Shop) -> None:
    """A job that ends has the account, and writes a message that refers to the workspace."""
    ada.browser.post("/credits/buy/small/")
    order = Order.objects.get()
    shop.press(order.checkout_url, "pay")
    with transaction.atomic():
        hold = credits.hold(workspace=ada.workspace, amount=ONE, key="job")

    def buy() -> str:
        try:
            return orders.sync_order(order).state
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        with transaction.atomic():
            credits.release(hold=hold, reason="failed")
            purchase = pool.submit(buy)
            wait_until_blocked(purchase)
            announce(workspace=ada.workspace, type="generation.failed", data={}, url=shop.product)
        assert purchase.result(timeout=20) == "paid"
