"""Any movements in any order: after each, the account is what a small model says, and proven."""

from __future__ import annotations

import datetime
from contextlib import suppress
from typing import Any, ClassVar

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Plan, Workspace
from billing import credits, ledger_rules
from billing.models import CreditAccount, Entry, Hold
from tests.billing.ledger_model import Model

DAY = datetime.timedelta(days=1)
# Hypothesis ends some examples early. SQLite is the quicker; what differs between the databases are
# the triggers, and a tenth of the steps goes through all of them.
EXAMPLES = {"sqlite": 230, "postgresql": 15}
AT_LEAST = {"sqlite": 10_000, "postgresql": 500}
STEPS = 50

# Every rule of the ledger in one statement, since it is asked after each step.
RULES = ledger_rules.ACCOUNTS | ledger_rules.ENTRIES | ledger_rules.LOTS | ledger_rules.HOLDS
PROOF = " UNION ALL ".join(
    f"SELECT '{name}', id FROM ({query}) AS broken_{number}"
    for number, (name, query) in enumerate(RULES.items())
)

amounts = st.integers(1, 12)
lives = st.sampled_from([None, None, 1, 2, 5])
picks = st.integers(0, 1000)


class AnyMovement(RuleBasedStateMachine):
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        # Each example in a transaction that is rolled back: the sum of entries starts anew.
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        plan = Plan.objects.get(slug="unlimited")
        self.workspace = Workspace.objects.create(name="Any", plan=plan)
        self.start = timezone.now()
        self.clock = time_machine.travel(self.start, tick=False)
        self.clock.start()
        self.model = Model()
        self.number = 0
        self.grants: dict[str, int] = {}
        self.again: list[Any] = []
        credits.account_of(self.workspace)

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    def do(self, call: Any) -> Any:
        """Run a movement; it stands in for every later repetition of its request."""
        self.model.expire()
        with transaction.atomic():
            result = call()
        self.again.append(call)
        return result

    def refuse(self, expected: type[Exception], call: Any) -> None:
        """A movement that is refused leaves nothing behind."""
        before = Entry.objects.count(), Hold.objects.count()
        with pytest.raises(expected), transaction.atomic():
            call()
        assert (Entry.objects.count(), Hold.objects.count()) == before
        self.model.expire()
        credits.expire()

    def key(self, kind: str) -> str:
        self.number += 1
        return f"{kind}:{self.number}"

    @rule(amount=amounts, kind=st.sampled_from(["grant", "subscription"]), days=lives)
    def grant(self, amount: int, kind: str, days: int | None) -> None:
        key = self.key("grant")
        expires_at = None if days is None else timezone.now() + days * DAY
        self.do(
            lambda: credits.grant(
                workspace=self.workspace, amount=amount, key=key, kind=kind, expires_at=expires_at
            )
        )
        self.grants[key] = amount
        self.model.add(amount, bought=kind != "grant", days=days, key=key)

    @rule(amount=st.integers(0, 15))
    def hold_much(self, amount: int) -> None:
        self.hold(amount)

    @rule(amount=st.integers(0, 3))
    def hold(self, amount: int) -> None:
        key, model = self.key("job"), self.model
        model.expire()
        call = lambda: credits.hold(workspace=self.workspace, amount=amount, key=key)  # noqa: E731
        if model.frozen or model.debt or model.available < amount:
            expected = credits.AccountFrozen if model.frozen else credits.InsufficientCredits
            self.refuse(expected, call)
            return
        self.do(call)
        model.held[key] = amount

    @precondition(lambda self: self.model.held)
    @rule(pick=picks, amount=st.integers(0, 18))
    def settle(self, pick: int, amount: int) -> None:
        key, held = self._an_open_hold(pick)
        hold = Hold.objects.get(reference=key)
        self.model.expire()  # what an earlier hold has kept from it until now
        with transaction.atomic():
            taken = credits.settle(hold=hold, amount=amount)
            assert credits.settle(hold=hold, amount=amount) == taken
        assert taken == min(amount, held)
        self._close(key, taken)
        self.model.expire()  # the second look has taken what the first one freed

    @precondition(lambda self: self.model.held)
    @rule(pick=picks)
    def release(self, pick: int) -> None:
        key, _ = self._an_open_hold(pick)
        hold = Hold.objects.get(reference=key)
        self.do(lambda: credits.release(hold=hold, reason="failed"))
        self._close(key, 0)

    @precondition(lambda self: self.model.charged)
    @rule(pick=picks, amount=amounts)
    def refund(self, pick: int, amount: int) -> None:
        key = self._a_closed_hold(pick)
        hold, refund_key = Hold.objects.get(reference=key), self.key("refund")
        call = lambda: credits.refund(  # noqa: E731
            hold=hold, amount=amount, key=refund_key, reason="lost"
        )
        if amount > self.model.charged[key]:
            self.refuse(credits.RefundTooLarge, call)
            return
        self.do(call)
        self.model.charged[key] -= amount
        self.model.add(amount, bought=True)

    @precondition(lambda self: self.model.charged)
    @rule(pick=picks, amount=st.integers(0, 18))
    def settle_late(self, pick: int, amount: int) -> None:
        key = self._a_closed_hold(pick)
        hold = Hold.objects.get(reference=key)
        self.model.expire()
        with transaction.atomic():
            cost = credits.settle(hold=hold, amount=amount, reason="late")
        target, was = min(amount, hold.amount), self.model.charged[key]
        assert cost == (target if target <= was else was + min(target - was, self._free()))
        if cost > was:
            self.model.take(cost - was)
        elif cost < was:
            self.model.add(was - cost, bought=False)
        self.model.charged[key] = cost

    @rule(amount=st.integers(-12, 12).filter(bool))
    def adjust(self, amount: int) -> None:
        key = self.key("adjust")
        call = lambda: credits.adjust(  # noqa: E731
            workspace=self.workspace, amount=amount, key=key, reason="slip"
        )
        self.model.expire()
        if self.model.available < -amount:
            self.refuse(credits.InsufficientCredits, call)
            return
        self.do(call)
        if amount > 0:
            self.model.add(amount, bought=False)
        else:
            self.model.take(-amount)

    @precondition(lambda self: self.grants)
    @rule(pick=picks, part=st.integers(1, 12))
    def claw_back(self, pick: int, part: int) -> None:
        lot_key = sorted(self.grants)[pick % len(self.grants)]
        amount, key = min(part, self.grants[lot_key]), self.key("back")
        back = self.do(
            lambda: credits.claw_back(
                workspace=self.workspace, amount=amount, key=key, note="", lot_key=lot_key
            )
        )
        taken = min(amount, self._free())
        assert back == (taken, amount - taken)
        self.model.take(taken, first=lot_key)
        self.model.debt += amount - taken

    @rule(amount=amounts)
    def restore(self, amount: int) -> None:
        key = self.key("restore")
        self.do(
            lambda: credits.restore(workspace=self.workspace, amount=amount, key=key, note="won")
        )
        self.model.add(amount, bought=True)

    @precondition(lambda self: self.model.debt)
    @rule()
    def forgive(self) -> None:
        key = self.key("forgive")
        with transaction.atomic():
            entry = credits.forgive(workspace=self.workspace, key=key, note="")
        assert entry is not None
        self.model.expire()
        self.model.debt = 0

    @rule(frozen=st.sampled_from([True, False, False, False]))
    def freeze_or_not(self, frozen: bool) -> None:
        self.model.frozen = frozen
        if frozen:
            credits.freeze(workspace=self.workspace, reason="disputed")
        else:
            credits.unfreeze(workspace=self.workspace)

    @rule(days=st.integers(1, 3))
    def wait(self, days: int) -> None:
        self.model.day += days
        self.clock.stop()
        self.clock = time_machine.travel(self.start + self.model.day * DAY, tick=False)
        self.clock.start()
        credits.expire()
        self.model.expire()

    @precondition(lambda self: self.again)
    @rule(pick=picks)
    def repeat(self, pick: int) -> None:
        """Any earlier request once more changes nothing, however much has happened since."""
        before = Entry.objects.count(), Hold.objects.count()
        self.model.expire()
        credits.expire()
        expired = Entry.objects.count() - before[0]
        with suppress(credits.AlreadySettled), transaction.atomic():
            self.again[pick % len(self.again)]()
        assert (Entry.objects.count(), Hold.objects.count()) == (before[0] + expired, before[1])

    @invariant()
    def it_is_what_the_model_says(self) -> None:
        model = self.model
        with connection.cursor() as cursor:
            cursor.execute("SELECT balance, held, debt, frozen <> '' FROM billing_creditaccount")
            balance, held, debt, frozen = cursor.fetchone()
            cursor.execute("SELECT remaining FROM billing_lot ORDER BY id")
            lots = [row[0] for row in cursor.fetchall()]
        assert lots == [lot.remaining for lot in model.lots]
        assert (balance, held, debt) == (model.balance, sum(model.held.values()), model.debt)
        assert bool(frozen) == model.frozen

    @invariant()
    def it_is_proven(self) -> None:
        AnyMovement.steps += 1
        with connection.cursor() as cursor:
            cursor.execute(PROOF)
            assert cursor.fetchall() == []

    def _free(self) -> int:
        return self.model.available

    def _an_open_hold(self, pick: int) -> tuple[str, int]:
        key = sorted(self.model.held)[pick % len(self.model.held)]
        return key, self.model.held[key]

    def _a_closed_hold(self, pick: int) -> str:
        return sorted(self.model.charged)[pick % len(self.model.charged)]

    def _close(self, key: str, taken: int) -> None:
        del self.model.held[key]
        self.model.take(taken)
        self.model.charged[key] = taken
        self.model.repay()


@pytest.mark.timeout(600)
@pytest.mark.django_db
def test_any_movement_in_any_order() -> None:
    assert not CreditAccount.objects.exists()
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        AnyMovement,
        settings=settings(
            max_examples=EXAMPLES[connection.vendor],
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert AnyMovement.steps >= AT_LEAST[connection.vendor]
