"""Several people who decide about one job at once. The control shows what would happen else."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import transaction

from accounts.access import Actor
from accounts.models import Role, Workspace
from billing import ledger
from billing.amounts import to_micro
from generations import actions, approvals
from generations.errors import AlreadyDecided, NotCancellable
from generations.models import ApprovalRequest, Generation, ProviderAccount, State
from generations.states import move
from tests.billing.test_races import kinds, together
from tests.conftest import Person
from tests.generations.test_main_job import SOUND

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
EACH = 5


@pytest.fixture
def owner(ada: Person) -> Actor:
    return Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)


@pytest.fixture
def waiting(ada: Person, cloudsway: ProviderAccount) -> int:
    Workspace.objects.update(approval_above=0)
    ada.workspace.api_keys.update(scopes=["read", "write"])
    made = ada.api.post("/generations", SOUND).json()
    return Generation.objects.get(public_id=made["id"]).pk


def read(pk: int) -> Generation:
    return Generation.objects.select_related("workspace", "account", "hold").get(pk=pk)


def deciding(pk: int, owner: Actor) -> dict[str, Callable[[], object]]:
    return {
        "approve": lambda: approvals.approve(read(pk), by=owner),
        "reject": lambda: approvals.reject(read(pk), by=owner),
        "cancel": lambda: actions.cancel(read(pk), by=owner),
    }


def test_one_answer_counts(waiting: int, owner: Actor) -> None:
    ways = deciding(waiting, owner)
    results = together([ways["approve"], ways["reject"]] * EACH)
    assert kinds(results) == {"AlreadyDecided": 2 * EACH - 1, "NoneType": 1}
    job = read(waiting)
    assert (job.state, job.approval) in {
        (State.QUEUED, "approved"),
        (State.CANCELED, "rejected"),
    }
    assert job.transitions.count() == 2
    assert job.hold.state == ("open" if job.state == State.QUEUED else "released")
    assert ledger.check().violations == []


@pytest.mark.parametrize("answer", ["approve", "reject"])
def test_it_is_cancelled_or_decided(waiting: int, owner: Actor, answer: str) -> None:
    ways = deciding(waiting, owner)
    results = together([ways[answer], ways["cancel"]] * EACH)
    refused = [result for result in results if result is not None]
    assert {type(result) for result in refused} <= {AlreadyDecided, NotCancellable}
    job = read(waiting)
    # What was approved a moment ago is in the queue, and may be cancelled there.
    assert len(refused) >= 2 * EACH - 2
    assert (job.state, job.hold.state) == (State.CANCELED, "released")
    assert ledger.check().violations == []


def test_who_looks_before_deciding_says_both(waiting: int, owner: Actor) -> None:
    """The control: yes and no both see a job that waits, and neither asks the row again."""
    looked = threading.Barrier(2)

    def approve() -> str:
        job = read(waiting)
        looked.wait(timeout=20)
        Generation.objects.filter(pk=job.pk, state=State.QUEUED).update(approval="approved")
        ApprovalRequest.objects.filter(generation=job).update(decider="yes")
        return "said yes"

    def reject() -> str:
        job = read(waiting)
        looked.wait(timeout=20)
        with transaction.atomic():
            move(job, State.CANCELED, reason="no", approval="rejected")
        return "said no"

    results = together([approve, reject])
    assert "said no" in results
    assert "said yes" in results
    assert to_micro("0.25") == read(waiting).hold.amount
