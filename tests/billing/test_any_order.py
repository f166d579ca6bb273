"""Any interleaving of money moves, against a model of twenty lines: the ledger stays proven."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Plan, Workspace
from billing import credits, ledger
from billing.errors import BillingError
from billing.models import Hold

AMOUNTS = st.integers(min_value=0, max_value=12).map(lambda n: n * 250_000)


class Money(RuleBasedStateMachine):
    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.balance = 0
        self.open: dict[int, int] = {}
        self.charged: dict[int, int] = {}
        self.moves = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @property
    def available(self) -> int:
        return self.balance - sum(self.open.values())

    def key(self) -> str:
        self.moves += 1
        return f"move:{self.moves}"

    @initialize()
    def open_account(self) -> None:
        plan = Plan.objects.get(slug="unlimited")
        self.workspace = Workspace.objects.create(name="Any", plan=plan)

    @rule(amount=AMOUNTS.filter(bool))
    def grant(self, amount: int) -> None:
        key = self.key()
        for _ in range(2):
            credits.grant(workspace=self.workspace, amount=amount, key=key, kind="grant")
        self.balance += amount

    @rule(target=holds, amount=AMOUNTS)
    def hold(self, amount: int) -> Any:
        key = self.key()
        if amount > self.available:
            refused(lambda: credits.hold(workspace=self.workspace, amount=amount, key=key))
            return multiple()
        held = credits.hold(workspace=self.workspace, amount=amount, key=key)
        assert credits.hold(workspace=self.workspace, amount=amount, key=key) == held
        self.open[held.pk] = amount
        return held.pk

    @rule(hold=holds, amount=AMOUNTS)
    def settle(self, hold: int, amount: int) -> None:
        row = Hold.objects.get(pk=hold)
        captured = min(amount, row.amount)
        if hold in self.open:
            assert credits.settle(hold=row, amount=amount) == captured
            del self.open[hold]
            self.charged[hold] = captured
            self.balance -= captured
        else:
            was = self.charged.get(hold, 0)
            cost = min(captured, was + self.available)
            for _ in range(2):
                assert credits.settle(hold=row, amount=amount) == cost
            self.charged[hold] = cost
            self.balance += was - cost

    @rule(hold=holds)
    def release(self, hold: int) -> None:
        row = Hold.objects.get(pk=hold)
        if row.captured:
            refused(lambda: credits.release(hold=row, reason="canceled"))
            return
        credits.release(hold=row, reason="canceled")
        self.open.pop(hold, None)

    @rule(hold=holds, amount=AMOUNTS.filter(bool))
    def refund(self, hold: int, amount: int) -> None:
        row, key = Hold.objects.get(pk=hold), self.key()
        if amount > self.charged.get(hold, 0):
            refused(lambda: credits.refund(hold=row, amount=amount, key=key, reason="lost"))
            return
        for _ in range(2):
            credits.refund(hold=row, amount=amount, key=key, reason="lost")
        self.charged[hold] -= amount
        self.balance += amount

    @rule(amount=AMOUNTS.filter(bool), sign=st.sampled_from([1, -1]))
    def adjust(self, amount: int, sign: int) -> None:
        key, move = self.key(), amount * sign
        wanted = {"workspace": self.workspace, "amount": move, "key": key, "reason": "slip"}
        if -move > self.available:
            refused(lambda: credits.adjust(**wanted))
            return
        for _ in range(2):
            credits.adjust(**wanted)
        self.balance += move

    @rule(hold=consumes(holds))
    def forget(self, hold: int) -> None:
        """Holds that nobody comes back to stay as they are."""

    @invariant()
    def the_numbers_are_the_models(self) -> None:
        if not hasattr(self, "workspace"):
            return
        now = credits.balance(self.workspace)
        assert (now.balance, now.available) == (self.balance, self.available)

    @invariant()
    def the_ledger_is_proven(self) -> None:
        assert ledger.check().violations == []


def refused(call: Any) -> None:
    try:
        call()
    except BillingError:
        return
    raise AssertionError("this should have been refused")


def test_it_stays_proven_in_any_order(db: None) -> None:
    run_state_machine_as_test(
        Money,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
